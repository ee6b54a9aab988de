"""Between the protocol's positions and our text offsets, and from results to protocol items. Pure functions.

The protocol counts lines from 0 and columns in code units of the negotiated encoding; we count code points from the
start of the text. Only `\\n`, `\\r\\n` and `\\r` end a line in the protocol. (`str.splitlines` also splits at form
feeds and other separators, which are ordinary characters in Python sources.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from lsprotocol import types

from mim_lsp.completion.cache import Fitting

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def offset_at(text: str, position: types.Position, encoding: str) -> int:
    """The offset of `position` in `text`, always within `0..len(text)`.

    A column past the end of its line means the end of the line, a line past the last one the end of the text. A
    column inside a character's code units means the start of that character.
    """
    start, end = _line_bounds(text, position.line)
    return start + index_after(text[start:end], position.character, encoding)


def position_at(text: str, offset: int, encoding: str) -> types.Position:
    """The position of an offset in `text`; inside a `\\r\\n` that of the line's end."""
    line, start = 0, 0
    offset -= text[offset - 1 : offset + 1] == "\r\n"
    for found in _LINE_BREAK.finditer(text, 0, offset):
        line, start = line + 1, found.end()
    return advance(types.Position(line, 0), text[start:offset], encoding)


def advance(position: types.Position, typed: str, encoding: str) -> types.Position:
    """The position after `typed`, a text without line breaks, that begins at `position`."""
    width = sum(_width(char, encoding) for char in typed)
    return types.Position(line=position.line, character=position.character + width)


def typed_since(then: str, offset: int, now: str) -> str | None:
    """What was inserted at `offset` to turn the text `then` into `now`; None if that is not all that changed."""
    before, after = then[:offset], then[offset:]
    inserted_end = len(now) - len(after)
    if inserted_end < offset or not now.startswith(before) or not now.endswith(after):
        return None
    return now[offset:inserted_end]


def inline_items(
    fittings: Iterable[Fitting], span: types.Range, before: str, typed: str, encoding: str
) -> types.InlineCompletionList:
    """What is left of suggestions, as items for a request whose cursor was at the end of `span`.

    `before` is what an item puts in place of `span`, besides its suggestion: what the completion menu has selected,
    or nothing. `typed` was inserted at the cursor since the request, without a line break. Suggestions that do not
    begin with it are left out; for the others it lies in the item's range, so that accepting does not type it twice.
    """
    after_typed = advance(span.end, typed, encoding)
    items = []
    for fitting in fittings:
        if fitting.text.startswith(typed):
            # what is replaced are closers, one code unit each in every encoding
            end = types.Position(after_typed.line, after_typed.character + fitting.replaces)
            item = types.InlineCompletionItem(before + fitting.text, range=types.Range(span.start, end))
            items.append(item)
    return types.InlineCompletionList(items)


def no_items() -> types.InlineCompletionList:
    """The answer that offers nothing."""
    return types.InlineCompletionList(items=[])


def _line_bounds(text: str, line: int) -> tuple[int, int]:
    """Start and end of line number `line` (from 0), without its line break."""
    start = 0
    if line > 0:
        last_break = next(islice(_LINE_BREAK.finditer(text), line - 1, None), None)
        if last_break is None:
            return len(text), len(text)
        start = last_break.end()
    end = _LINE_BREAK.search(text, start)
    return start, end.start() if end else len(text)


def index_after(line: str, column: int, encoding: str) -> int:
    """The index in `line` of a column in code units of `encoding`."""
    if encoding == types.PositionEncodingKind.Utf32 or line.isascii():
        return min(column, len(line))
    units = 0
    for index, char in enumerate(line):
        units += _width(char, encoding)
        if units > column:
            return index
    return len(line)


def _width(char: str, encoding: str) -> int:
    """How many code units of `encoding` one character takes; surrogates that stand alone count too."""
    code = ord(char)
    if encoding == types.PositionEncodingKind.Utf32:
        return 1
    if encoding == types.PositionEncodingKind.Utf8:
        return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)
    return 1 + (code > 0xFFFF)
