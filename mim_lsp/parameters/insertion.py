"""Where an item goes in a parameter or argument list, with the separators and the line style that the list has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from mim_lsp.parameters.changes import Change
from mim_lsp.syntax.calls import Call
from mim_lsp.syntax.signatures import Signature

MAX_LINE_CHARS = 88
"""A list that stands in fewer lines than it has items goes on in a new line after so much."""

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"#[^\r\n]*")
_TAIL = re.compile(r"(?P<comma>\s*,)?(?P<comment>[ \t]*#[^\r\n]*)?")


class Item(Protocol):
    """Something in a list."""

    @property
    def start(self) -> int:
        """Where it starts in the text."""
        ...

    @property
    def end(self) -> int:
        """Where it ends."""
        ...


class Slot(NamedTuple):
    """A place in a list: text that is put around the new item there."""

    start: int
    end: int
    before: str
    """From `start` on, up to the new item."""
    after: str
    """Behind the new item."""

    def change(self, item: str) -> Change:
        """The change that puts the item there."""
        return Change(self.start, self.end, self.before + item + self.after)


def parameter_slot(text: str, signature: Signature) -> Slot:
    """Where a new parameter goes: last, but before `**kwargs`. There it shifts no argument that a call passes."""
    items = signature.parameters
    following = [each for each in items if each.kind == "kwargs"]
    before = [each for each in items if each.kind != "kwargs"]
    return _slot(text, before, following, signature.open, signature.close)


def argument_slot(text: str, call: Call) -> Slot:
    """Where a new keyword argument goes in a call: last."""
    return _slot(text, call.arguments, (), call.open, call.close)


def needs_default(signature: Signature) -> bool:
    """Whether a parameter without a default must not stand in the slot: one with a default stands before it."""
    kinds = {each.kind for each in signature.parameters}
    if kinds & {"args", "star"}:
        return False
    return any(each.default is not None for each in signature.parameters)


def _slot(text: str, items: Sequence[Item], following: Sequence[Item], open_: int, close: int) -> Slot:
    if following:
        at = following[0].start
        return Slot(at, at, "", "," + _gap_before(text, following[0], items, open_))
    if not items:
        return Slot(open_, open_, "", "")
    return _slot_behind(text, items, open_, close)


def _slot_behind(text: str, items: Sequence[Item], open_: int, close: int) -> Slot:
    """The slot behind the last item: a trailing comma stays one, and a comment stays with its item."""
    last = items[-1]
    tail = _TAIL.match(text, last.end, close)
    comma, comment = (tail["comma"], tail["comment"]) if tail else (None, None)
    gap = _gap(text, items, open_)
    if comma is None and comment is None:
        return Slot(last.end, last.end, "," + gap, "")
    end = tail.end() if tail else last.end
    if comment is not None and not _LINE_BREAK.search(gap):
        gap = _break_of(text, last.end) + _indentation(text, last.start)
    return Slot(last.end, end, f"{comma or ','}{comment or ''}{gap}", "," if comma is not None else "")


def _gap(text: str, items: Sequence[Item], open_: int) -> str:
    """What the list puts between a comma and its next item."""
    starts = [open_, *(each.end for each in items[:-1])]
    gaps = [_blank(text[start : item.start]) for start, item in zip(starts, items, strict=True)]
    inner = gaps[1:] or gaps
    if all(_LINE_BREAK.search(gap) for gap in inner):
        return inner[-1]
    line_start = _line_start(text, items[-1].end)
    if items[-1].end - line_start > MAX_LINE_CHARS and items[-1].start > line_start:
        return _break_of(text, items[-1].end) + _column_blanks(text, items, line_start)
    return " " if inner is gaps or _LINE_BREAK.search(inner[-1]) else inner[-1]


def _gap_before(text: str, item: Item, items: Sequence[Item], open_: int) -> str:
    """What stands between an item and the one before it, without a comma or a comment."""
    gap = _blank(text[items[-1].end if items else open_ : item.start])
    return gap if items or _LINE_BREAK.search(gap) else " "


def _blank(between: str) -> str:
    """The blanks before an item, from the last line break on if there is one."""
    blanks = _COMMENT.sub("", between).replace(",", "")
    breaks = list(_LINE_BREAK.finditer(blanks))
    return blanks[breaks[-1].start() :] if breaks else blanks or " "


def _column_blanks(text: str, items: Sequence[Item], line_start: int) -> str:
    """The indentation under the first item of the list's last line."""
    first = next(each for each in items if each.start >= line_start)
    return "".join(char if char == "\t" else " " for char in text[line_start : first.start])


def _indentation(text: str, at: int) -> str:
    """Blanks up to the column of `at`."""
    return "".join(char if char == "\t" else " " for char in text[_line_start(text, at) : at])


def _line_start(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _break_of(text: str, at: int) -> str:
    """The line break that ends the line of `at`, else the one before it."""
    found = _LINE_BREAK.search(text, at) or _LINE_BREAK.search(text)
    return found.group() if found else "\n"
