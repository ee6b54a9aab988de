"""The parameter or argument list of Python that a cursor stands in, found without a tree: most are half typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from mim_lsp.syntax.known.python import PYTHON
from mim_lsp.syntax.lexing import CLOSER_OF

ListKind = Literal["parameters", "lambda", "types", "arguments", "bases"]
"""Of `def f(…)`, `lambda …:`, `def f[…]` (also of classes and `type`), `f(…)` (decorators too), `class A(…)`."""

REACH = 4_000
"""So far from the cursor the ends of the list are looked for."""

_LAMBDA = "lambda"
_CLOSERS = frozenset(CLOSER_OF.values())
_STATEMENT = (
    r"\n[ \t]*(?:@|(?:def|class|return|import|while|with|try|raise|pass|break|continue|del|global|nonlocal|assert|elif|"
    r"except|finally)\b)"
)
"""A line that begins a statement, whatever brackets are open above it."""
_MARK = re.compile(rf"{PYTHON.skipped}|(?P<mark>[()\[\]{{}},:]|(?<![\w.])lambda\b|{_STATEMENT})", re.DOTALL)
_SKIPPED = re.compile(PYTHON.skipped, re.DOTALL)
_OUTER = re.compile(r"^(?:(?:async )?def |class |@)", re.MULTILINE)
_INNER = re.compile(r"^[ \t]*(?:(?:async )?def |class |@)", re.MULTILINE)
_NAMED = r"[ \t]+[^\W\d]\w*[ \t]*"
_OPENINGS: tuple[tuple[ListKind, str, re.Pattern[str]], ...] = (
    ("parameters", "(", re.compile(rf"\bdef{_NAMED}(?:\[[^()]*\])?[ \t]*\Z")),
    ("bases", "(", re.compile(rf"\bclass{_NAMED}(?:\[[^()]*\])?[ \t]*\Z")),
    ("types", "[", re.compile(rf"\b(?:def|class|type){_NAMED}\Z")),
    ("arguments", "(", re.compile(r"[\w)\]][ \t]*\Z")),
)
_KEYWORD = re.compile(
    r"(?<![\w.])(?:and|as|assert|async|await|del|elif|else|except|for|from|if|import|in|is|not|or|raise|return|while|"
    r"with|yield|lambda)[ \t]*\Z"
)
_HEADER_REACH = 400


class Split(NamedTuple):
    """A text from inside a list, as far as it belongs to that list."""

    pieces: tuple[str, ...]
    """What stands between the commas of the list itself, with its blanks; one piece more than there are commas."""
    end: int
    """Where the list is closed, else where a statement begins, else the end of the text."""
    is_closed: bool


@dataclass(frozen=True)
class ListPlace:
    """A cursor in a list. Blanks stay with the items that they surround."""

    kind: ListKind
    before: tuple[str, ...]
    """The items before the cursor's own, without their commas."""
    head: str
    """What stands between the comma, or the opening, and the cursor."""
    tail: str
    """What stands between the cursor and the next comma, or the closer."""
    after: tuple[str, ...]
    """What follows behind that comma, item by item; a blank one at last where the list ends with a comma."""
    is_closed: bool
    """Whether the list's closer was found behind the cursor."""


def list_at(prefix: str, suffix: str) -> ListPlace | None:
    r"""The innermost list around the cursor between `prefix` and `suffix` (line breaks `\n`).

    None in other brackets, in strings, in comments, outside of all, and behind a stray closer. A list whose own closer
    is missing ends with the cursor's line.
    """
    opened = _innermost(prefix)
    if opened is None or _is_in_string_or_comment(prefix[opened[0] :]):
        return None
    at, kind = opened
    inside = split_list(prefix[at:], kind)
    if inside.is_closed:  # by a bracket that is not its own
        return None
    behind = split_list(suffix[:REACH], kind)
    if not behind.is_closed:
        line = suffix[:REACH].partition("\n")[0]
        behind = split_list(line if re.search(r"\w", line) else "", kind)
    return ListPlace(kind, inside.pieces[:-1], inside.pieces[-1], behind.pieces[0], behind.pieces[1:], behind.is_closed)


def split_list(text: str, kind: ListKind) -> Split:
    """Cut `text`, which begins inside a list of that kind, at the list's commas, up to its closer."""
    opened: list[str] = []
    starts = [0]
    for at, mark in _marks(text, 0):
        is_closer = mark in _CLOSERS or (mark == ":" and kind == _LAMBDA)
        if mark[0] == "\n" or (is_closer and not opened):
            return Split(_pieces(text, starts, at), at, is_closed=is_closer)
        if mark == "," and not opened:
            starts.append(at + 1)
        _track(opened, mark)
    return Split(_pieces(text, starts, len(text)), len(text), is_closed=False)


def _pieces(text: str, starts: list[int], end: int) -> tuple[str, ...]:
    ends = [*(start - 1 for start in starts[1:]), end]
    return tuple(text[start:stop] for start, stop in zip(starts, ends, strict=True))


def _marks(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Brackets, commas, colons, `lambda` and starts of statements behind `start`, outside of strings and comments."""
    return ((match.start(), match["mark"]) for match in _MARK.finditer(text, start) if match["mark"])


def _track(opened: list[str], mark: str) -> None:
    """Keep the stack of what is open: brackets, and `lambda` up to its colon."""
    if mark == _LAMBDA or mark in CLOSER_OF:
        opened.append(mark)
    elif mark == ":" and opened[-1:] == [_LAMBDA]:
        opened.pop()
    elif mark in _CLOSERS and any(CLOSER_OF.get(each) == mark for each in opened):
        while CLOSER_OF.get(opened.pop()) != mark:
            pass


def _innermost(prefix: str) -> tuple[int, ListKind] | None:
    """Where the innermost list that is open at the end of `prefix` begins, and its kind."""
    opened: list[str] = []
    places: list[int] = []
    for at, mark in _marks(prefix, _scan_start(prefix)):
        if mark[0] == "\n":
            opened.clear()
        _track(opened, mark)
        del places[len(opened) :]
        if len(opened) > len(places):
            places.append(at)
    if not opened:
        return None
    at, mark = places[-1], opened[-1]
    kind = "lambda" if mark == _LAMBDA else _kind(prefix[max(0, at - _HEADER_REACH) : at], mark)
    return (at + len(mark), kind) if kind is not None else None


def _scan_start(prefix: str) -> int:
    """Where to begin to look for what is open, so that it is unlikely to be inside a string."""
    low = max(0, len(prefix) - REACH)
    outer = [match.start() for match in _OUTER.finditer(prefix, low)]
    if outer:
        return outer[-1]
    if low == 0:
        return 0
    inner = _INNER.search(prefix, low)
    return inner.start() if inner else max(low, prefix.find("\n", low) + 1)


def _kind(before: str, bracket: str) -> ListKind | None:
    """What kind of list a bracket opens behind `before`; None if it is not one of ours."""
    for kind, opener, pattern in _OPENINGS:
        if bracket == opener and pattern.search(before):
            return None if kind == "arguments" and _KEYWORD.search(before) else kind
    return None


def _is_in_string_or_comment(inside: str) -> bool:
    """Whether `inside`, the text from the list's opening to the cursor, ends in a string or a comment."""
    *_, last = ["", *(match.group() for match in _SKIPPED.finditer(inside))]
    if last.startswith("#") and inside.endswith(last):
        return True
    return re.search(r"[\"']", _SKIPPED.sub("", inside)) is not None
