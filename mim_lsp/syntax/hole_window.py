"""The part of a text in which one hole is drawn."""

from __future__ import annotations

import random
from dataclasses import dataclass

from mim_lsp.syntax.tree import SyntaxTree

WINDOW_CHARS = 4_000
"""Longest range in which places for a hole are looked for."""


@dataclass(frozen=True)
class HoleWindow:
    """The range [start, end) of `tree.text`, and the longest hole wanted in it, in code points."""

    tree: SyntaxTree
    start: int
    end: int
    max_chars: int

    @property
    def text(self) -> str:
        """The whole text, not only the window's."""
        return self.tree.text

    def admits(self, start: int, end: int) -> bool:
        """Whether [start, end) is a hole: not empty, not too long, and all inside the window."""
        return self.start <= start < end <= self.end and end - start <= self.max_chars

    def random_line(self, rng: random.Random) -> tuple[int, int] | None:
        """The code of a random line of the window, without indentation and trailing blanks; long lines are likelier.

        None if only blank lines, or lines that leave the window, were met in a few draws.
        """
        for _ in range(8 if self.start < self.end else 0):
            start, end = self._line_of(rng.randrange(self.start, self.end))
            line = self.text[start:end]
            if line and not line.isspace():
                return start + len(line) - len(line.lstrip()), start + len(line.rstrip())
        return None

    def _line_of(self, offset: int) -> tuple[int, int]:
        """The line that holds `offset`, without its break; an empty range if it leaves the window."""
        start = self.text.rfind("\n", max(self.start - 1, 0), offset) + 1
        end = self.text.find("\n", offset, self.end + 1)
        if end < 0 and self.end == len(self.text):
            end = self.end
        is_inside = end >= 0 and (start > 0 or self.start == 0)
        return (start, end) if is_inside else (offset, offset)


def choose_window(tree: SyntaxTree, rng: random.Random, within: tuple[int, int] | None, max_chars: int) -> HoleWindow:
    """The range `within` clamped to the text, or a random part of it of `WINDOW_CHARS` if it is longer."""
    start, end = within or (0, len(tree.text))
    start, end = max(start, 0), min(end, len(tree.text))
    if end - start > WINDOW_CHARS:
        start = rng.randint(start, end - WINDOW_CHARS)
        end = start + WINDOW_CHARS
    return HoleWindow(tree, start, end, max_chars)
