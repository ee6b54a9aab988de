from hypothesis import given
from hypothesis import strategies as st

from benchmarks.infill_prompt import Move, Reuse, infill_prompt, plan_reuse
from mim_lsp.model.config import SpecialTokens

SPECIAL = SpecialTokens.at_the_end_of(100)
PRE, SUF, MID = SPECIAL.l2r, SPECIAL.far, SPECIAL.near


def test_the_prompt_ends_with_the_middle_token_in_both_orders() -> None:
    assert infill_prompt(SPECIAL, [1, 2], [3, 4], spm=False) == [PRE, 1, 2, SUF, 3, 4, MID]
    assert infill_prompt(SPECIAL, [1, 2], [3, 4], spm=True) == [SUF, 3, 4, PRE, 1, 2, MID]


def test_the_common_prefix_is_kept() -> None:
    assert plan_reuse([1, 2, 3, 4], [1, 2, 5, 4], min_chunk=0) == Reuse(2)


def test_one_token_is_always_read() -> None:
    assert plan_reuse([1, 2, 3, 9], [1, 2, 3], min_chunk=0) == Reuse(2)


def test_a_key_in_the_default_order_has_the_whole_suffix_read_again() -> None:
    before = infill_prompt(SPECIAL, [1, 2], [5, 6, 7], spm=False)
    after = infill_prompt(SPECIAL, [1, 2, 3], [5, 6, 7], spm=False)
    for min_chunk in (0, 2):
        assert plan_reuse(before, after, min_chunk) == Reuse(3)


def test_a_key_in_spm_order_costs_its_own_tokens() -> None:
    before = infill_prompt(SPECIAL, [1, 2], [5, 6, 7], spm=True)
    after = infill_prompt(SPECIAL, [1, 2, 3], [5, 6, 7], spm=True)
    assert plan_reuse([*before, 50, 51], after, min_chunk=0) == Reuse(len(after) - 2)


def test_text_that_was_deleted_before_a_chunk_lets_the_chunk_move_forward() -> None:
    cached, wanted = [1, 2, 3, 4, 5, 6, 7], [1, 4, 5, 6, 8]
    assert plan_reuse(cached, wanted, min_chunk=3) == Reuse(4, [Move(3, 6, 1)])
    assert plan_reuse(cached, wanted, min_chunk=4) == Reuse(1)


@given(
    st.lists(st.integers(0, 2), max_size=12), st.lists(st.integers(0, 2), min_size=1, max_size=12), st.integers(0, 3)
)
def test_what_is_kept_is_the_head_of_the_new_prompt(cached: list[int], wanted: list[int], min_chunk: int) -> None:
    reuse = plan_reuse(cached, wanted, min_chunk)
    row = list(cached)
    for move in reuse.moves:
        assert move.to <= move.start
        row[move.to : move.to + move.end - move.start] = row[move.start : move.end]
    assert row[: reuse.kept] == wanted[: reuse.kept]
    assert reuse.kept < len(wanted)
