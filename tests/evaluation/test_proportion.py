from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.evaluation.proportion import proportion


def test_wilsons_interval_as_published() -> None:
    found = proportion(15, 148)  # Newcombe (1998), table I
    assert (round(found.low, 4), round(found.high, 4)) == (0.0624, 0.1605)
    assert str(found) == "10.1% (6 to 16)"


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_share_lies_in_its_interval(hits: int, misses: int) -> None:
    found = proportion(hits, hits + misses)
    assert 0.0 <= found.low <= found.share + 1e-12
    assert found.share <= found.high + 1e-12 <= 1.0 + 1e-12


def test_without_a_case_it_may_be_anything() -> None:
    found = proportion(0, 0)
    assert (found.low, found.high) == (0.0, 1.0)
    assert found.share == pytest.approx(0.0)
