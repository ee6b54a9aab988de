"""The Neovim plugin with the scripted server: what a person sees, types and gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.neovim import CODE, PLUGIN, SERVER, Editor, neovim

pytestmark = pytest.mark.e2e


def test_typing_shows_ghost_text_that_is_not_in_the_buffer(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    assert editor.lines[1] == "    ret"
    assert editor.screen[1] == "    return a + b"


def test_accepting_inserts_it_and_moves_the_cursor(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("<Tab>")
    assert editor.lines == ["def f(a, b):", "    return a + b", "", "print(f(1, 2))"]
    assert editor.cursor == (2, 16)
    assert editor.ghost == ""


def test_typing_along_keeps_the_rest_without_asking_again(editor: Editor) -> None:
    editor.show("r", "eturn a + b")
    calls = editor.ask_server("script/report")["calls"]
    for typed, rest in (("e", "turn a + b"), ("turn", " a + b"), (" a", " + b")):
        editor.type(typed)
        assert editor.ghost == rest
        assert editor.screen[1] == "    return a + b"
    assert editor.ask_server("script/report")["calls"] == calls


def test_typing_something_else_clears_it_at_once(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("x")
    assert editor.ghost == ""
    editor.until_ghost("pass")


def test_deleting_clears_it_at_once(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("<BS>")
    assert editor.ghost == ""
    editor.until_ghost("turn a + b")


def test_dismissing_hides_it_until_the_next_keystroke(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("<C-]>")
    assert editor.ghost == ""
    assert editor.lines[1] == "    ret"
    editor.show("u", "rn a + b")


def test_leaving_insert_mode_clears_it(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("<Esc>")
    assert editor.ghost == ""


def test_leaving_insert_mode_with_ctrl_c_clears_it(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("<C-c>")
    editor.until(lambda: editor.nvim.funcs.mode() == "n")
    assert editor.ghost == ""


def test_several_lines_are_shown_below_and_accepted_whole(editor: Editor) -> None:
    editor.show("for", " value in values:\n        print(value)\n        yield value")
    assert editor.screen[1:5] == ["    for value in values:", "        print(value)", "        yield value", ""]
    editor.type("<Tab>")
    assert editor.lines[1:4] == ["    for value in values:", "        print(value)", "        yield value"]
    assert editor.cursor == (4, 19)


def test_typing_along_goes_on_over_a_line_break(editor: Editor) -> None:
    editor.show("for value in values", ":\n        print(value)\n        yield value")
    editor.type(":<CR>")
    assert editor.lines[2] == "        "
    assert editor.ghost == "print(value)\n        yield value"


def test_words_and_lines_can_be_accepted_one_by_one(editor: Editor) -> None:
    editor.show("for", " value in values:\n        print(value)\n        yield value")
    assert editor.lua("return require('mim').accept_word()")
    assert editor.lines[1] == "    for value"
    assert editor.lua("return require('mim').accept_line()")
    assert editor.lines[1] == "    for value in values:"
    assert editor.ghost == "\n        print(value)\n        yield value"
    assert editor.lua("return require('mim').accept_line()")
    assert editor.lines[1:3] == ["    for value in values:", "        print(value)"]
    assert editor.ghost == "\n        yield value"


def test_nothing_is_accepted_when_nothing_is_shown(editor: Editor) -> None:
    for function in ("accept", "accept_word", "accept_line", "dismiss"):
        assert editor.lua(f"return require('mim').{function}()") is False
    assert editor.lines[1] == "    "


def test_tab_indents_when_nothing_is_shown(editor: Editor) -> None:
    editor.type("nothing<Tab>x")
    editor.until(lambda: editor.lines[1] == "    nothing x")


def test_tab_does_what_the_users_own_mapping_did_when_nothing_is_shown(running: Editor) -> None:
    mappings = {
        "inoremap <Tab> plain": "plain",
        "inoremap <expr> <Tab> 'ex' . 'pr'": "expr",
        "lua vim.keymap.set('i', '<Tab>', function() vim.api.nvim_put({'call'}, 'c', false, true) end)": "call",
        "lua vim.keymap.set('i', '<Tab>', function() return 'a<Left>' end, { expr = true })": "a",
    }
    for command, expected in mappings.items():
        running.nvim.command(command)
        running.edit("\n", line=1)
        running.type("nothing<Tab>")
        running.until(lambda expected=expected: running.lines[0] == "nothing" + expected)
    running.nvim.command("iunmap <Tab>")


def test_tab_does_what_a_mapping_says_that_was_made_after_ours(running: Editor) -> None:
    mappings = {
        "inoremap <Tab> plain": "plain",
        'inoremap <expr> <Tab> 1 < 2 ? "less…\\<Left>" : "more"': "less…",
        "imap <expr> <Tab> 0 ? '<Plug>(jump)' : '<Tab>x'": " x",
        "lua vim.keymap.set('i', '<Tab>', function() return '<Tab>…' end, { expr = true, remap = true })": " …",
        "lua vim.keymap.set('i', '<Tab>', function() vim.api.nvim_put({'call'}, 'c', false, true) end)": "call",
    }
    for command, expected in mappings.items():
        running.edit("\n", line=1)
        running.until_attached()
        running.nvim.command(command)
        running.type("nothing<Tab>")
        running.until(lambda expected=expected: running.lines[0] == "nothing" + expected)
        running.nvim.command("iunmap <Tab>")


def test_tab_does_not_do_what_a_mapping_said_that_is_gone(running: Editor) -> None:
    running.nvim.command("inoremap <Tab> gone")
    running.edit("\n", line=1)
    running.until_attached()
    running.nvim.command("iunmap <Tab>")
    running.type("nothing<Tab>x")
    running.until(lambda: running.lines[0] == "nothing x")


def test_superseded_requests_are_cancelled(editor: Editor) -> None:
    before = editor.ask_server("script/report")["cancelled"]
    editor.type("wait")
    editor.until(lambda: editor.ask_server("mim/status")["activeDecodes"] == 1)
    editor.type("<BS><BS><BS><BS>ret")
    editor.until_ghost("urn a + b")
    assert editor.ask_server("script/report")["cancelled"] == before + 1


def test_text_beyond_ascii_is_placed_and_shown_rightly(running: Editor) -> None:
    running.edit("s = 'π😀'\n", line=1)
    running.until_attached()
    running.type("<CR>tot")
    running.until_ghost("al = sum(values)  # π😀")
    running.type("<Tab>")
    assert running.lines == ["s = 'π😀'", "total = sum(values)  # π😀"]
    running.type("<Esc>ggA; where")
    running.until_ghost("15:ere")


def test_files_with_crlf_get_clean_lines(running: Editor) -> None:
    running.edit(CODE, line=2, newline="\r\n")
    running.until_attached()
    running.type("for")
    running.until(lambda: running.ghost != "")
    running.type("<Tab>")
    assert running.lines[1:3] == ["    for value in values:", "        print(value)"]


def test_asking_explicitly_shows_a_suggestion_without_typing(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("<C-]>")
    assert editor.ghost == ""
    editor.lua("require('mim').trigger()")
    editor.until_ghost("urn a + b")
    assert editor.ask_server("script/report")["options"]["candidates"] == 3


def test_other_files_are_left_alone(running: Editor) -> None:
    running.edit("x\n", line=1, name="notes{}.txt")
    running.type("ret")
    assert running.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 0
    assert running.nvim.funcs.maparg("<Tab>", "i", False, True).get("desc", "") != "mim: accept"


def test_the_servers_settings_are_passed_on(tmp_path: Path) -> None:
    with neovim(tmp_path) as editor:
        editor.setup(cmd=SERVER, settings={"maxTokens": 17}, accept_key=False, accept_word_key="<C-l>")
        editor.edit(CODE, line=2)
        editor.until_attached()
        editor.show("ret", "urn a + b")
        assert editor.ask_server("script/report")["options"]["max_tokens"] == 17
        editor.type("<C-l>")
        assert (editor.lines[1], editor.ghost) == ("    return", " a + b")


def test_a_missing_server_is_told_once_and_wrong_options_at_once(tmp_path: Path) -> None:
    with neovim(tmp_path) as editor:
        editor.setup(cmd=["no-such-server"])
        editor.edit(CODE, line=2)
        editor.edit(CODE, line=2)
        editor.type("ret<Tab>")
        assert editor.messages.count("'no-such-server' not found: install mim-lsp") == 1
        for options in ({"accpt_key": "<Tab>"}, {"debounce_ms": "fast"}, {"accept_key": True}):
            told = editor.lua("return select(2, pcall(require('mim').setup, ...))", options)
            assert told.startswith("mim: ")
            assert told.endswith("see :help mim-options")


def test_an_older_neovim_is_told_in_a_sentence(tmp_path: Path) -> None:
    with neovim(tmp_path, plugin=False) as editor:
        code = "vim.fn.has = function() return 0 end; pcall(vim.cmd.source, ...)"  # an error message counts as one
        editor.lua(code, str(PLUGIN / "plugin" / "mim.lua"))
        editor.until_told("mim: Neovim 0.10 or newer is needed")
        assert editor.nvim.funcs.exists(":Mim") == 0
