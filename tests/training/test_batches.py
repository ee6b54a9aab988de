from __future__ import annotations

import random
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.training.batches import Batch, BatchSource, pack
from mim_lsp.training.objective import IGNORE
from mim_lsp.training.windows import Example, ExampleBuilder, WindowSettings
from tests.tiny import SOURCE, tiny_config, tiny_tokenizer

PAD = 999
ROW_TOKENS = 12

segments = st.lists(st.integers(0, 99), min_size=1, max_size=ROW_TOKENS + 1)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Two rows of any tokens, and a few places of theirs as pairs."""
    forward, backward = draw(segments), draw(segments)
    n_pairs = draw(st.integers(0, min(len(forward), len(backward)) - 1))
    pairs = [(i, len(backward) - 2 - i) for i in range(n_pairs)]
    ends = tuple(
        sorted(draw(st.sets(st.sampled_from(range(len(row)))) if row else st.just(set())))
        for row in (forward[1:], backward[1:])
    )
    return Example(
        forward, backward, pairs, draw(st.sampled_from(["text", "span"])), draw(st.sampled_from([None, ends]))
    )


def segments_of(batch: Batch) -> list[tuple[bool, list[int]]]:
    """The segments that a batch holds, with the last token, which is only predicted."""
    found = []
    for ids, positions, numbers, targets, backward in zip(
        *(t.tolist() for t in (batch.ids_RT, batch.positions_RT, batch.segments_RT, batch.targets_RT)),
        batch.backward_RT.tolist(),
        strict=True,
    ):
        for number in sorted(set(numbers) - {0}):
            where = [t for t, of in enumerate(numbers) if of == number]
            assert where == list(range(where[0], where[-1] + 1))
            assert [positions[t] for t in where] == list(range(len(where)))
            assert [ids[t + 1] for t in where[:-1]] == [targets[t] for t in where[:-1]]
            assert len({backward[t] for t in where}) == 1
            found.append((backward[where[0]], [ids[t] for t in where] + [targets[where[-1]]]))
    return found


@given(st.lists(examples(), min_size=1, max_size=6))
def test_every_token_is_placed_once(drawn: list[Example]) -> None:
    batch = pack(drawn, ROW_TOKENS, PAD)
    expected = [(False, example.forward) for example in drawn] + [(True, example.backward) for example in drawn]
    placed = Counter((backward, tuple(segment)) for backward, segment in segments_of(batch))
    assert placed == Counter((backward, tuple(segment)) for backward, segment in expected if len(segment) > 1)
    assert batch.n_tokens == sum(len(segment) - 1 for _, segment in expected)


@given(st.lists(examples(), min_size=1, max_size=6))
def test_the_rest_is_padding(drawn: list[Example]) -> None:
    batch = pack(drawn, ROW_TOKENS, PAD)
    is_padding = batch.segments_RT == 0
    assert (batch.ids_RT[is_padding] == PAD).all()
    assert (batch.targets_RT[is_padding] == IGNORE).all()
    assert (batch.targets_RT[~is_padding] != IGNORE).all()
    assert not batch.backward_RT[is_padding].any()


@given(st.lists(examples(), min_size=1, max_size=6))
def test_pairs_point_at_their_own_example(drawn: list[Example]) -> None:
    batch = pack(drawn, ROW_TOKENS, PAD)
    expected = [
        (example.forward[f + 1], example.backward[b + 1], f, b, example.kind != "text")
        for example in drawn
        for f, b in example.pairs
    ]
    targets, positions, backward = (t.flatten() for t in (batch.targets_RT, batch.positions_RT, batch.backward_RT))
    forward_K, backward_K = batch.pairs_K2.unbind(1)
    found = zip(
        targets[forward_K].tolist(),
        targets[backward_K].tolist(),
        positions[forward_K].tolist(),
        positions[backward_K].tolist(),
        batch.pairs_in_middle_K.tolist(),
        strict=True,
    )
    assert list(found) == expected
    assert not backward[forward_K].any()
    assert backward[backward_K].all()


@given(st.lists(examples(), min_size=1, max_size=6))
def test_a_middle_may_end_where_its_example_says(drawn: list[Example]) -> None:
    batch = pack(drawn, ROW_TOKENS, PAD)
    is_token = batch.segments_RT != 0
    assert not batch.may_end_RT[~is_token].any()
    found = Counter(
        zip(*(t[is_token].tolist() for t in (batch.ids_RT, batch.positions_RT, batch.may_end_RT)), strict=True)
    )
    expected = Counter(
        (token, i, ends is None or i in ends)
        for example in drawn
        for row, ends in zip((example.forward, example.backward), example.ends or (None, None), strict=True)
        for i, token in enumerate(row[:-1])
    )
    assert found == expected


def test_a_batch_by_hand() -> None:
    first = Example([1, 2, 3, 4, 5], [6, 4, 3, 2], [(0, 2), (1, 1), (2, 0)], "text", ([], []))
    second = Example([7, 8], [9, 8, 7], [], "span", ([0], [1]))
    batch = pack([first, second], 5, PAD)
    assert batch.ids_RT.tolist() == [[1, 2, 3, 4, 7], [6, 4, 3, 9, 8]]
    assert batch.targets_RT.tolist() == [[2, 3, 4, 5, 8], [4, 3, 2, 8, 7]]
    assert batch.positions_RT.tolist() == [[0, 1, 2, 3, 0], [0, 1, 2, 0, 1]]
    assert batch.segments_RT.tolist() == [[1, 1, 1, 1, 2], [1, 1, 1, 2, 2]]
    assert batch.backward_RT.tolist() == [[False] * 5, [True] * 5]
    assert batch.pairs_K2.tolist() == [[0, 7], [1, 6], [2, 5]]
    assert batch.pairs_in_middle_K.tolist() == [False] * 3
    assert batch.may_end_RT.tolist() == [[False] * 4 + [True], [False] * 4 + [True]]


def test_a_row_that_does_not_fit_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        pack([Example([0] * 14, [0], [], "text")], ROW_TOKENS, PAD)


def source(seed: int = 3) -> BatchSource:
    builder = ExampleBuilder(tiny_config(), tiny_tokenizer(), WindowSettings(tokens=96))
    return BatchSource([SOURCE, "", "x = 1\n", SOURCE[::-1]], builder, examples_per_batch=3, stride=200, seed=seed)


def assert_same(first: Batch, second: Batch) -> None:
    for name, tensor in vars(first).items():
        assert torch.equal(tensor, getattr(second, name)), name


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    in_order = {step: source().batch(step) for step in range(12)}
    one = source()
    for step in random.Random(0).sample(range(12), 12):
        assert_same(one.batch(step), in_order[step])
    assert in_order[0].ids_RT.tolist() != in_order[1].ids_RT.tolist()
    assert source(seed=4).batch(0).ids_RT.tolist() != in_order[0].ids_RT.tolist()


def test_every_epoch_visits_every_place_once_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    visited: list[tuple[str, int]] = []

    def record(self: ExampleBuilder, text: str, anchor: int, stride: int, rng: random.Random, turn: int) -> Example:
        visited.append((text, anchor))
        return Example([rng.randrange(99), 1], [0, 1], [], "text")

    monkeypatch.setattr(ExampleBuilder, "draw", record)
    batches = source()
    n = len(batches.anchors)
    assert [anchor for index, anchor in batches.anchors if index == 0] == list(range(0, len(SOURCE), 200))
    first_tokens = [batches.examples(step)[0].forward[0] for step in range(2 * n)]  # three places in each step
    epochs = [visited[start : start + n] for start in range(0, 6 * n, n)]
    everywhere = [(batches.texts[index], anchor) for index, anchor in batches.anchors]
    for epoch in epochs:
        assert sorted(epoch) == sorted(everywhere)
    assert len({tuple(epoch) for epoch in epochs}) == len(epochs)
    assert len(set(first_tokens)) > 20  # a place looks different in another epoch


@given(st.lists(examples(), min_size=1, max_size=9), st.integers(1, 5))
def test_fixed_rows_hold_every_example_that_has_a_place_beside_those_before(drawn: list[Example], rows: int) -> None:
    batch = pack(drawn, ROW_TOKENS, PAD, rows)
    assert batch.ids_RT.shape == (rows, ROW_TOKENS)
    taken: list[Example] = []
    for example in drawn:
        if len(pack([*taken, example], ROW_TOKENS, PAD).ids_RT) <= rows:
            taken.append(example)
    placed = Counter((backward, tuple(segment)) for backward, segment in segments_of(batch))
    assert placed == placed_of(taken)
    assert len(batch.pairs_K2) == sum(len(example.pairs) for example in taken)


def placed_of(drawn: list[Example]) -> Counter[tuple[bool, tuple[int, ...]]]:
    both = [(False, example.forward) for example in drawn] + [(True, example.backward) for example in drawn]
    return Counter((backward, tuple(segment)) for backward, segment in both if len(segment) > 1)


def test_a_source_of_fixed_rows_always_has_the_same_shape() -> None:
    builder = ExampleBuilder(tiny_config(), tiny_tokenizer(), WindowSettings(tokens=64))
    fixed = BatchSource([SOURCE], builder, examples_per_batch=5, stride=200, seed=1, rows=3)
    assert {fixed.batch(number).ids_RT.shape for number in range(4)} == {(3, 64)}
