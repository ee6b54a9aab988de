"""`:Mim`, `:checkhealth mim` and `:help mim` in a real Neovim."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.neovim import CODE, PLUGIN, SERVER, Editor, neovim

pytestmark = pytest.mark.e2e


def _floating_text(editor: Editor) -> list[str]:
    code = """
        for _, window in ipairs(vim.api.nvim_list_wins()) do
          if vim.api.nvim_win_get_config(window).relative ~= '' then
            return vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
          end
        end
        return {}"""
    return list(editor.lua(code))


def test_status_is_one_line(editor: Editor) -> None:
    editor.type("<Esc>:Mim status<CR>")
    editor.until_told("mim: scripted ready")


def test_status_before_the_model_is_there(tmp_path: Path) -> None:
    with neovim(tmp_path) as editor:
        editor.setup(cmd=[*SERVER, "--load-wait"])
        editor.edit(CODE, line=2)
        editor.until_attached()
        editor.type("<Esc>:Mim status<CR>")
        editor.until_told("mim: the model is loading")
        editor.nvim.command("checkhealth mim")
        assert "model: loading" in "\n".join(editor.lines)


def test_toggle_pauses_and_resumes(editor: Editor) -> None:
    editor.type("<Esc>:Mim toggle<CR>")
    editor.until_told("mim: paused")
    editor.nvim.command("messages clear")
    editor.type(":Mim toggle<CR>")
    editor.until_told("mim: suggesting again")
    editor.nvim.command("messages clear")
    editor.type(":Mim toggle here<CR>")
    editor.until_told("mim: paused in this file")
    editor.type(":Mim status<CR>")
    editor.until_told("mim: scripted paused")


def test_explain_opens_a_window(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("<Esc>A")
    editor.lua("require('mim.commands').run({ 'explain' })")
    editor.until(lambda: _floating_text(editor) != [])
    assert "   urn a + b" in _floating_text(editor)
    assert "1. confidence 50 %" in _floating_text(editor)


@pytest.mark.parametrize(
    ("keys", "expected"), [("<Esc>", "urn a + b"), ("<Esc>^", "pass")], ids=["right after typing", "elsewhere"]
)
def test_explain_in_normal_mode_is_about_where_text_would_be_typed(editor: Editor, keys: str, expected: str) -> None:
    editor.show("ret", "urn a + b")
    editor.type(f"{keys}:Mim explain<CR>")
    editor.until(lambda: _floating_text(editor) != [])
    assert f"   {expected}" in _floating_text(editor)


def test_an_explanation_shows_where_the_directions_met(editor: Editor) -> None:
    answer = {
        "candidates": [],
        "explanation": {
            "sentence": "They met.",
            "meeting_point": 1,
            "tokens": [{"text": "é", "forward": 0.5, "backward": 0.25}, {"text": "\n", "forward": None, "backward": 1}],
        },
    }
    lines = editor.lua("return require('mim.explain').lines(...)", answer)
    assert lines[0] == "They met."
    assert [line.split()[0] for line in lines[2:]] == ["forward", "50", "------", "-"]


def test_log_opens_the_servers_log(editor: Editor) -> None:
    editor.type("<Esc>:Mim log<CR>")
    editor.until(
        lambda: editor.nvim.current.buffer.name.endswith("server.log") or "nothing was logged" in editor.messages
    )


def test_log_opens_in_one_tab_and_leaves_the_source_where_it_is(editor: Editor) -> None:
    log = Path(os.environ["MIM_LSP_STATE"]) / "server.log"
    log.touch()
    editor.type("<Esc>")
    editor.nvim.command("tabonly")
    source = editor.nvim.current.buffer.name
    for _ in range(2):
        _run_until_answered(editor, "log")
        assert editor.nvim.current.buffer.name == str(log)
        assert [tab.window.buffer.name for tab in editor.nvim.tabpages] == [source, str(log)]
        editor.nvim.command("1tabnext")
    editor.nvim.command("tabonly")


def _run_until_answered(editor: Editor, subcommand: str) -> None:
    """Run a subcommand that asks the server, until all is done that its answer leads to."""
    code = """
        local client, subcommand = require('mim.client'), ...
        local ask = client.ask
        answered = false
        client.ask = function(method, params, on_answer)
          client.ask = ask
          ask(method, params, function(answer)
            on_answer(answer)
            answered = true
          end)
        end
        require('mim.commands').run({ subcommand })"""
    editor.lua(code, subcommand)
    editor.until(lambda: editor.lua("return answered"))


def test_wrong_subcommands_are_told(editor: Editor) -> None:
    editor.nvim.command("messages clear")
    for words in (["stauts"], ["toggle", "there"], ["log", "x"]):
        editor.lua("require('mim.commands').run(...)", words)
        assert f"mim: ':Mim {' '.join(words)}' is none of explain, log, restart, status, toggle" in editor.messages


def test_subcommands_and_their_arguments_are_completed(editor: Editor) -> None:
    def completed(line: str) -> list[str]:
        return list(editor.nvim.funcs.getcompletion(line, "cmdline"))

    assert completed("Mim ") == ["explain", "log", "restart", "status", "toggle"]
    assert completed("Mim st") == ["status"]
    assert completed("Mim toggle ") == ["everywhere", "here"]
    assert completed("Mim toggle h") == ["here"]
    assert completed("Mim status ") == []


def test_health_of_a_server_that_runs(editor: Editor) -> None:
    editor.type("<Esc>")
    editor.nvim.command("checkhealth mim")
    report = "\n".join(editor.lines)
    assert "model scripted: ready" in report
    assert "ERROR" not in report
    assert "WARNING" not in report
    editor.nvim.command("bwipeout!")


def test_health_without_a_server_says_what_to_do(tmp_path: Path, version: str) -> None:
    with neovim(tmp_path, version) as editor:
        editor.setup(cmd=["no-such-server"])
        editor.edit(CODE, line=2)
        editor.type("<Esc>")
        editor.nvim.command("checkhealth mim")
        report = "\n".join(editor.lines)
        assert "'no-such-server' was not found" in report
        assert "pip install mim-lsp" in report


def test_the_help_has_a_tag_for_every_option_and_command(tmp_path: Path) -> None:
    text = (PLUGIN / "doc" / "mim.txt").read_text(encoding="utf-8")
    with neovim(tmp_path) as editor:
        options = editor.lua("return vim.tbl_keys(require('mim.config').defaults)")
        commands = editor.nvim.funcs.getcompletion("Mim ", "cmdline")
        (tmp_path / "doc").mkdir()
        (tmp_path / "doc" / "mim.txt").write_text(text, encoding="utf-8")
        editor.nvim.command(f"helptags {tmp_path / 'doc'}")
    tags = {line.split("\t")[0] for line in (tmp_path / "doc" / "tags").read_text(encoding="utf-8").splitlines()}
    missing = {f"mim-{name}" for name in options} | {f":Mim-{name}" for name in commands} | {"mim", ":Mim"}
    assert missing <= tags
