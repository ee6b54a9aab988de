"""The ways that the forward side could have gone instead."""

from __future__ import annotations

from typing import cast
from unittest.mock import Mock

import numpy as np

from mim_lsp.engine.branches import Branches
from mim_lsp.engine.continuation import Continuation
from mim_lsp.engine.next_tokens import NextTokens
from mim_lsp.engine.side import Side


def log_probs(*probabilities: float) -> np.ndarray:
    return np.log(np.array(probabilities, dtype=np.float32))


def side_that_wrote(*written: int) -> Side:
    """A side that knows three tokens; after token 0 it is sure of the next one, else it is not."""
    behind = Continuation(log_probs(0.5, 0.3, 0.2))
    place = behind
    for token in written:
        place = place.learn(token, log_probs(0.98, 0.015, 0.005) if token == 0 else log_probs(0.1, 0.6, 0.3))
    side = Mock()
    side.written, side.row.behind, side.vocabulary.token_bytes = [*written], behind, (b"a", b"b", b"c")
    side.possible = lambda distribution, text: NextTokens(distribution)
    return cast("Side", side)


def popped(branches: Branches) -> list[list[int]]:
    return list(iter(branches.pop, None))


def test_the_likely_ways_come_first() -> None:
    branches = Branches()
    branches.add(side_that_wrote(0, 0, 0))
    assert popped(branches) == [[1], [0, 1], [0, 0, 1]]


def test_a_way_is_taken_once_and_branches_again() -> None:
    branches = Branches()
    branches.add(side_that_wrote(0, 0))
    assert branches.pop() == [1]
    branches.add(side_that_wrote(1, 1, 0))
    assert popped(branches) == [[1, 2], [1, 1, 2], [0, 1]]
