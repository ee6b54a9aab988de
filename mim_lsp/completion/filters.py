r"""Checks of what is about to be offered, and the reasons for which nothing is.

A filter is a pure function of a suggestion and its place. Each stands for itself; `FILTERS` says which are used, and
in which order. They see texts whose line breaks are `\n`, and suggestions that the edits (`completion/edits.py`) have
been over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from mim_lsp.completion.brackets import unbalances_brackets
from mim_lsp.completion.lists import breaks_list_order, repeats_name
from mim_lsp.completion.place import Place
from mim_lsp.completion.reasons import REASONS as REASONS
from mim_lsp.completion.repetition import repeats_following, repeats_itself, repeats_preceding
from mim_lsp.syntax.validity import makes_syntax_worse

Filter = Callable[[str, Place], bool]
"""Whether to refuse a candidate at a place."""


def blank(candidate: str, place: Place) -> bool:
    """Whether the candidate has nothing to read in it; a line break and its indentation are not worth showing."""
    return not candidate.strip()


def worsens_syntax(candidate: str, place: Place) -> bool:
    """Whether the file has more syntax errors with the candidate than without."""
    return makes_syntax_worse(place.prefix, candidate, place.suffix, place.language)


FILTERS: tuple[tuple[str, Filter], ...] = (
    ("blank", blank),
    ("repeats_following", repeats_following),
    ("repeats_preceding", repeats_preceding),
    ("repeats_itself", repeats_itself),
    ("repeats_name", repeats_name),
    ("breaks_list_order", breaks_list_order),
    ("unbalances_brackets", unbalances_brackets),
    ("worsens_syntax", worsens_syntax),
)
"""The filters by the reason that they give, the cheap ones first."""


def check(candidate: str, place: Place, disabled: Collection[str] = ()) -> str | None:
    """The reason, a key of `REASONS`, for which `candidate` is not to be offered; None if it is.

    Filters whose reasons are in `disabled` are not asked.
    """
    used = ((reason, refuses) for reason, refuses in FILTERS if reason not in disabled)
    return next((reason for reason, refuses in used if refuses(candidate, place)), None)
