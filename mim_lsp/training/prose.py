"""Texts that are natural language."""

from __future__ import annotations


class Prose(str):
    """A text that is natural language; any other is code. Holes in it are drawn without a look at syntax."""

    __slots__ = ()
