"""The server's code actions, applied by Neovim's own light bulb, `vim.lsp.buf.code_action()`."""

from __future__ import annotations

import pytest

from tests.e2e.neovim import Editor

pytestmark = pytest.mark.e2e
LACKING = """\
import socket


def fetch(url):
    print("π😀", timeout)
    return socket.create_connection(url, timeout)


def again(url, timeout):
    fetch(url)
"""
APPLY = """
    vim.ui.select = function(choices, options, on_choice)
      on_choice(choices[1], 1)
    end
    local title = ...
    vim.lsp.buf.code_action({ filter = function(action) return action.title == title end })"""
TITLES = """
    local params = vim.lsp.util.make_range_params(0, 'utf-8')
    params.context = { diagnostics = {} }
    local titles = {}
    for _, answer in pairs(vim.lsp.buf_request_sync(0, 'textDocument/codeAction', params, 10000) or {}) do
      for _, action in ipairs(answer.result or {}) do
        table.insert(titles, action.title)
      end
    end
    return titles"""


def test_a_selection_is_rewritten(editor: Editor) -> None:
    editor.edit("def f(a, b):\n    x = 1\n\nprint(f(1, 2))\n", line=2)
    editor.until_attached()
    editor.type("<Esc>0wv$h")
    editor.lua(APPLY, "Rewrite selection (fill between)")
    editor.until(lambda: editor.lines[1] != "    x = 1")
    assert editor.lines[1] == "    pass"


@pytest.mark.parametrize(
    ("action", "call"), [("", "    fetch(url)"), (" to signature and calls", "    fetch(url, timeout=timeout)")]
)
def test_a_missing_parameter_is_added_and_the_file_compiles(running: Editor, action: str, call: str) -> None:
    running.edit(LACKING, line=5)
    running.until_attached()
    running.type("<Esc>")
    running.nvim.funcs.search("timeout")
    title = "Add parameter 'timeout: float = 10'" + action
    running.until(lambda: title in running.lua(TITLES))
    running.lua(APPLY, title)
    running.until(lambda: running.lines[3] != "def fetch(url):")
    assert running.lines[3] == "def fetch(url, timeout: float = 10):"
    assert running.lines[9] == call
    compile("\n".join(running.lines), "applied.py", "exec")
    running.nvim.command("undo")
    assert "\n".join(running.lines) + "\n" == LACKING
