"""What is taken off a suggestion, or written otherwise, before it is judged; each edit can be left out by its name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from mim_lsp.completion.indentation import normalize_indentation
from mim_lsp.completion.lists import fit_list
from mim_lsp.completion.modes import Unit, cut
from mim_lsp.completion.place import Place
from mim_lsp.completion.trimming import trim
from mim_lsp.completion.types import Indentation
from mim_lsp.syntax.validity import makes_syntax_worse


@dataclass(frozen=True)
class Wanted:
    """What the edits make of a suggestion: where it goes, how far, and how it is indented."""

    place: Place
    unit: Unit
    indentation: Indentation | None = None


@dataclass(frozen=True)
class Change:
    """What one edit did."""

    reason: str
    """A key of `mim_lsp.completion.reasons.REASONS`."""
    removed: str
    """The end that it took off; empty where it wrote something otherwise."""


Edit = Callable[[str, Wanted], str]


def beyond_unit(insert: str, wanted: Wanted) -> str:
    """`insert` without what goes on beyond its line, statement or block."""
    return cut(insert, wanted.place.prefix, wanted.unit, wanted.place.language)


def repeated_end(insert: str, wanted: Wanted) -> str:
    """`insert` without an end that repeats what stands after the cursor, and without blank lines at its end."""
    return trim(insert, wanted.place.prefix, wanted.place.suffix, wanted.place.language)


def indentation(insert: str, wanted: Wanted) -> str:
    """`insert` indented as the editor wants it, unless the file would be worse for it."""
    if wanted.indentation is None:
        return insert
    place = wanted.place
    written = normalize_indentation(insert, place.prefix, wanted.indentation, place.language)
    if written == insert or not makes_syntax_worse(place.prefix, written, place.suffix, place.language):
        return written
    return insert


def list_style(insert: str, wanted: Wanted) -> str:
    """`insert` cut and spaced as the parameter or argument list takes it that it stands in."""
    return fit_list(insert, wanted.place)


EDITS: tuple[tuple[str, Edit], ...] = (
    ("beyond_unit", beyond_unit),
    ("repeated_end", repeated_end),
    ("indentation", indentation),
    ("list_style", list_style),
)
"""The edits by the reason that they give, in the order in which they are made."""


def edit(insert: str, wanted: Wanted, disabled: Collection[str] = ()) -> tuple[str, tuple[Change, ...]]:
    """`insert` after all edits whose reasons are not `disabled`, and what each of them did."""
    changes: list[Change] = []
    for reason, apply in EDITS:
        edited = insert if reason in disabled else apply(insert, wanted)
        if edited != insert:
            removed = insert[len(edited) :] if insert.startswith(edited) else ""
            changes.append(Change(reason, removed))
        insert = edited
    return insert, tuple(changes)
