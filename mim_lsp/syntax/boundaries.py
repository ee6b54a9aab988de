"""Where a text may be cut: where the far sides end, and where the lines of outer statements start."""

from __future__ import annotations

import re

from mim_lsp.syntax.grammar import STATEMENT_TYPES
from mim_lsp.syntax.tree import SyntaxTree

_CLOSERS = re.compile(r"[)\]}'\",:; \t\r\f\v]*")
_OUTER_TYPES = frozenset({"module", "class_definition", "decorated_definition", "block", "ERROR"})


def far_suffix_start(text: str, offset: int) -> int:
    """Where the forward direction's far side starts, for a cursor at `offset` (0 to len(text)).

    If the rest of the cursor's line is empty or only closers, which editors insert by themselves, that is the end of
    the line: the index of its line break, or len(text). Otherwise it is `offset`. Looks at the text alone, so it
    works while the code does not parse.
    """
    match = _CLOSERS.match(text, offset)
    end = match.end() if match else offset
    return end if end == len(text) or text[end] == "\n" else offset


def far_prefix_end(text: str, offset: int) -> int:
    """Where the backward direction's far side ends, for a cursor at `offset` (0 to len(text)).

    That is the end of the previous line, which is the index of the line break before the cursor's line, or 0 on the
    first line. So what was typed in the line, text[far_prefix_end:offset], begins with the break and the indentation.
    """
    return max(text.rfind("\n", 0, offset), 0)


def statement_line_starts(tree: SyntaxTree) -> list[int]:
    """Offsets of the lines on which a statement of the module or of a class body begins, ascending.

    A decorated definition begins at its first decorator. Function bodies are not looked into.
    """
    starts: list[int] = []
    # a function is no outer type, so that only the blocks of classes are entered
    for node, parent, _ in tree.walk(enter=lambda node: node.type in _OUTER_TYPES):
        if node.type not in STATEMENT_TYPES or (parent and parent.type == "decorated_definition"):
            continue
        start = tree.span(node).start
        line_start = tree.text.rfind("\n", 0, start) + 1
        if not tree.text[line_start:start].strip() and line_start not in starts[-1:]:
            starts.append(line_start)
    return starts
