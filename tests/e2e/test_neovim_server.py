"""How the Neovim plugin starts the server, lives beside Neovim's own client, and gets over the server's death."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.neovim import CODE, PLUGIN, SERVER, Editor, neovim

pytestmark = pytest.mark.e2e
PIDS = """
    return vim.tbl_map(function(child)
      return vim.fn.filereadable('/proc/' .. child .. '/cmdline') == 1 and child or 0
    end, vim.api.nvim_get_proc_children(vim.fn.getpid()))"""
REQUESTS = """
    return #vim.tbl_filter(function(client) return client.name == 'mim' end, vim.lsp.get_clients())"""


def _pid(editor: Editor) -> int:
    """The process of the only server."""
    pids = [pid for pid in editor.lua(PIDS) if "scripted_server" in Path(f"/proc/{pid}/cmdline").read_text()]
    assert len(pids) == 1
    return int(pids[0])


def test_a_killed_server_comes_back_and_suggests_in_all_buffers(tmp_path: Path, version: str) -> None:
    with neovim(tmp_path, version) as editor:
        editor.setup(cmd=SERVER)
        editor.edit(CODE, line=2)
        editor.until_attached()
        for _ in range(2):
            first = _pid(editor)
            os.kill(first, signal.SIGKILL)
            editor.until(lambda: editor.lua("return require('mim.client').get(0) == nil"))
            editor.type("<Esc>A")
            editor.until_attached()
            assert _pid(editor) != first
        editor.show("ret", "urn a + b")
        editor.type("<Tab>")
        assert editor.lines[1] == "    return a + b"


def test_a_server_that_always_ends_is_given_up_with_a_sentence(tmp_path: Path, version: str) -> None:
    with neovim(tmp_path, version) as editor:
        starts = tmp_path / "starts"
        editor.lua("vim.defer_fn = function(action) vim.schedule(action) end")
        # Neovim tells of each death itself: so many messages at once would wait for Enter.
        editor.lua("told = ''; vim.notify = function(text) told = told .. text end")
        editor.setup(cmd=["sh", "-c", f"echo x >>{starts}; exit 3"])
        editor.edit(CODE, line=2)
        editor.until(lambda: "mim: the server keeps ending" in editor.lua("return told"))
        assert starts.read_text().count("x") == 9


def test_restart_replaces_the_process(tmp_path: Path, version: str) -> None:
    with neovim(tmp_path, version) as editor:
        editor.setup(cmd=SERVER)
        editor.edit(CODE, line=2)
        editor.until_attached()
        first = _pid(editor)
        editor.type("<Esc>:Mim restart<CR>")
        editor.until(lambda: not Path(f"/proc/{first}").exists())
        editor.until_attached()
        assert _pid(editor) != first
        editor.type("A")
        editor.show("ret", "urn a + b")


def test_a_server_that_was_told_to_stop_stays_stopped(tmp_path: Path, version: str) -> None:
    with neovim(tmp_path, version) as editor:
        editor.setup(cmd=SERVER)
        editor.edit(CODE, line=2)
        editor.until_attached()
        first = _pid(editor)
        editor.lua("vim.lsp.stop_client(vim.lsp.get_clients())")
        editor.until(lambda: not Path(f"/proc/{first}").exists())
        editor.lua("vim.wait(1000)")
        assert editor.lua(REQUESTS) == 0


@pytest.mark.parametrize("native", ["0.11", "0.12"])
def test_neovims_own_way_to_start_servers(tmp_path: Path, native: str) -> None:
    with neovim(tmp_path, native) as editor:
        editor.lua("vim.lsp.config('mim', { cmd = ... }); vim.lsp.enable('mim')", SERVER)
        editor.edit(CODE, line=2)
        editor.until_attached()
        editor.show("ret", "urn a + b")
        os.kill(_pid(editor), signal.SIGKILL)
        editor.until(lambda: editor.lua("return require('mim.client').get(0) == nil"))
        editor.until_attached()
        editor.show("u", "rn a + b")
        editor.type("<Tab>")
        assert editor.lines[1] == "    return a + b"


def test_one_server_for_files_of_different_projects(tmp_path: Path, version: str) -> None:
    with neovim(tmp_path, version) as editor:
        editor.setup(cmd=SERVER)
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "pyproject.toml").touch()
            editor.edit(CODE, line=2, name=f"{name}/m{{}}.py")
            editor.until_attached()
        assert editor.lua(REQUESTS) == 1


def test_neovims_own_ghost_text_does_not_double_ours(tmp_path: Path) -> None:
    with neovim(tmp_path, "0.12") as editor:
        editor.lua("vim.lsp.inline_completion.enable(true)")
        editor.setup(cmd=SERVER)
        editor.edit(CODE, line=2)
        editor.until_attached()
        editor.show("ret", "urn a + b")
        editor.lua("vim.wait(600)")
        assert editor.screen[1] == "    return a + b"


def test_nothing_of_the_users_is_changed(tmp_path: Path, version: str) -> None:
    look = """
        local keys = vim.tbl_filter(function(map) return not map.lhs:find('Plug') end, vim.api.nvim_get_keymap('i'))
        local options = { vim.o.completeopt, vim.o.updatetime, vim.o.conceallevel, vim.o.undolevels, vim.o.shortmess }
        return { vim.fn.sort(vim.tbl_map(function(map) return map.lhs end, keys)), options }"""
    with neovim(tmp_path, version) as editor:
        before = editor.lua(look)
        editor.setup(cmd=SERVER)
        editor.edit(CODE, line=2)
        editor.until_attached()
        editor.show("ret", "urn a + b")
        editor.type("<Tab>")
        assert editor.lua(look) == before


def test_neovims_own_ghost_text_as_the_page_sets_it_up(tmp_path: Path) -> None:
    page = (PLUGIN.parents[1] / "docs" / "editors" / "neovim.md").read_text(encoding="utf-8")
    code = page.partition("## Without the plugin")[2].partition("```lua\n")[2].partition("```")[0]
    with neovim(tmp_path, "0.12", plugin=False) as editor:
        editor.lua(code.replace("{ 'mim-lsp', '--stdio' }", "{ '" + "', '".join(SERVER) + "' }"))
        editor.edit(CODE, line=2)
        editor.until(lambda: editor.lua("return #vim.lsp.get_clients({ bufnr = 0 }) == 1"))
        editor.type("re")
        editor.until(lambda: editor.screen[1] == "    return a + b")
        editor.type("t<Tab>")
        editor.until(lambda: editor.lines[1] == "    return a + b")
