from __future__ import annotations

import pytest

from mim_lsp.engine.meet import Meet, find_meets

BACKWARD = [9, 8, 7, 6, 5]
"""Own order: the text is 5 6 7 8 9."""


@pytest.mark.parametrize(
    ("n", "forward", "meets"),
    [
        (1, [1, 5], [Meet(2, 4)]),
        (1, [1, 7], [Meet(2, 2)]),
        (1, [1, 9], [Meet(2, 0)]),
        (2, [1, 7], []),
        (2, [6, 7], [Meet(2, 2)]),
        (2, [1, 7, 8], [Meet(3, 1)]),
        (3, [1, 7, 8], []),
        (3, [7, 8, 9], [Meet(3, 0)]),
        (4, [6, 7, 8, 9], [Meet(4, 0)]),
        (5, [5, 6, 7, 8, 9], [Meet(5, 0)]),
    ],
)
def test_the_newest_forward_tokens_are_found_in_the_backward_text(
    n: int, forward: list[int], meets: list[Meet]
) -> None:
    assert find_meets(forward, BACKWARD, n) == meets


def test_the_newest_backward_tokens_are_found_in_the_forward_text() -> None:
    assert find_meets([1, 5, 6, 2], BACKWARD, 2) == [Meet(3, 3)]
    assert find_meets([1, 5, 6, 2], BACKWARD, 3) == []


def test_all_places_are_candidates_longest_text_first() -> None:
    assert find_meets([3, 4, 4], [4, 2, 4], 1) == [Meet(3, 2), Meet(2, 2), Meet(3, 0)]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_sides_shorter_than_n_do_not_meet(n: int) -> None:
    same = [1] * (n - 1)
    assert find_meets(same, [1] * 9, n) == []
    assert find_meets([1] * 9, same, n) == []
