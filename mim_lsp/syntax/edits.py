"""What turns one text into another, as tree-sitter wants to be told it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tree_sitter import Point, Tree


class Edit(NamedTuple):
    """The one range of bytes, [start, old_end), in whose place others, [start, new_end), were put."""

    start: int
    old_end: int
    new_end: int


def find_edit(old: bytes, new: bytes) -> Edit:
    """The shortest edit that turns `old` into `new`."""
    start = _common_start(np.frombuffer(old, np.uint8), np.frombuffer(new, np.uint8))
    kept = _common_start(np.frombuffer(old, np.uint8)[start:][::-1], np.frombuffer(new, np.uint8)[start:][::-1])
    return Edit(start, len(old) - kept, len(new) - kept)


def edited(tree: Tree, old: bytes, new: bytes) -> Tree:
    """A copy of `tree`, which was parsed from `old`, from which `new` can be parsed."""
    edit, copy = find_edit(old, new), tree.copy()
    copy.edit(*edit, _point(old, edit.start), _point(old, edit.old_end), _point(new, edit.new_end))
    return copy


def _common_start(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> int:
    n = min(len(a), len(b))
    differ = a[:n] != b[:n]
    return int(differ.argmax()) if differ.any() else n


def _point(data: bytes, offset: int) -> Point:
    """Row and column, in bytes, of a place in `data`."""
    return Point(data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1))
