"""More than one suggestion, the keys for them, and what accepting leaves behind in the Neovim plugin."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.neovim import Editor

pytestmark = pytest.mark.e2e
LOOP = "for value in values:\n        print(value)\n        yield value"
PARTS = ("for value", "for value in values:")
OFFER = """
    local client, texts = require('mim.client'), ...
    real_request = real_request or client.request
    client.request = function(_, on_items)
      on_items(vim.tbl_map(function(text)
        return { text = text[1], replaces = text[2], given = { insertText = text[1] }, encoding = 'utf-16' }
      end, texts))
    end"""


@pytest.fixture
def offered(editor: Editor) -> Iterator[Editor]:
    """An editor in which `_offer` may stand in for the server."""
    yield editor
    editor.lua("require('mim.client').request = real_request or require('mim.client').request")


def _offer(editor: Editor, *items: tuple[str, int]) -> None:
    """Have these texts offered from now on, each with how many closers behind the cursor it replaces."""
    editor.lua(OFFER, items)


def _type_up_to(editor: Editor, typed: str, cursor: tuple[int, int]) -> None:
    editor.type(typed)
    editor.until(lambda: editor.cursor == cursor)


def test_next_asks_for_more_and_goes_round(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    for suffix in ("  # 2", "  # 3", "", "  # 2"):
        editor.type("<M-]>")
        editor.until_ghost("urn a + b" + suffix)
    editor.type("<M-[>")
    editor.until_ghost("urn a + b")
    editor.type("<M-[><Tab>")
    assert editor.lines[1] == "    return a + b  # 3"


def test_the_next_suggestion_goes_on_from_what_was_typed_since(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("<M-]>")
    editor.until_ghost("urn a + b  # 2")
    editor.type("urn")
    assert editor.ghost == " a + b  # 2"
    editor.type("<M-]>")
    assert editor.ghost == " a + b  # 3"
    editor.type("<Tab>")
    assert editor.lines[1] == "    return a + b  # 3"


def test_next_asks_for_a_suggestion_when_there_is_none(editor: Editor) -> None:
    editor.show("ret", "urn a + b")
    editor.type("<C-]>")
    assert editor.ghost == ""
    editor.type("<M-]>")
    editor.until_ghost("urn a + b")


def test_the_keys_for_words_and_lines(editor: Editor) -> None:
    editor.show("for", LOOP.removeprefix("for"))
    for key, line in zip(("<M-Right>", "<M-Down>"), PARTS, strict=True):
        editor.type(key)
        assert editor.lines[1] == "    " + line
    assert editor.screen[1:4] == ["    for value in values:", "        print(value)", "        yield value"]


def test_plug_mappings_do_what_the_keys_do(editor: Editor) -> None:
    names = ("accept", "accept-word", "accept-line", "next", "previous", "dismiss", "trigger")
    for number, name in enumerate(names):
        editor.nvim.command(f"imap <buffer> <M-{number}> <Plug>(mim-{name})")
    editor.show("ret", "urn a + b")
    editor.type("<M-5>")
    assert editor.ghost == ""
    editor.type("<M-6>")
    editor.until_ghost("urn a + b")
    editor.type("<M-1>")
    assert (editor.lines[1], editor.ghost) == ("    return", " a + b")
    editor.type("<M-0>")
    assert (editor.lines[1], editor.ghost) == ("    return a + b", "")


def test_one_undo_takes_back_what_was_accepted_and_no_more(editor: Editor) -> None:
    editor.show("for", LOOP.removeprefix("for"))
    editor.type("<Tab>")
    assert len(editor.lines) == 6
    editor.type("x<Esc>")
    editor.nvim.command("undo")
    assert editor.lines[3] == "        yield value"
    editor.nvim.command("undo")
    assert editor.lines == ["def f(a, b):", "    for", "", "print(f(1, 2))"]
    editor.nvim.command("undo")
    assert editor.lines[1] == "    "


def test_tabs_are_shown_as_wide_as_they_will_be(running: Editor) -> None:
    running.edit("def f(values):\n\t\n", line=2)
    running.until_attached()
    running.nvim.command("setlocal noexpandtab tabstop=4 shiftwidth=4")
    running.show("for", LOOP.removeprefix("for").replace("        ", " " * 8))
    shown = running.screen[1:4]
    running.type("<Tab>")
    assert running.screen[1:4] == shown


def test_a_bracket_that_was_closed_by_the_editor_is_not_doubled(editor: Editor) -> None:
    editor.nvim.command("inoremap <buffer> ( ()<Left>")
    editor.show("total = sum", "(values)  # π😀")
    editor.type("(")
    editor.until(lambda: editor.ghost != "")
    assert editor.screen[1] == "    total = sum(values)  # π😀"
    editor.type("va")
    assert editor.screen[1] == "    total = sum(values)  # π😀"
    editor.type("<Tab>")
    assert editor.lines[1] == "    total = sum(values)  # π😀"


def test_typing_over_the_editors_closer_keeps_the_suggestion(editor: Editor) -> None:
    editor.nvim.command("inoremap <buffer> ( ()<Left>")
    editor.nvim.command("inoremap <buffer> ) <Right>")
    editor.show("total = sum", "(values)  # π😀")
    editor.type("(")
    editor.until(lambda: editor.ghost != "")
    editor.type("values)")
    assert (editor.lines[1], editor.ghost) == ("    total = sum(values)", "  # π😀")
    editor.type("<Tab>")
    assert editor.lines[1] == "    total = sum(values)  # π😀"


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [(("x)", 1), ("y", 0), "    f(y)"), (("y", 0), ("x)", 1), "    f(x)")],
    ids=["then one that keeps the bracket", "then one that replaces the bracket"],
)
def test_the_next_suggestion_replaces_what_it_says_itself(
    offered: Editor, first: tuple[str, int], second: tuple[str, int], line: str
) -> None:
    _type_up_to(offered, "f()<Left>", (2, 6))
    _offer(offered, first, second)
    offered.lua("require('mim').trigger()")
    offered.until_ghost(first[0].rstrip(")"))
    offered.type("<M-]>")
    assert offered.ghost == second[0].rstrip(")")
    offered.type("<Tab>")
    assert offered.lines[1] == line


def test_going_round_after_typing_over_a_closer_leaves_out_what_keeps_it(offered: Editor) -> None:
    _type_up_to(offered, "f()<Left>", (2, 6))
    _offer(offered, ("x) + 1", 1), ("x) + (y", 0), ("x) + 2", 1))
    offered.lua("require('mim').trigger()")
    offered.until(lambda: offered.ghost != "")
    _type_up_to(offered, "x<Right>", (2, 8))
    assert offered.ghost == " + 1"
    for expected in (" + 2", " + 1", " + 2"):
        offered.type("<M-]>")
        assert offered.ghost == expected
    offered.type("<Tab>")
    assert offered.lines[1] == "    f(x) + 2"


def test_more_suggestions_after_typing_over_a_closer_replace_the_others(offered: Editor) -> None:
    _type_up_to(offered, "g(f())<Left><Left>", (2, 8))
    _offer(offered, ("x) + 1)", 2))
    offered.lua("require('mim').trigger()")
    offered.until(lambda: offered.ghost != "")
    _type_up_to(offered, "x<Right>", (2, 10))
    assert offered.ghost == " + 1"
    _offer(offered, (" + 2)", 1))
    offered.type("<M-]>")
    assert offered.ghost == " + 2"
    offered.type("<Tab>")
    assert offered.lines[1] == "    g(f(x) + 2)"


def _events(editor: Editor, known: int) -> list[dict[str, Any]]:
    """What the server wrote down since, once it has all of it."""
    editor.lua("vim.lsp.buf_request_sync(0, 'workspace/executeCommand', { command = 'mim.stats' }, 10000)")
    path = Path(os.environ["MIM_LSP_STATE"]) / "stats.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines[known:] if json.loads(line)["e"] != "answer"]


def test_the_server_is_told_what_was_shown_and_taken(editor: Editor) -> None:
    _events(editor, 0)
    known = len((Path(os.environ["MIM_LSP_STATE"]) / "stats.jsonl").read_text(encoding="utf-8").splitlines())
    editor.show("tot", "al = sum(values)  # π😀")
    editor.type("al")
    editor.type("<M-Right><M-Right>")
    assert editor.lines[1] == "    total = sum"
    editor.type("<Tab>")
    told = [(event["e"], event["chars"]) for event in _events(editor, known)]
    whole = len("al = sum(values)  # π😀")
    assert told == [("shown", whole), ("partly", len("al =")), ("partly", len("al = sum")), ("accepted", whole)]
