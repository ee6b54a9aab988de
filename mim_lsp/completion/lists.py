"""Suggestions inside parameter and argument lists: the missing piece, spaced as the list is, and nothing twice.

What goes on beyond the list, or names a parameter again, is cut off; commas and blanks become those that the list has.
The filters refuse what then still has no place in the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from mim_lsp.completion.list_writer import ListWriter
from mim_lsp.completion.place import Place
from mim_lsp.syntax.lexing import missing_closers
from mim_lsp.syntax.list_items import ListItem, items_of, misplaced, repeated_names
from mim_lsp.syntax.lists import ListPlace, list_at, split_list

MAX_ITEMS = 8
"""So many items of a suggestion are looked at; those behind them are cut off."""


def fit_list(insert: str, place: Place) -> str:
    """`insert` as the list around the place takes it; as it is outside of lists, or where it goes on with the call."""
    found = _list_of(place)
    if found is None or not insert.strip():
        return insert
    own = split_list(insert, found.kind)
    rest = insert[own.end :]
    if rest and found.is_closed:
        if own.is_closed and _opens_again(rest, found):
            return insert
        rest = ""
    writer = ListWriter(found, place, rest)
    pieces = own.pieces[:MAX_ITEMS]
    written = (writer.write(pieces[:n]) for n in range(len(pieces), 0, -1))
    return next((text for text in written if not _is_worse(text, found)), writer.write(pieces[:1]))


def repeats_name(candidate: str, place: Place) -> bool:
    """Whether the candidate names a parameter, a keyword argument or a base class that the list has already."""
    found = _list_of(place)
    return found is not None and _repeats(_items(found, candidate), _items(found, ""))


def breaks_list_order(candidate: str, place: Place) -> bool:
    """Whether a parameter or an argument of the candidate, or one behind it, would stand where it must not."""
    found = _list_of(place)
    if found is None:
        return False
    return misplaced(_items(found, candidate), found.kind) > misplaced(_items(found, ""), found.kind)


@lru_cache(maxsize=2)  # several candidates have the same place
def _list_of(place: Place) -> ListPlace | None:
    return list_at(place.prefix, place.suffix) if place.language == "python" else None


def _opens_again(rest: str, found: ListPlace) -> bool:
    """Whether `rest`, which closes a call, opens another for the closer behind the cursor: `).strip(`."""
    return found.kind == "arguments" and missing_closers(rest[1:], 0) == ")"


def _items(found: ListPlace, candidate: str) -> list[ListItem]:
    """The items that the list has with the candidate; those behind the cursor do not count if it closes the list."""
    own = split_list(candidate, found.kind)
    if own.end < len(candidate):
        pieces = split_list(found.head + candidate, found.kind).pieces
    else:
        pieces = (*split_list(found.head + candidate + found.tail, found.kind).pieces, *found.after)
    return items_of((*found.before, *pieces), found.kind)


def _is_worse(candidate: str, found: ListPlace) -> bool:
    after, before = _items(found, candidate), _items(found, "")
    return _repeats(after, before) or misplaced(after, found.kind) > misplaced(before, found.kind)


def _repeats(after: Sequence[ListItem], before: Sequence[ListItem]) -> bool:
    return len(repeated_names(after)) > len(repeated_names(before))
