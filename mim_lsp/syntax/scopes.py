"""What a reader of a place in a file needs to know from further up: the headers around it, and the imports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from mim_lsp.syntax.language import Language
from mim_lsp.syntax.lexing import symbols
from mim_lsp.syntax.tree import SyntaxTree

MAX_SCANNED_CHARS = 200_000
"""How far above an offset its enclosing headers are looked for."""
MAX_HEADER_CHARS = 4_000
"""A longer signature counts as one that is never closed."""
MAX_LINE_CHARS = 400
"""So much of a line is looked at to tell what it begins."""

_INDENTATION = re.compile(r"[ \t\f]*")
_BLANK_LINES = re.compile(r"(?:[ \t\f\r]*\n)*")
_STRING_EDGE_TYPES = frozenset({"string_end", "escape_sequence"})
# where blocks stand in braces: what a header's line may end with, or its next line begin with
_OPEN_END = (",", "where")
_CONTINUES = re.compile(r"\s*(?:[{:]|->|(?:extends|implements|throws|where)\b)")


def enclosing_headers(tree: SyntaxTree, offset: int) -> list[tuple[int, int]]:
    """The signatures of the classes and functions whose bodies hold `offset`, outermost first.

    Each is a range from the start of the signature's first line, indentation included, to after its colon or brace.
    Decided by indentation, as the tree of code that does not parse has no bodies to go by; on a blank line the column
    of `offset` decides, or the indentation of the next line if that is deeper.
    """
    headers: list[tuple[int, int]] = []
    text, language = tree.text, tree.language
    if language.header is None:
        return headers
    anchor = _before_string(tree, offset)
    bound = _first_bound(text, anchor, language)
    for line_start, code_start in _lines_upwards(text, anchor):
        indent = _columns(text[line_start:code_start])
        if indent >= bound or _matches(language.no_statement, text, code_start) or _is_inside_string(tree, code_start):
            continue
        bound = indent
        end = _header_end(text, code_start, language)
        if end is not None and end <= offset:
            headers.append((line_start, end))
        if indent == 0:
            break
    return headers[::-1]


def _before_string(tree: SyntaxTree, offset: int) -> int:
    """`offset`, or the start of the string's content that it stands in, whose indentation means nothing."""
    inside = tree.node_at(max(offset - 1, 0))
    return inside.start if inside.type in tree.language.string_types else offset


def _first_bound(text: str, offset: int, language: Language) -> int:
    """The indentation in columns that a line, from the one of `offset` upwards, must stay below to enclose it."""
    line_start, code_start = _line_at(text, offset)
    if _is_blank(text, code_start):
        following = _BLANK_LINES.match(text, line_start, line_start + MAX_SCANNED_CHARS)
        next_start, next_code = _line_at(text, following.end() if following else line_start)
        next_indent = 0 if _is_blank(text, next_code) else _columns(text[next_start:next_code])
        return max(_columns(text[line_start:offset]), next_indent)
    # a line may enclose what stands behind its own colon, and a closer belongs to the header above that it closes
    own = _columns(text[line_start:code_start])
    return own if language.line_comment and text.startswith(language.line_comment, code_start) else own + 1


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
    """Whether a line of a string, or of a comment, begins at `offset`."""
    kind = tree.node_at(offset).type
    return kind in _STRING_EDGE_TYPES or kind in tree.language.string_types or kind in tree.language.comment_types


def _header_end(text: str, start: int, language: Language) -> int | None:
    """The offset after the colon or brace that ends the signature which starts at `start`.

    None if none starts there, or if it is open.
    """
    if language.header is None or not _matches(language.header, text, start):
        return None
    has_braces = language.blocks == "braces"
    depth = 0
    for at, symbol in symbols(text, start, start + MAX_HEADER_CHARS, language.id):
        if depth == 0 and symbol == ("{" if has_braces else ":"):
            return at + 1
        if symbol in "([{":
            depth += 1
        elif symbol in ")]}":
            depth -= 1
        elif depth == 0 and not (has_braces and symbol == "\n" and _goes_on(text, at)):
            return None
    return None


def _goes_on(text: str, line_end: int) -> bool:
    """Whether a header that has neither been closed nor come to its brace at `line_end` goes on in the next line."""
    return text[max(0, line_end - 80) : line_end].rstrip().endswith(_OPEN_END) or bool(_CONTINUES.match(text, line_end))


def _matches(pattern: str, text: str, start: int) -> bool:
    """Whether the line that has code from `start` on begins with `pattern`."""
    end = text.find("\n", start, start + MAX_LINE_CHARS)
    return _compiled(pattern).match(text, start, end if end >= 0 else start + MAX_LINE_CHARS) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def import_ranges(tree: SyntaxTree, limit: int) -> list[tuple[int, int]]:
    """The ranges of the first `limit` import statements of the file's top level, in order."""
    ranges: list[tuple[int, int]] = []
    language = tree.language
    for node, _, _ in tree.walk(enter=lambda node: node.type in language.file_types):
        if len(ranges) >= limit:
            break
        if node.type in language.import_types:
            start, end, _ = tree.span(node)
            ranges.append((start, start + len(tree.text[start:end].rstrip())))
    return ranges
