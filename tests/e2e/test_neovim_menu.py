"""The Neovim plugin beside a completion menu: Neovim's own, and stand-ins for nvim-cmp and blink.cmp."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.neovim import Editor

pytestmark = pytest.mark.e2e
CMP = """
    local told = {}
    menu = false
    package.loaded['cmp'] = {
      visible = function() error('the real one waits a second when it is asked by one of its events') end,
      get_config = function() return { experimental = { ghost_text = true } } end,
      event = { on = function(_, name, callback) told[name] = callback end },
    }
    function set_menu(open)
      menu = open
      told[open and 'menu_opened' or 'menu_closed']()
    end"""
BLINK = """
    menu = false
    package.loaded['blink.cmp'] = { is_menu_visible = function() return menu end }
    package.loaded['blink.cmp.config'] = { completion = { ghost_text = { enabled = function() return true end } } }
    function set_menu(open)
      menu = open
      vim.api.nvim_exec_autocmds('User', { pattern = open and 'BlinkCmpMenuOpen' or 'BlinkCmpMenuClose' })
    end"""


@pytest.fixture
def beside(editor: Editor) -> Iterator[Editor]:
    """An editor from which the stand-ins are taken out afterwards."""
    yield editor
    for name in ("cmp", "blink.cmp", "blink.cmp.config"):
        editor.lua("package.loaded[...] = nil", name)


def test_neovims_own_menu_hides_the_suggestion(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.lua("vim.fn.complete(5, { 'retry', 'retire' })")
    editor.until(lambda: editor.nvim.funcs.pumvisible() and editor.ghost == "")
    editor.type("<C-e>")
    editor.until_ghost("urn a + b")


@pytest.mark.parametrize("plugin", [CMP, BLINK], ids=["nvim-cmp", "blink.cmp"])
def test_a_menu_that_opens_hides_the_suggestion_until_it_closes(beside: Editor, plugin: str) -> None:
    beside.lua(plugin)  # loaded in Insert mode, as most people have it
    beside.show("ret", "urn a + b")
    beside.lua("set_menu(true)")
    assert beside.ghost == ""
    beside.type("u")
    beside.lua("vim.wait(300)")
    assert beside.ghost == ""
    beside.lua("set_menu(false)")
    beside.until_ghost("rn a + b")


@pytest.mark.parametrize(("plugin", "name"), [(CMP, "nvim-cmp"), (BLINK, "blink.cmp")], ids=["nvim-cmp", "blink.cmp"])
def test_health_tells_of_ghost_text_of_others(beside: Editor, plugin: str, name: str) -> None:
    beside.lua(plugin)
    beside.type("<Esc>")
    beside.nvim.command("checkhealth mim")
    assert f"{name} shows ghost text too" in "\n".join(beside.lines)
    beside.nvim.command("bwipeout!")
