"""How far a suggestion goes: to the end of the line, of the statement or of the block that is begun at the cursor.

The cursor's place decides, and the syntax says where the unit ends; no number of tokens does. A text that goes on
beyond its unit is cut there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mim_lsp.completion.cursor_line import rest_of_line, typed_part
from mim_lsp.completion.types import Mode
from mim_lsp.syntax.lexing import missing_closers
from mim_lsp.syntax.tree import SimilarTrees, Span, SyntaxTree
from mim_lsp.syntax.units import units_at

Unit = Literal["line", "statement", "block"]

MAX_PARSED_CHARS = 50_000
"""So much of the text before the cursor is parsed, to whole lines."""
PLACEHOLDER = "_"
"""A word that, put at the cursor, is a statement of its own where a statement may begin."""

_LENGTHS: dict[Unit, int] = {"line": 0, "statement": 1, "block": 2}
_HEADER_ENDS = (":", "{")

_trees = SimilarTrees()  # of the text that was parsed last, which the next one is much like


@dataclass(frozen=True)
class Extent:
    """How far a suggestion may go."""

    unit: Unit
    max_lines: int | None
    """Most lines of text that are of use, the cursor's own included; None: the text itself tells where it ends."""


def resolve(text: str, offset: int, mode: Mode = "auto", language: str = "python") -> Extent:
    r"""The extent of a suggestion at `offset` of `text`, whose line breaks are `\n`; `mode` caps it.

    Text to the right of the cursor: a line. An empty line in a body, or a header's end: a block. Else a statement.
    """
    unit = _unit(text[:offset], text[offset:], language)
    if mode != "auto" and _LENGTHS[mode] < _LENGTHS[unit]:
        unit = mode
    return Extent(unit, 1 if unit == "line" else None)


def cut(insert: str, prefix: str, unit: Unit, language: str = "python") -> str:
    """The start of `insert` that is within the unit which it begins, or goes on with, behind `prefix`."""
    if unit == "line":
        return insert.partition("\n")[0]
    if "\n" not in insert.strip():
        return insert
    tree, start = _parsed(prefix + insert, language)
    if tree.is_parsed:
        end = _syntactic_end(tree, insert, prefix[start:], unit)
    else:
        end = _indented_end(insert, prefix, unit, language)
    return insert if end is None else insert[:end]


def _unit(prefix: str, suffix: str, language: str) -> Unit:
    """What the cursor's place asks for."""
    if rest_of_line(suffix).strip():
        return "line"
    typed = typed_part(prefix)
    if _goes_on(typed):
        return "statement"
    tree, start = _parsed(prefix + PLACEHOLDER, language)
    if not tree.is_parsed:
        return "block" if typed else "statement"
    statement, block = units_at(tree, len(prefix) - start)
    begins = statement is not None and statement.start == len(prefix) - start
    return "block" if begins and block is not None else "statement"


def _goes_on(typed: str) -> bool:
    """Whether a statement was begun in the cursor's line, rather than a header ended or nothing typed."""
    return bool(typed.strip()) and not typed.rstrip().endswith(_HEADER_ENDS)


def _syntactic_end(tree: SyntaxTree, insert: str, before: str, unit: Unit) -> int | None:
    """Where the unit ends in `insert`, by the tree of `before` and it; None if it does not end, or does not parse."""
    typed = typed_part(before)
    for anchor in _anchors(insert, typed):
        statement, block = units_at(tree, len(before) + anchor)
        if statement is not None and statement.type in tree.language.comment_types:
            continue  # a comment belongs to what it stands above
        if unit == "block" and block is not None:
            return _block_end(tree.text[block.start], block, insert, before)
        return None if statement is None else max(0, statement.end - len(before))
    return None


def _block_end(opener: str, block: Span, insert: str, before: str) -> int:
    """Where `block`, which begins with `opener`, ends in `insert`: before the brace that is not its own to close."""
    end = max(0, block.end - len(before))
    was_open = opener == "{" and block.start < len(before) - len(typed_part(before))
    return len(insert[: end - 1].rstrip()) if was_open and insert[:end].endswith("}") else end


def _anchors(insert: str, typed: str) -> Iterator[int]:
    """Places in the unit, relative to the cursor: in what was typed of it, else at the starts of the insert's lines."""
    if _goes_on(typed):
        yield len(typed.rstrip()) - len(typed) - 1
        return
    at = 0
    for line in insert.splitlines(keepends=True):
        if line.strip():
            yield at + len(line) - len(line.lstrip())
        at += len(line)


def _indented_end(insert: str, prefix: str, unit: Unit, language: str) -> int | None:
    """Where the unit ends in `insert` by brackets and indentation alone: before the first line that is outside."""
    typed = typed_part(prefix)
    own = len(typed) - len(typed.lstrip())
    within = own if unit == "block" and not typed.strip() else own + 1
    at = insert.find("\n", len(insert) - len(insert.lstrip()))
    while at >= 0:
        line = insert[at + 1 :].partition("\n")[0]
        is_open = missing_closers(typed + insert[:at], 0, language)
        if line.strip() and not is_open and len(line) - len(line.lstrip()) < within:
            return at
        at = insert.find("\n", at + 1)
    return None


def _parsed(text: str, language: str) -> tuple[SyntaxTree, int]:
    """The tree of the end of `text`, with the brackets closed that it leaves open, and where that end begins."""
    start = text.rfind("\n", 0, max(0, len(text) - MAX_PARSED_CHARS)) + 1
    part = text[start:]
    return _trees.parse(part + missing_closers(part, 0, language), len(part), language), start
