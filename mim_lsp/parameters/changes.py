"""Changes of a text: what is put in place of what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Change(NamedTuple):
    """Puts `text` in place of [start, end)."""

    start: int
    end: int
    text: str


def apply(text: str, changes: Iterable[Change]) -> str:
    """`text` with all changes made; they must not overlap."""
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text
