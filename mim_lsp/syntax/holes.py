"""Draws the holes that the model learns to fill, as a person at an editor would leave them.

A hole is a range of a text whose content is the middle. Its kind is drawn first, by weight, then a place for it inside
a window, so that the work does not depend on the length of the text. Lengths are skewed to short.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mim_lsp.syntax import line_holes, node_holes
from mim_lsp.syntax.hole_window import HoleWindow, choose_window
from mim_lsp.syntax.tree import SyntaxTree


class HoleKind(StrEnum):
    """What a hole takes out of the text."""

    REST_OF_LINE = "rest_of_line"
    LINES = "lines"
    STATEMENT = "statement"
    BLOCK = "block"
    ARGUMENT = "argument"
    PARAMETER = "parameter"
    EXPRESSION = "expression"
    SPAN = "span"


@dataclass(frozen=True)
class Hole:
    """The range [start, end) of a text, in code points, that is to be filled in."""

    start: int
    end: int
    kind: HoleKind


DEFAULT_WEIGHTS: Mapping[HoleKind, float] = {
    HoleKind.REST_OF_LINE: 0.35,
    HoleKind.LINES: 0.12,
    HoleKind.STATEMENT: 0.12,
    HoleKind.BLOCK: 0.10,
    HoleKind.ARGUMENT: 0.08,
    HoleKind.PARAMETER: 0.03,
    HoleKind.EXPRESSION: 0.10,
    HoleKind.SPAN: 0.10,
}
EMPTY_RATE = 0.03
"""Share of holes with nothing in them, at the end of a complete line: the model has to learn to write nothing."""
SHIFT_RATE = 0.15
"""Share of holes with an edge that is not where the syntax has one: a broken token, or a middle partly typed."""

_DRAW: Mapping[HoleKind, Callable[[HoleWindow, random.Random], tuple[int, int] | None]] = {
    HoleKind.REST_OF_LINE: line_holes.rest_of_line,
    HoleKind.LINES: line_holes.lines,
    HoleKind.STATEMENT: node_holes.statement,
    HoleKind.BLOCK: node_holes.block,
    HoleKind.ARGUMENT: node_holes.argument,
    HoleKind.PARAMETER: node_holes.parameter,
    HoleKind.EXPRESSION: node_holes.expression,
    HoleKind.SPAN: line_holes.span,
}


def draw_hole(
    tree: SyntaxTree,
    rng: random.Random,
    weights: Mapping[HoleKind, float] = DEFAULT_WEIGHTS,
    within: tuple[int, int] | None = None,
    max_chars: int = 400,
) -> Hole | None:
    """Draw a hole of at most `max_chars` characters (at least 1) inside the range `within` (all of the text when None).

    Kinds without a weight are never drawn. Where the drawn kind has no place in the window, another one is drawn.
    Ranges longer than `hole_window.WINDOW_CHARS` are narrowed to a random window of that length first. The hole is
    empty only in `EMPTY_RATE` of the draws (kind `REST_OF_LINE`).

    Returns:
        The hole, or None if no weighted kind has a place, as in a blank text.
    """
    window = choose_window(tree, rng, within, max_chars)
    if weights.get(HoleKind.REST_OF_LINE, 0) > 0 and rng.random() < EMPTY_RATE:
        end = line_holes.end_of_line(window, rng)
        if end is not None:
            return Hole(end, end, HoleKind.REST_OF_LINE)
    for kind in _kinds_in_drawn_order(weights, rng):
        drawn = _DRAW[kind](window, rng)
        if drawn is not None:
            return Hole(*_with_shifted_edge(window, *drawn, rng), kind)
    return None


def _kinds_in_drawn_order(weights: Mapping[HoleKind, float], rng: random.Random) -> Iterator[HoleKind]:
    """All kinds of positive weight, drawn by weight without putting any back."""
    # of independent exponential times, each is the first with a probability in proportion to its rate
    arrivals = {kind: rng.expovariate(weight) for kind, weight in weights.items() if weight > 0}
    return iter(sorted(arrivals, key=arrivals.__getitem__))


def _with_shifted_edge(window: HoleWindow, start: int, end: int, rng: random.Random) -> tuple[int, int]:
    """In `SHIFT_RATE` of the calls [start, end) with one edge moved, as long as it stays a hole of the window."""
    if rng.random() >= SHIFT_RATE:
        return start, end
    shift = rng.randrange(3)
    if shift == 0:
        shifted = _inside_word(window.text, start, rng), end
    elif shift == 1:
        shifted = start, _inside_word(window.text, end, rng)
    else:
        shifted = start + rng.randint(1, 8), end  # so much of the middle has been typed
    return shifted if window.admits(*shifted) else (start, end)


def _inside_word(text: str, offset: int, rng: random.Random, reach: int = 20) -> int:
    """An offset inside the word that `offset` touches, or `offset` if it touches none of two letters."""
    low = high = offset
    while low > max(0, offset - reach) and _is_word(text[low - 1]):
        low -= 1
    while high < min(len(text), offset + reach) and _is_word(text[high]):
        high += 1
    return rng.randint(low + 1, high - 1) if high - low >= 2 else offset


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
