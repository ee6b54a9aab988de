"""What is remembered of the passes behind a prompt."""

from __future__ import annotations

import numpy as np
import pytest

from mim_lsp.engine.continuation import Continuation
from mim_lsp.runtime.arrays import ArrayDistribution


def said(*numbers: float) -> ArrayDistribution:
    return ArrayDistribution(np.array(numbers, dtype=np.float32))


def grown() -> Continuation:
    """What follows 1, 1 2, 1 2 3, 1 5, and 4; the distribution says behind what."""
    root = Continuation(said(0))
    for path in ((1,), (1, 2), (1, 2, 3), (1, 5), (4,)):
        *_, place = root.walk(path[:-1])
        place.learn(path[-1], said(*path))
    return root


def known(root: Continuation, path: list[int]) -> list[list[float]]:
    return [place.distribution.floats().tolist() for place in root.walk(path)]


def test_a_walk_goes_as_far_as_it_is_known() -> None:
    root = grown()
    assert known(root, []) == [[0]]
    assert known(root, [1, 2, 3]) == [[0], [1], [1, 2], [1, 2, 3]]
    assert known(root, [1, 2, 4, 3]) == [[0], [1], [1, 2]]
    assert len(root) == 6


def test_a_way_may_be_long() -> None:
    root = place = Continuation(said(0))
    for token in range(2_000):
        place = place.learn(token, said(token))
    root.keep_only(range(2_000))
    assert len(root) == 2_001


def test_what_is_known_is_not_learnt_anew() -> None:
    root = grown()
    assert root.learn(1, said(9)).distribution.floats().tolist() == [1]
    assert len(root) == 6


@pytest.mark.parametrize(
    ("way", "left"), [([], 6), ([1], 5), ([1, 2], 4), ([1, 2, 3], 4), ([1, 5], 3), ([4], 2), ([7], 1), ([1, 7], 2)]
)
def test_only_a_way_and_what_is_behind_it_are_kept(way: list[int], left: int) -> None:
    root = grown()
    root.keep_only(way)
    assert len(root) == left
    assert known(root, way) == known(grown(), way)


def test_all_but_the_root_can_be_forgotten() -> None:
    root = grown()
    root.forget()
    assert known(root, [1]) == [[0]]
