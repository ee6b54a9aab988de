"""Where a text may be cut: where the far sides end, and where the lines of outer statements start."""

from __future__ import annotations

import re
from functools import cache

from mim_lsp.syntax.languages import language_named
from mim_lsp.syntax.tree import SyntaxTree

_UNINDENTED = re.compile(r"^[^\s)\]}].*", re.MULTILINE)


def far_suffix_start(text: str, offset: int, language: str = "python") -> int:
    """Where the forward direction's far side starts, for a cursor at `offset` (0 to len(text)).

    If the rest of the cursor's line is empty or only closers, which editors insert by themselves, that is the end of
    the line: the index of its line break, or len(text). Otherwise it is `offset`. Looks at the text alone, so it
    works while the code does not parse.
    """
    match = _closers(language_named(language).quotes).match(text, offset)
    end = match.end() if match else offset
    return end if end == len(text) or text[end] == "\n" else offset


def far_prefix_end(text: str, offset: int) -> int:
    """Where the backward direction's far side ends, for a cursor at `offset` (0 to len(text)).

    That is the end of the previous line, which is the index of the line break before the cursor's line, or 0 on the
    first line. So what was typed in the line, text[far_prefix_end:offset], begins with the break and the indentation.
    """
    return max(text.rfind("\n", 0, offset), 0)


def statement_line_starts(tree: SyntaxTree) -> list[int]:
    """Offsets of the lines on which a statement of the file or of a class body begins, ascending.

    A decorated definition begins at its first decorator. Function bodies are not looked into. In a text that was
    not parsed every line that is not indented counts, unless it begins with a closer.
    """
    if not tree.is_parsed:
        return [match.start() for match in _UNINDENTED.finditer(tree.text)]
    language = tree.language
    starts: list[int] = []
    for node, parent, _ in tree.walk(enter=lambda node: node.type in language.outer_types):
        if node.type not in language.statement_types or (parent and parent.type in language.wrapper_types):
            continue
        start = tree.span(node).start
        line_start = tree.text.rfind("\n", 0, start) + 1
        if not tree.text[line_start:start].strip() and line_start not in starts[-1:]:
            starts.append(line_start)
    return starts


@cache
def _closers(quotes: str) -> re.Pattern[str]:
    """What editors insert by themselves, and what only ends an expression."""
    return re.compile(rf"[)\]}},:; \t\r\f\v{re.escape(quotes)}]*")
