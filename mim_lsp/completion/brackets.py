"""The bracket ledger: what a suggestion opens and closes, between what is open before it and closed behind it."""

from __future__ import annotations

from mim_lsp.completion.cursor_line import rest_of_line, typed_part
from mim_lsp.completion.place import Place
from mim_lsp.syntax.lexing import CLOSER_OF, unbalanced_brackets
from mim_lsp.syntax.tree import window_around

REACH = 8_000
"""Characters around the cursor in which brackets are counted, from an outer definition on where there is one."""


def unbalances_brackets(candidate: str, place: Place) -> bool:
    """Whether more brackets have no partner with the candidate than without it."""
    return _robs_rest_of_line(candidate, place) or imbalance(candidate, place) > imbalance("", place)


def _robs_rest_of_line(candidate: str, place: Place) -> bool:
    """Whether a closer behind the cursor, whose partner stands in the same line, loses it to the candidate.

    The line tells that by itself. What is around it may deceive: it can begin inside a string.
    """
    left, right = typed_part(place.prefix), rest_of_line(place.suffix)
    if not any(closer in right for closer in CLOSER_OF.values()) or unbalanced_brackets(left + right, place.language):
        return False
    return unbalanced_brackets(left + candidate + right, place.language) > 0


def imbalance(candidate: str, place: Place) -> int:
    """How many brackets around the cursor have no partner when the candidate is inserted."""
    prefix, suffix, language = place.prefix, place.suffix, place.language
    start, end = window_around(prefix + suffix, len(prefix), len(prefix), REACH, language)
    return unbalanced_brackets(prefix[start:] + candidate + suffix[: end - len(prefix)], language)
