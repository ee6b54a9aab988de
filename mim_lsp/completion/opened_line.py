r"""A cursor at the very start of a line that has text: what belongs there is whole lines above it.

An editor's user would first open a line with Enter. Done for them, the model sees the place as it saw such places in
training: an empty line, with what follows on the next one.
"""

from __future__ import annotations

BREAK = "\n"


def is_before_line(text: str, offset: int) -> bool:
    r"""Whether the cursor stands at the start of a line of `text` (line breaks `\n`) that is not blank."""
    at_start = offset == 0 or text[offset - 1] == BREAK
    line = text[offset:].partition(BREAK)[0] if at_start else ""
    return bool(line.strip())


def open_line(text: str, offset: int) -> str:
    """`text` with an empty line opened at `offset`."""
    return text[:offset] + BREAK + text[offset:]
