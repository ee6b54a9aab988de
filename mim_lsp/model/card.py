"""The card of a model, the README.md in its folder."""

from __future__ import annotations

import re
from itertools import dropwhile, takewhile
from textwrap import shorten

MOST_CHARS = 240
"""A card may begin with a sentence that does not end."""


def first_sentence(card: str) -> str:
    """The first sentence of a card below its title, in one line; empty if it has none."""
    prose = dropwhile(lambda line: not _is_prose(line), card.splitlines())
    paragraph = " ".join(takewhile(_is_prose, prose))
    return shorten(re.split(r"(?<=\.)\s", paragraph, maxsplit=1)[0], MOST_CHARS, placeholder=" …")


def _is_prose(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("#", "---"))
