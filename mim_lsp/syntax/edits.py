"""What turns one text into another, as tree-sitter wants to be told it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tree_sitter import Point, Tree


class Edit(NamedTuple):
    """The one range of bytes, [start, old_end), in whose place others, [start, new_end), were put."""

    start: int
    old_end: int
    new_end: int


def find_edit(old: bytes, new: bytes) -> Edit:
    """The shortest edit that turns `old` into `new`."""
    shorter, n_old, n_new = min(len(old), len(new)), len(old), len(new)
    start = _longest(shorter, lambda i, j: old[i:j] == new[i:j])
    kept = _longest(shorter - start, lambda i, j: old[n_old - j : n_old - i] == new[n_new - j : n_new - i])
    return Edit(start, len(old) - kept, len(new) - kept)


def edited(tree: Tree, old: bytes, new: bytes) -> Tree:
    """A copy of `tree`, which was parsed from `old`, from which `new` can be parsed."""
    edit, copy = find_edit(old, new), tree.copy()
    copy.edit(*edit, _point(old, edit.start), _point(old, edit.old_end), _point(new, edit.new_end))
    return copy


def _longest(most: int, are_same: Callable[[int, int], bool]) -> int:
    """How many of at most `most` bytes are the same, by halving: slices are compared at the speed of memory.

    `are_same` compares those from its first number to its second.
    """
    same, differ = 0, most + 1
    while differ - same > 1:
        middle = (same + differ) // 2
        if are_same(same, middle):
            same = middle
        else:
            differ = middle
    return same


def _point(data: bytes, offset: int) -> Point:
    """Row and column, in bytes, of a place in `data`."""
    return Point(data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1))
