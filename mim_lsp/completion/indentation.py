"""Writes a suggestion's indentation as the editor wants it: tabs or blanks, and the size of a level.

A level is what a line is indented more than the statement above it. Lines inside brackets keep their distance from
the line that their statement begins on, since they may be lined up with something; lines inside strings stay as they
are. The cursor's own line is the typist's, and everything is counted from it.
"""

from __future__ import annotations

from mim_lsp.completion.cursor_line import typed_part
from mim_lsp.completion.types import Indentation
from mim_lsp.syntax.lexing import CLOSER_OF, symbols

_BLANKS = " \t"


def normalize_indentation(insert: str, prefix: str, indentation: Indentation, language: str = "python") -> str:
    """`insert`, which goes behind `prefix`, indented as `indentation` says."""
    breaks = _line_breaks(insert, typed_part(prefix), language)
    if not breaks:
        return insert
    writer = _Writer(_leading(typed_part(prefix)), indentation)
    pieces, at = [], 0
    for offset, is_continuation in breaks:
        start = offset + 1
        old = _leading(insert[start:])
        is_blank = insert[start + len(old) : start + len(old) + 1] in ("", "\n")
        pieces += [insert[at:start], old if is_blank else writer.written(old, is_continuation)]
        at = start + len(old)
    return "".join([*pieces, insert[at:]])


def _line_breaks(insert: str, typed: str, language: str) -> list[tuple[int, bool]]:
    """The line breaks of `insert` outside of strings, and whether each stands inside brackets."""
    depth, found = 0, []
    text = typed + insert
    for at, symbol in symbols(text, 0, len(text), language):
        if symbol in CLOSER_OF:
            depth += symbol in "([" or language == "python"
        elif symbol in ")]}":
            depth = max(0, depth - (symbol in ")]" or language == "python"))
        elif symbol == "\n" and at >= len(typed):
            found.append((at - len(typed), depth > 0))
    return found


def _leading(text: str) -> str:
    return text[: len(text) - len(text.lstrip(_BLANKS))]


class _Writer:
    """Gives each line of a suggestion its new indentation, from the top."""

    def __init__(self, base: str, indentation: Indentation) -> None:
        self.size, self.use_spaces = max(1, indentation.size), indentation.use_spaces
        self.base = base
        self.levels = [self._columns(base)]
        """Old columns of the open levels; the first is the cursor's line."""

    def written(self, old: str, is_continuation: bool) -> str:
        """The new indentation for a line that has `old`."""
        columns = self._columns(old)
        if is_continuation:
            return self._lined_up(columns - self.levels[-1])
        while len(self.levels) > 1 and columns < self.levels[-1]:
            self.levels.pop()
        if columns > self.levels[-1]:
            self.levels.append(columns)
        return self._level() if columns >= self.levels[0] else old

    def _level(self) -> str:
        """The new indentation of the innermost open level."""
        unit = " " * self.size if self.use_spaces else "\t"
        return self.base + unit * (len(self.levels) - 1)

    def _lined_up(self, beyond: int) -> str:
        """The new indentation of a line that stands `beyond` columns from the one that its statement begins on."""
        if beyond > 0 and beyond % self.size:
            return self._level() + " " * beyond
        columns = max(0, self._columns(self._level()) + beyond)
        tabs = 0 if self.use_spaces else columns // self.size
        return "\t" * tabs + " " * (columns - tabs * self.size)

    def _columns(self, blanks: str) -> int:
        return len(blanks.expandtabs(self.size))
