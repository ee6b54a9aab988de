"""Where a suggestion is to be inserted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    r"""The text around the cursor, with `\n` for line breaks."""

    prefix: str
    suffix: str
    language: str = "python"
    """By its LSP `languageId`."""
