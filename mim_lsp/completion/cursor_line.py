"""The cursor's line and those around it, as the filters see them. Looks at a bounded part of any text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from keyword import iskeyword

MAX_LINE_CHARS = 2_000
"""So much of a line is looked at on each side of the cursor."""
MAX_FOLLOWING_CHARS = 8_000
"""How far below the cursor its following lines are looked for."""
MAX_PRECEDING_CHARS = 8_000
"""How far above the cursor its preceding lines are looked for."""

_CLOSERS = re.compile(r"[)\]}'\",:;\s]*")
_NAME = re.compile(r"[^\W\d]\w*")


def typed_part(prefix: str) -> str:
    """The cursor's line before the cursor."""
    return prefix[max(prefix.rfind("\n", max(0, len(prefix) - MAX_LINE_CHARS)) + 1, len(prefix) - MAX_LINE_CHARS) :]


def rest_of_line(suffix: str) -> str:
    """The cursor's line after the cursor, without its line break."""
    return suffix[:MAX_LINE_CHARS].partition("\n")[0]


def following_lines(suffix: str) -> Iterator[str]:
    """The lines below the cursor's that are not blank, without blanks at their ends."""
    below = suffix[:MAX_FOLLOWING_CHARS].split("\n")[1:]
    return (line.rstrip() for line in below if line.strip())


def preceding_line(prefix: str) -> str:
    """The nearest line above the cursor's that is not blank, without blanks at its end; empty if there is none."""
    above = prefix[-MAX_PRECEDING_CHARS:].rpartition("\n")[0].rstrip()
    return above.rpartition("\n")[2]


def is_only_closers(text: str) -> bool:
    """Whether `text` is only what editors insert by themselves or what ends an expression: `)`, `"`, `,`, `:`."""
    return _CLOSERS.fullmatch(text) is not None


def is_common(text: str) -> bool:
    """Whether `text` names nothing, as `)`, `else:`, `return None` and `0,` do: it may well stand there twice."""
    return all(iskeyword(name) for name in _NAME.findall(text))


def joins_word(left: str, right: str) -> bool:
    """Whether the end of `left` and the start of `right` would run into one word."""
    return _is_word(left[-1:]) and _is_word(right[:1])


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
