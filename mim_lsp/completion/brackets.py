"""The bracket ledger: what a suggestion opens and closes, between what is open before it and closed behind it."""

from __future__ import annotations

from mim_lsp.completion.place import Place
from mim_lsp.syntax.lexing import unbalanced_brackets
from mim_lsp.syntax.tree import window_around

REACH = 8_000
"""Characters around the cursor in which brackets are counted, from an outer definition on where there is one."""


def unbalances_brackets(candidate: str, place: Place) -> bool:
    """Whether more brackets have no partner with the candidate than without it."""
    return imbalance(candidate, place) > imbalance("", place)


def imbalance(candidate: str, place: Place) -> int:
    """How many brackets around the cursor have no partner when the candidate is inserted."""
    prefix, suffix, language = place.prefix, place.suffix, place.language
    start, end = window_around(prefix + suffix, len(prefix), len(prefix), REACH, language)
    return unbalanced_brackets(prefix[start:] + candidate + suffix[: end - len(prefix)], language)
