"""How the Neovim plugin starts the server, lives beside Neovim's own client, and gets over the server's death."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.neovim import CODE, PLUGIN, SERVER, Editor, neovim

pytestmark = pytest.mark.e2e
PIDS = """
    return vim.tbl_map(function(child)
      return vim.fn.filereadable('/proc/' .. child .. '/cmdline') == 1 and child or 0
    end, vim.api.nvim_get_proc_children(vim.fn.getpid()))"""
REQUESTS = """
    return #vim.tbl_filter(function(client) return client.name == 'mim' end, vim.lsp.get_clients())"""


DEAFENABLE = [
    sys.executable,
    "-c",
    f"""
import sys, time
sys.path.insert(0, {str(Path(SERVER[1]).parent)!r})
import scripted_server
create_server = scripted_server.create_server

def create_deafenable(*arguments):
    server = create_server(*arguments)
    server.feature("script/deafen")(lambda params: time.sleep(600))
    return server

scripted_server.create_server = create_deafenable
sys.exit(scripted_server.main())
""",
    "--stdio",
]
"""The scripted server, which answers nothing more after `script/deafen`."""


def _recorded(path: Path) -> list[str]:
    """How to start the scripted server so that a file has all that is sent to it."""
    return ["sh", "-c", f"tee {shlex.quote(str(path))} | {shlex.join(SERVER)}"]


def _sent(path: Path, method: str) -> list[Any]:
    """The parameters of a method's messages in such a file."""
    rest, found = path.read_bytes(), []
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        length = int(head.removeprefix(b"Content-Length: "))
        message, rest = json.loads(rest[:length]), rest[length:]
        if message.get("method") == method:
            found.append(message["params"])
    return found


def _pid(editor: Editor) -> int:
    """The process of the only server."""
    pids = [pid for pid in editor.lua(PIDS) if "scripted_server" in Path(f"/proc/{pid}/cmdline").read_text()]
    assert len(pids) == 1
    return int(pids[0])


def _restart(editor: Editor) -> None:
    """Another process takes the server's place, and suggests."""
    first = _pid(editor)
    editor.type("<Esc>:Mim restart<CR>")
    editor.until(lambda: not Path(f"/proc/{first}").exists())
    editor.until_attached()
    assert _pid(editor) != first
    editor.type("A")
    editor.show("ret", "urn a + b")


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
        _restart(editor)


def test_restart_ends_a_server_that_does_not_answer(tmp_path: Path, version: str) -> None:
    with neovim(tmp_path, version) as editor:
        editor.setup(cmd=DEAFENABLE)
        editor.edit(CODE, line=2)
        editor.until_attached()
        editor.lua("require('mim.client').notify('script/deafen', vim.empty_dict())")
        _restart(editor)


def test_restart_ends_a_server_that_has_never_answered(tmp_path: Path, version: str) -> None:
    with neovim(tmp_path, version) as editor:
        starts = tmp_path / "starts"
        editor.setup(cmd=["sh", "-c", f"echo $$ >>{starts}; exec sleep 60"])
        editor.edit(CODE, line=2)
        editor.until(lambda: starts.exists() and starts.read_text().count("\n") == 1)
        first = int(starts.read_text())
        editor.type("<Esc>:Mim restart<CR>")
        editor.until(lambda: starts.read_text().count("\n") == 2)
        assert not Path(f"/proc/{first}").exists()


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


def _open_two_projects(editor: Editor, folder: Path) -> None:
    """Edit files of `a`, of `b`, and of both again; ends when the server has been told everything."""
    for name in ("a", "b", "a", "b"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "pyproject.toml").touch()
        editor.edit(CODE, line=2, name=f"{name}/m{{}}.py")
        editor.until_attached()
    editor.show("ret", "urn a + b")


def test_each_further_project_joins_the_workspace_once(tmp_path: Path, version: str) -> None:
    with neovim(tmp_path, version) as editor:
        editor.setup(cmd=_recorded(tmp_path / "sent"))
        _open_two_projects(editor, tmp_path)
        [initialize] = _sent(tmp_path / "sent", "initialize")
        first, second = ({"uri": (tmp_path / name).as_uri(), "name": str(tmp_path / name)} for name in ("a", "b"))
        assert initialize["workspaceFolders"] == [first]
        changes = _sent(tmp_path / "sent", "workspace/didChangeWorkspaceFolders")
        assert changes == [{"event": {"added": [second], "removed": []}}]
        assert editor.lua("return vim.lsp.get_clients({ name = 'mim' })[1].workspace_folders") == [first, second]


@pytest.mark.parametrize("own", ["root_markers = { 'pyproject.toml' }", "root_dir = function(buf, tell) tell(...) end"])
def test_projects_are_what_neovims_own_configuration_says(tmp_path: Path, own: str) -> None:
    with neovim(tmp_path, "0.11") as editor:
        own = own.replace("...", "vim.fs.dirname(vim.api.nvim_buf_get_name(buf))")
        start = f"vim.lsp.config('mim', {{ cmd = ..., {own} }}); vim.lsp.enable('mim')"
        editor.lua(start, _recorded(tmp_path / "sent"))
        _open_two_projects(editor, tmp_path)
        changes = _sent(tmp_path / "sent", "workspace/didChangeWorkspaceFolders")
        assert [change["event"]["added"][0]["name"] for change in changes] == [str(tmp_path / "b")]


def test_setup_again_reaches_the_server_and_the_buffers_that_are_there(tmp_path: Path, version: str) -> None:
    def most_tokens() -> object:
        """The setting that a completion had last; each look is at a new text, for which nothing is remembered."""
        editor.type("x")
        editor.lua("require('mim').trigger()")
        return editor.ask_server("script/report")["options"]["max_tokens"]

    with neovim(tmp_path, version) as editor:
        editor.nvim.command("autocmd FileType python inoremap <buffer> <Tab> own")
        editor.setup(cmd=SERVER, settings={"maxTokens": 11})
        editor.edit(CODE, line=2)
        editor.until_attached()
        editor.show("ret", "urn a + b")
        assert editor.ask_server("script/report")["options"]["max_tokens"] == 11
        editor.setup(cmd=SERVER, settings={"maxTokens": 17}, accept_key="<C-l>")
        editor.type("<C-l>")
        assert editor.lines[1] == "    return a + b"
        editor.type("<Tab>")
        editor.until(lambda: editor.lines[1] == "    return a + bown")
        editor.until(lambda: most_tokens() == 17)
        editor.setup(cmd=SERVER)
        editor.until(lambda: most_tokens() not in (11, 17))


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
