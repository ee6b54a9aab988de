"""Cursor positions at which nothing is missing: a suggestion there can only be in the way."""

from __future__ import annotations

import random
from collections.abc import Iterator

from mim_lsp.syntax.grammar import STATEMENT_TYPES
from mim_lsp.syntax.hole_window import HoleWindow

_BLANKS = " \t\n"


def complete_place(window: HoleWindow, rng: random.Random) -> tuple[int, int] | None:
    """An empty range where the code is complete; None if there is no such place.

    It is the end of a statement that another line follows, the end of a block, or the end of an argument.
    """
    places = [
        sorted(kind) for kind in (set(_statement_ends(window)), set(_block_ends(window)), set(_argument_ends(window)))
    ]
    choices = [kind for kind in places if kind]
    if not choices:
        return None
    place = rng.choice(rng.choice(choices))
    return place, place


def _statement_ends(window: HoleWindow) -> Iterator[int]:
    for visit in window.tree.walk(window.start, window.end):
        if visit.node.type in STATEMENT_TYPES:
            yield from _line_end(window, window.tree.span(visit.node).end)


def _block_ends(window: HoleWindow) -> Iterator[int]:
    for _, end, _ in window.tree.nodes({"block"}, window.start, window.end):
        yield from _line_end(window, end)


def _line_end(window: HoleWindow, end: int) -> Iterator[int]:
    """`end`, if it is the end of a line below which there is more code."""
    text = window.text
    if window.start < end <= window.end and text.startswith("\n", end) and text[end:].strip(_BLANKS):
        yield end


def _argument_ends(window: HoleWindow) -> Iterator[int]:
    for node, parent, _ in window.tree.walk(window.start, window.end):
        if parent is not None and parent.type == "argument_list" and node.is_named and node.type != "comment":
            end = window.tree.span(node).end
            if window.start < end < window.end:
                yield end
