"""The books that rows keep of what their runtime holds, and which row is taken for a prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.engine.caches import PREFILL_CHUNK, DocumentCaches, DocumentRows, RowPair
from mim_lsp.engine.rows import CachedRow, count_common
from mim_lsp.errors import Cancelled
from mim_lsp.runtime.protocol import CancelFlag
from tests.engine.oracle import CONFIG, OracleRuntime, RandomRuntime

L2R, R2L = CONFIG.special.l2r, CONFIG.special.r2l
FORWARD = [L2R, *range(2 * PREFILL_CHUNK)]
BACKWARD = [R2L, *range(9)]
PROMPTS = [FORWARD, BACKWARD]


@pytest.fixture
def runtime() -> OracleRuntime:
    return OracleRuntime()


@pytest.fixture
def rows(runtime: OracleRuntime) -> DocumentRows:
    return DocumentRows(runtime)


def read(rows: DocumentRows, prompts: list[list[int]] = PROMPTS, *, ahead: bool = False) -> tuple[RowPair, int]:
    """Read prompts; returns the rows that hold them, and how many tokens that took."""
    pair = (rows.for_reading_ahead if ahead else rows.for_request)(prompts)
    return pair, pair.read(prompts, CancelFlag())


def assert_books_are_right(pair: RowPair, runtime: OracleRuntime, prompts: list[list[int]]) -> None:
    for row, prompt in zip(pair.both, prompts, strict=True):
        assert row.ids == runtime.rows[row.handle]
        assert row.ids[: len(prompt)] == prompt
        assert row.behind.distribution.floats().tolist() == runtime.log_probs(prompt).tolist()


def test_reading_goes_side_by_side_until_both_are_done(rows: DocumentRows, runtime: OracleRuntime) -> None:
    pair, n_read = read(rows)
    assert n_read == len(FORWARD) + len(BACKWARD)
    assert [[len(feed.ids) for feed in feeds] for feeds in runtime.passes] == [
        [PREFILL_CHUNK, len(BACKWARD)],
        [PREFILL_CHUNK],
        [1],
    ]
    assert_books_are_right(pair, runtime, PROMPTS)


def test_only_what_changed_is_read(rows: DocumentRows, runtime: OracleRuntime) -> None:
    read(rows)
    runtime.passes.clear()
    changed = [[*FORWARD[:300], 5, 6], BACKWARD]
    pair, n_read = read(rows, changed)
    assert n_read == 2
    assert [[list(feed.ids) for feed in feeds] for feeds in runtime.passes] == [[[5, 6]]]
    assert_books_are_right(pair, runtime, changed)
    assert read(rows, changed)[1] == 0
    assert len(runtime.passes) == 1


def test_a_shorter_prompt_reads_its_last_token_again(rows: DocumentRows, runtime: OracleRuntime) -> None:
    """The cache holds it, but nobody knows what follows."""
    read(rows)
    prompts = [FORWARD[:-3], BACKWARD]
    pair, n_read = read(rows, prompts)
    assert n_read == 1
    assert_books_are_right(pair, runtime, prompts)


def test_what_was_written_behind_a_prompt_can_become_part_of_it(rows: DocumentRows, runtime: OracleRuntime) -> None:
    pair, _ = read(rows)
    for n, token in enumerate((7, 8, 9)):
        feed = pair.forward.feed(len(FORWARD), [7, 8, 9][: n + 1])
        assert list(feed.ids) == [token]
        place = list(pair.forward.behind.walk([7, 8, 9][:n]))[-1]
        place.learn(token, pair.step([feed], CancelFlag())[0][-1])
    for prompt, n_read in (([*FORWARD, 7, 8], 0), ([*FORWARD, 7, 8, 1], 1), (FORWARD, 1)):
        prompts = [prompt, BACKWARD]
        pair, n = read(rows, prompts)
        assert n == n_read
        assert_books_are_right(pair, runtime, prompts)


def test_a_feed_begins_where_the_cache_differs(runtime: OracleRuntime) -> None:
    row = CachedRow(runtime)
    pair = RowPair(runtime, row, CachedRow(runtime))
    pair.step([row.feed(0, [L2R, 1, 2, 3, 4])], CancelFlag())
    for ids, outputs, fed in (
        ([2, 3, 4], 1, [4]),
        ([2, 3, 9], 1, [9]),
        ([2, 3, 9, 8], 3, [3, 9, 8]),
        ([2, 3, 9, 8], 4, [2, 3, 9, 8]),
        ([5], 1, [5]),
    ):
        feed = row.feed(2, ids, outputs)
        assert (list(feed.ids), feed.outputs) == (fed, outputs)
        pair.step([feed], CancelFlag())
        assert row.ids == runtime.rows[row.handle] == [L2R, 1, *ids]


@pytest.mark.parametrize("n_passes", range(3))
def test_a_cancelled_pass_is_not_booked(rows: DocumentRows, runtime: OracleRuntime, n_passes: int) -> None:
    cancel = CancelFlag()
    runtime.before_pass = lambda: cancel.set() if len(runtime.passes) == n_passes else None
    pair = rows.for_request(PROMPTS)
    with pytest.raises(Cancelled):
        pair.read(PROMPTS, cancel)
    assert len(pair.forward.ids) == n_passes * PREFILL_CHUNK
    pair, n_read = read(rows)
    assert n_read == len(FORWARD) - n_passes * PREFILL_CHUNK + (len(BACKWARD) if n_passes == 0 else 0)
    assert_books_are_right(pair, runtime, PROMPTS)


OTHER = [[L2R, *range(100, 140)], [R2L, *range(100, 140)]]


def test_a_jump_and_back_reads_each_place_once(rows: DocumentRows) -> None:
    assert read(rows)[1] > 0
    assert read(rows, OTHER)[1] == sum(map(len, OTHER))
    assert read(rows)[1] == 0
    assert read(rows, OTHER)[1] == 0


def test_reading_ahead_leaves_what_is_in_use(rows: DocumentRows, runtime: OracleRuntime) -> None:
    read(rows)
    window_moved = [[*FORWARD[:300], *range(50)], [*BACKWARD, 3]]
    _, n_read = read(rows, window_moved, ahead=True)
    assert n_read == len(window_moved[0]) + 1
    assert read(rows)[1] <= 1
    assert read(rows, window_moved)[1] <= 1
    assert len(runtime.rows) == 3


def test_reading_ahead_goes_on_where_it_was_cancelled(rows: DocumentRows, runtime: OracleRuntime) -> None:
    read(rows, OTHER)
    cancel = CancelFlag()
    runtime.before_pass = lambda: cancel.set() if len(runtime.passes) == 2 else None
    with pytest.raises(Cancelled):
        rows.for_reading_ahead(PROMPTS).read(PROMPTS, cancel)
    assert read(rows, OTHER)[1] == 0
    assert read(rows, ahead=True)[1] == len(FORWARD) - PREFILL_CHUNK


def test_a_document_that_is_left_keeps_one_row_of_each_direction(runtime: OracleRuntime) -> None:
    caches = DocumentCaches(runtime)
    read(caches.rows("a"))
    read(caches.rows("a"), OTHER)
    assert len(runtime.rows) == 4
    read(caches.rows("b"))
    assert len(runtime.rows) == 4
    assert read(caches.rows("a"), OTHER)[1] == 0
    caches.forget("a")
    caches.forget("b")
    assert (len(runtime.rows), len(caches)) == (0, 0)


TOKENS = st.lists(st.integers(0, 2), max_size=5)
ACTIONS = st.lists(st.tuples(st.booleans(), TOKENS, TOKENS, TOKENS, st.integers(0, 3)), max_size=12)


@given(ACTIONS)
def test_books_are_right_whatever_is_read_written_and_cancelled(
    actions: list[tuple[bool, list[int], list[int], list[int], int]],
) -> None:
    runtime = RandomRuntime()
    rows = DocumentRows(runtime)
    for ahead, ours, theirs, written, fails_in in actions:
        prompts = [[L2R, *ours], [R2L, *theirs]]
        cancel, last_pass = CancelFlag(), len(runtime.passes) + fails_in
        runtime.before_pass = lambda cancel=cancel, last=last_pass: (  # type: ignore[misc]
            cancel.set() if len(runtime.passes) == last else None
        )
        try:
            pair = (rows.for_reading_ahead if ahead else rows.for_request)(prompts)
            pair.read(prompts, cancel)
            _write(pair, prompts, written, cancel)
        except Cancelled:
            continue
        assert_books_are_right(pair, runtime, prompts)


def _write(pair: RowPair, prompts: list[list[int]], written: list[int], cancel: CancelFlag) -> None:
    """Write the same tokens behind both prompts, one a pass, as far as it is not known what follows them."""
    for n in range(1, len(written) + 1):
        places = [list(row.behind.walk(written[:n])) for row in pair.both]
        asked = [i for i, known in enumerate(places) if len(known) == n]
        feeds = [pair.both[i].feed(len(prompts[i]), written[:n]) for i in asked]
        for i, distributions in zip(asked, pair.step(feeds, cancel) if feeds else [], strict=True):
            places[i][-1].learn(written[n - 1], distributions[-1])


@given(TOKENS, TOKENS, st.integers(0, 200))
def test_common_tokens_are_counted(first: list[int], second: list[int], n: int) -> None:
    assert count_common([1] * n + [0] + first, [1] * n + [2] + second) == n
    assert count_common([1] * n, [1] * n + second) == n
    assert count_common([*first, 7], [*first, 8]) == len(first)
