from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.model.config import SpecialTokens
from mim_lsp.model.rows import Direction, build_row

SPECIAL = SpecialTokens(l2r=90, r2l=91, far=92, near=93, eom=94, pad=95)
TOKENS = st.lists(st.integers(0, 89), max_size=12)


@pytest.mark.parametrize(
    ("direction", "own", "far", "finished", "row"),
    [
        (Direction.FORWARD, [1, 2, 3], None, False, [90, 1, 2, 3]),
        (Direction.BACKWARD, [1, 2, 3], None, False, [91, 3, 2, 1]),
        (Direction.FORWARD, [1, 2, 3], [7, 8], False, [90, 92, 7, 8, 93, 1, 2, 3]),
        (Direction.BACKWARD, [3, 7, 8], [1, 2], True, [91, 92, 2, 1, 93, 8, 7, 3, 94]),
        (Direction.FORWARD, [1], [], True, [90, 92, 93, 1, 94]),
        (Direction.BACKWARD, [], None, False, [91]),
        (Direction.BACKWARD, [], [], False, [91, 92, 93]),
    ],
)
def test_rows(direction: Direction, own: list[int], far: list[int] | None, finished: bool, row: list[int]) -> None:
    assert build_row(SPECIAL, direction, own, far, finished=finished) == row


@given(TOKENS, st.none() | TOKENS, st.booleans())
def test_the_backward_row_is_the_forward_row_of_the_reversed_text(
    own: list[int], far: list[int] | None, finished: bool
) -> None:
    backward = build_row(SPECIAL, Direction.BACKWARD, own, far, finished=finished)
    mirrored_far = None if far is None else far[::-1]
    forward = build_row(SPECIAL, Direction.FORWARD, own[::-1], mirrored_far, finished=finished)
    assert backward == [SPECIAL.r2l, *forward[1:]]


@given(TOKENS, TOKENS, TOKENS, st.none() | TOKENS)
def test_decoding_goes_on_where_the_row_ended(near: list[int], middle: list[int], rest: list[int], far: None) -> None:
    """What is written into the middle is appended, in the reading direction, with no token between."""
    forward = build_row(SPECIAL, Direction.FORWARD, near, far)
    assert build_row(SPECIAL, Direction.FORWARD, near + middle, far) == forward + middle
    backward = build_row(SPECIAL, Direction.BACKWARD, rest, far)
    assert build_row(SPECIAL, Direction.BACKWARD, middle + rest, far) == backward + middle[::-1]


def test_the_callers_lists_are_left_alone() -> None:
    own, far = [1, 2], (3, 4)
    build_row(SPECIAL, Direction.BACKWARD, own, far, finished=True)
    assert own == [1, 2]
