r"""The line breaks of a document: our code sees only `\n`, and what is inserted gets the document's own back.

Only `\n` and `\r\n` count. A lone `\r`, which no editor of today writes, is a character like any other.
"""

from __future__ import annotations

from typing import Literal

LineBreak = Literal["\n", "\r\n"]


def dominant_line_break(text: str) -> LineBreak:
    r"""The line break that most lines of `text` end with; `\n` where there are none, or as many of each."""
    if "\r" not in text:  # by far the most documents, and this costs the least
        return "\n"
    n_crlf = text.count("\r\n")
    return "\r\n" if n_crlf > text.count("\n") - n_crlf else "\n"


def normalize(text: str, offset: int) -> tuple[str, int]:
    r"""`text` with `\n` for each `\r\n`, and where `offset` (0 to len(text)) lies in it.

    A cursor between `\r` and `\n`, which an editor never shows, is taken as one before the `\r`.
    """
    if "\r" not in text:
        return text, offset
    is_inside = 0 < offset < len(text) and text[offset - 1 : offset + 1] == "\r\n"
    return text.replace("\r\n", "\n"), offset - text.count("\r\n", 0, offset) - is_inside


def restore(insert: str, line_break: LineBreak) -> str:
    r"""`insert` with `line_break` for each `\n` or `\r\n` in it."""
    return insert.replace("\r\n", "\n").replace("\n", line_break)
