"""The ways that the forward side could have gone instead."""

from __future__ import annotations

import math
from typing import cast
from unittest.mock import Mock

import numpy as np
import pytest

from mim_lsp.engine.branches import Branches
from mim_lsp.engine.continuation import Continuation
from mim_lsp.engine.next_tokens import NextTokens
from mim_lsp.engine.side import Side
from mim_lsp.runtime.arrays import ArrayDistribution


def distribution(*probabilities: float) -> ArrayDistribution:
    return ArrayDistribution(np.log(np.array(probabilities, dtype=np.float32)))


def side_that_wrote(*written: int) -> Side:
    """A side that knows three tokens; after token 0 it is sure of the next one, else it is not."""
    behind = Continuation(distribution(0.5, 0.3, 0.2))
    place, log_probs = behind, []
    for token in written:
        log_probs.append(place.distribution.log_prob(token))
        place = place.learn(token, distribution(0.98, 0.015, 0.005) if token == 0 else distribution(0.1, 0.6, 0.3))
    side = Mock()
    side.written, side.row.behind, side.vocabulary.token_bytes = [*written], behind, (b"a", b"b", b"c")
    side.vocabulary.bytes_of = lambda ids: b"".join(side.vocabulary.token_bytes[token] for token in ids)
    side.log_probs = log_probs
    side.possible = lambda given, text, ids: NextTokens(given, 3)
    return cast("Side", side)


def popped(branches: Branches) -> list[list[int]]:
    return [branch.way for branch in iter(branches.pop, None)]


def test_the_likely_ways_come_first() -> None:
    branches = Branches()
    branches.add(side_that_wrote(0, 0, 0))
    assert popped(branches) == [[1], [0, 1], [0, 0, 1]]


def test_a_way_is_taken_once_and_branches_again() -> None:
    branches = Branches()
    branches.add(side_that_wrote(0, 0))
    branch = branches.pop()
    assert branch is not None
    assert branch.way == [1]
    assert branch.log_prob == pytest.approx(math.log(0.3))
    branches.add(side_that_wrote(1, 1, 0), start=1)
    assert popped(branches) == [[1, 2], [1, 1, 2], [0, 1]]
