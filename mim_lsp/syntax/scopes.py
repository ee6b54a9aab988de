"""What a reader of a place in a file needs to know from further up: the headers around it, and the imports."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mim_lsp.syntax.grammar import IMPORT_TYPES
from mim_lsp.syntax.lexing import symbols
from mim_lsp.syntax.tree import SyntaxTree

MAX_SCANNED_CHARS = 200_000
"""How far above an offset its enclosing headers are looked for."""
MAX_HEADER_CHARS = 4_000
"""A longer signature counts as one that is never closed."""

_INDENTATION = re.compile(r"[ \t\f]*")
_BLANK_LINES = re.compile(r"(?:[ \t\f\r]*\n)*")
_HEADER_START = re.compile(r"(?:async\s+)?def\b|class\b")
_NO_STATEMENT = frozenset(")]}#")  # what a line begins with that cannot begin a statement
_STRING_INSIDE_TYPES = frozenset({"string_content", "string_end", "escape_sequence"})


def enclosing_headers(tree: SyntaxTree, offset: int) -> list[tuple[int, int]]:
    """The signatures of the classes and functions whose bodies hold `offset`, outermost first.

    Each is a range from the start of the signature's first line, indentation included, to after its colon. Decided
    by indentation, as the tree of code that does not parse has no bodies to go by; on a blank line the column of
    `offset` decides, or the indentation of the next line if that is deeper.
    """
    headers: list[tuple[int, int]] = []
    text = tree.text
    anchor = _before_string(tree, offset)
    bound = _first_bound(text, anchor)
    for line_start, code_start in _lines_upwards(text, anchor):
        indent = _columns(text[line_start:code_start])
        if indent >= bound or text[code_start] in _NO_STATEMENT or _is_inside_string(tree, code_start):
            continue
        bound = indent
        end = _header_end(text, code_start)
        if end is not None and end <= offset:
            headers.append((line_start, end))
        if indent == 0:
            break
    return headers[::-1]


def _before_string(tree: SyntaxTree, offset: int) -> int:
    """`offset`, or the start of the string's content that it stands in, whose indentation means nothing."""
    inside = tree.node_at(max(offset - 1, 0))
    return inside.start if inside.type == "string_content" else offset


def _first_bound(text: str, offset: int) -> int:
    """The indentation in columns that a line, from the one of `offset` upwards, must stay below to enclose it."""
    line_start, code_start = _line_at(text, offset)
    if _is_blank(text, code_start):
        following = _BLANK_LINES.match(text, line_start, line_start + MAX_SCANNED_CHARS)
        next_start, next_code = _line_at(text, following.end() if following else line_start)
        next_indent = 0 if _is_blank(text, next_code) else _columns(text[next_start:next_code])
        return max(_columns(text[line_start:offset]), next_indent)
    # a line may enclose what stands behind its own colon, and a closer belongs to the header above that it closes
    own = _columns(text[line_start:code_start])
    return own if text[code_start] == "#" else own + 1


def _lines_upwards(text: str, offset: int) -> Iterator[tuple[int, int]]:
    """Start and first code of the line of `offset` and the lines above it, without the blank ones."""
    line_start, code_start = _line_at(text, offset)
    while True:
        if not _is_blank(text, code_start):
            yield line_start, code_start
        if line_start == 0 or offset - line_start > MAX_SCANNED_CHARS:
            return
        line_start, code_start = _line_at(text, line_start - 1)


def _line_at(text: str, offset: int) -> tuple[int, int]:
    """Start of the line that holds `offset`, and the end of its indentation."""
    line_start = text.rfind("\n", 0, offset) + 1
    indentation = _INDENTATION.match(text, line_start)
    return line_start, indentation.end() if indentation else line_start


def _is_blank(text: str, code_start: int) -> bool:
    return code_start == len(text) or text[code_start] in "\r\n"


def _columns(indentation: str) -> int:
    return len(indentation.expandtabs(8))


def _is_inside_string(tree: SyntaxTree, offset: int) -> bool:
    return tree.node_at(offset).type in _STRING_INSIDE_TYPES


def _header_end(text: str, start: int) -> int | None:
    """The offset after the colon of the class or function that starts at `start`; None if none does or it is open."""
    if not _HEADER_START.match(text, start):
        return None
    depth = 0
    for at, symbol in symbols(text, start, start + MAX_HEADER_CHARS):
        if symbol in "([{":
            depth += 1
        elif symbol in ")]}":
            depth -= 1
        elif depth == 0:
            return at + 1 if symbol == ":" else None
    return None


def import_ranges(tree: SyntaxTree, limit: int) -> list[tuple[int, int]]:
    """The ranges of the first `limit` import statements of the module's top level, in order."""
    ranges: list[tuple[int, int]] = []
    for node, _, _ in tree.walk(enter=lambda node: node.type in ("module", "ERROR")):
        if len(ranges) >= limit:
            break
        if node.type in IMPORT_TYPES:
            start, end, _ = tree.span(node)
            ranges.append((start, end))
    return ranges
