"""What holds for every `Runtime`: tests that the tests of each one inherit."""

from __future__ import annotations

import gc
import math
import random
from array import array
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mim_lsp.errors import Cancelled
from mim_lsp.model.network import Decoder
from mim_lsp.runtime.arrays import FloatArray, as_array
from mim_lsp.runtime.protocol import NO_TOKEN, CancelFlag, Feed, Runtime
from tests.reference import reference_log_probs

MISUSE = (AssertionError, LookupError, ValueError)
"""What a runtime may raise when it is fed what its protocol forbids."""

# In each turn some rows are cut back and get new tokens. For each row: the share that is kept, the number of new
# tokens, and for how many of them the outputs are wanted.
turns = st.dictionaries(
    st.integers(0, 2), st.tuples(st.floats(0, 1), st.integers(1, 13), st.integers(1, 13)), min_size=1, max_size=3
)


def step(runtime: Runtime, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[FloatArray]:
    """One pass; for each feed (outputs, vocab_size)."""
    return [as_array(found) for found in runtime.step(feeds, cancel)]


class RuntimeContract:
    """Inherited by a test class that says what it tests, and how near its numbers must be."""

    model: Decoder
    """The network that the runtime runs, in float32."""
    accuracy: float
    """Largest difference of any log-probability from the slow and obvious reference."""
    consistency: float
    """Largest difference between the same text fed in one way and in another."""

    def open(self) -> Runtime:
        """A new runtime on the weights of `model`."""
        raise NotImplementedError

    def ids(self, n: int, seed: int = 0) -> list[int]:
        """Some token ids."""
        return random.Random(seed).choices(range(self.model.config.vocab_size), k=n)

    def expected(self, row: Sequence[int], outputs: int = 1) -> FloatArray:
        """What follows the last tokens of a row, by the reference."""
        return reference_log_probs(self.model, row)[-outputs:].float().numpy()

    def assert_close(self, found: FloatArray, wanted: FloatArray) -> None:
        """They are equal within `accuracy`."""
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=0, atol=self.accuracy)

    def assert_like_new(self, runtime: Runtime, row: Sequence[int], found: FloatArray) -> None:
        """The outputs are those of the same text that is read at once, in a row of its own."""
        handle = runtime.open_row()
        (wanted,) = step(runtime, [Feed(handle, row, len(found))])
        runtime.close_row(handle)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=self.consistency)

    @pytest.mark.parametrize("cuts", [[12], [1] * 12, [5, 1, 1, 4, 1], [11, 1]])
    def test_cached_equals_uncached_however_the_row_is_cut(self, cuts: list[int]) -> None:
        runtime, tokens, start = self.open(), self.ids(12), 0
        row, wanted = runtime.open_row(), self.expected(tokens, 12)
        for n in cuts:
            (found,) = step(runtime, [Feed(row, tokens[start : start + n], outputs=n)])
            self.assert_close(found, wanted[start : start + n])
            start += n

    def test_only_the_last_outputs_are_given(self) -> None:
        runtime, tokens = self.open(), self.ids(6)
        (last,) = step(runtime, [Feed(runtime.open_row(), tokens)])
        (two,) = step(runtime, [Feed(runtime.open_row(), tokens, outputs=2)])
        assert last.shape == (1, runtime.vocab_size)
        self.assert_close(last, self.expected(tokens))
        self.assert_close(two, self.expected(tokens, 2))
        np.testing.assert_allclose(np.exp(two).sum(1), 1, rtol=1e-5)

    def test_rows_of_one_pass_do_not_see_each_other(self) -> None:
        runtime = self.open()
        first, second, third = self.ids(9, 1), self.ids(4, 2), self.ids(1, 3)
        rows = [runtime.open_row() for _ in range(3)]
        runtime.step([Feed(rows[0], first[:5])])
        runtime.step([Feed(rows[1], second[:1])])
        found = step(runtime, [Feed(rows[1], second[1:], 3), Feed(rows[2], third), Feed(rows[0], first[5:], 2)])
        wanted = self.expected(second, 3), self.expected(third), self.expected(first, 2)
        for got, right in zip(found, wanted, strict=True):
            self.assert_close(got, right)

    def test_a_truncated_row_goes_on_as_if_it_had_never_been_longer(self) -> None:
        runtime, tokens, others = self.open(), self.ids(10, 4), self.ids(5, 5)
        row = runtime.open_row()
        runtime.step([Feed(row, tokens)])
        runtime.truncate(row, 4)
        (found,) = step(runtime, [Feed(row, others, 5)])
        self.assert_close(found, self.expected(tokens[:4] + others, 5))
        runtime.truncate(row, 0)
        (found,) = step(runtime, [Feed(row, others)])
        self.assert_close(found, self.expected(others))

    def test_a_row_cannot_be_truncated_to_more_than_it_holds(self) -> None:
        runtime = self.open()
        row = runtime.open_row()
        runtime.step([Feed(row, self.ids(3))])
        for length in (4, -1):
            with pytest.raises(MISUSE):
                runtime.truncate(row, length)

    def test_random_edits_of_several_rows_equal_the_reference(self) -> None:
        runtime, rng = self.open(), random.Random(7)
        held: dict[int, list[int]] = {runtime.open_row(): [] for _ in range(3)}
        for _ in range(12):
            feeds = []
            for row in rng.sample(sorted(held), rng.randint(1, 3)):
                keep = rng.randint(0, len(held[row]))
                runtime.truncate(row, keep)
                new = self.ids(rng.randint(1, 4), rng.randrange(10**6))
                held[row] = held[row][:keep] + new
                feeds.append(Feed(row, new, rng.randint(1, len(new))))
            for feed, found in zip(feeds, step(runtime, feeds), strict=True):
                self.assert_close(found, self.expected(held[feed.row], feed.outputs))

    @settings(max_examples=25, suppress_health_check=[HealthCheck.differing_executors])
    @given(program=st.lists(turns, min_size=1, max_size=6), seed=st.integers(0, 10**6))
    def test_any_edits_equal_the_same_text_read_at_once(
        self, program: list[dict[int, tuple[float, int, int]]], seed: int
    ) -> None:
        runtime, rng = self.open(), random.Random(seed)
        rows = [runtime.open_row() for _ in range(3)]
        texts: list[list[int]] = [[], [], []]
        for turn in program:
            feeds = []
            for i, (share, n_new, outputs) in turn.items():
                keep, new = round(share * len(texts[i])), self.ids(n_new, rng.randrange(10**6))
                runtime.truncate(rows[i], keep)
                texts[i] = texts[i][:keep] + new
                feeds.append(Feed(rows[i], new, min(outputs, n_new)))
            for i, found in zip(turn, step(runtime, feeds), strict=True):
                self.assert_like_new(runtime, texts[i], found)

    def test_rows_may_outgrow_the_models_context(self) -> None:
        runtime, length = self.open(), self.model.config.context_length + 200
        texts = [self.ids(length, seed) for seed in (1, 2)]
        rows = [runtime.open_row(), runtime.open_row()]
        for start in range(0, length, 37):
            found = step(runtime, [Feed(row, text[start : start + 37]) for row, text in zip(rows, texts, strict=True)])
        for text, last in zip(texts, found, strict=True):
            self.assert_like_new(runtime, text, last)

    def test_what_was_given_stays_as_it_was(self) -> None:
        runtime = self.open()
        row = runtime.open_row()
        (first,) = runtime.step([Feed(row, self.ids(3), 3)])
        before = as_array(first)
        runtime.step([Feed(row, self.ids(3, 1), 3)])
        del runtime
        gc.collect()
        np.testing.assert_array_equal(as_array(first), before)

    @settings(max_examples=25, suppress_health_check=[HealthCheck.differing_executors])
    @given(st.data())
    def test_a_distribution_is_asked_for_what_its_numbers_say(self, data: st.DataObject) -> None:
        runtime = self.open()
        ((found,),) = runtime.step([Feed(runtime.open_row(), self.ids(3))])
        values, size = np.asarray(found.floats()).tolist(), runtime.vocab_size
        token = data.draw(st.integers(0, size - 1))
        assert found.log_prob(token) == values[token]
        end, without = data.draw(st.integers(0, size)), data.draw(st.sampled_from([NO_TOKEN, token, size]))
        below = [i for i in range(end) if i != without]
        assert found.best_below(end, without) == max(below, key=values.__getitem__, default=NO_TOKEN)
        ids = data.draw(st.lists(st.integers(0, size - 1), unique=True, max_size=9).map(sorted))
        others = [i for i in ids if i != without]
        assert found.best_of(array("i", ids), without) == max(others, key=values.__getitem__, default=NO_TOKEN)
        total = math.log(sum(math.exp(values[i]) for i in ids)) if ids else -math.inf
        assert found.log_total(array("i", ids)) == pytest.approx(total, rel=1e-6)

    def test_a_distribution_is_read_only_and_knows_no_other_tokens(self) -> None:
        runtime = self.open()
        ((found,),) = runtime.step([Feed(runtime.open_row(), [1])])
        floats = found.floats()
        assert (floats.format, floats.shape, floats.readonly) == ("f", (runtime.vocab_size,), True)
        for outside in (-1, runtime.vocab_size):
            with pytest.raises(IndexError):
                found.log_prob(outside)
            with pytest.raises(IndexError):
                found.best_of(array("i", [outside]))
            with pytest.raises(IndexError):
                found.log_total(array("i", [0, outside]))
        with pytest.raises(IndexError):
            found.best_below(runtime.vocab_size + 1)

    def test_a_cancelled_pass_leaves_the_rows_as_they_were(self) -> None:
        runtime, cancel, tokens = self.open(), CancelFlag(), self.ids(9)
        row = runtime.open_row()
        runtime.step([Feed(row, tokens[:5])], cancel)
        cancel.set()
        with pytest.raises(Cancelled):
            runtime.step([Feed(row, self.ids(4, 1))], cancel)
        (found,) = step(runtime, [Feed(row, tokens[5:], 4)])
        self.assert_close(found, self.expected(tokens, 4))

    def test_a_closed_row_is_gone_and_its_number_is_not_used_again(self) -> None:
        runtime = self.open()
        row = runtime.open_row()
        runtime.step([Feed(row, [1])])
        runtime.close_row(row)
        assert runtime.open_row() != row
        with pytest.raises(MISUSE):
            runtime.step([Feed(row, [1])])

    def test_a_row_is_fed_once_in_a_pass(self) -> None:
        runtime = self.open()
        row = runtime.open_row()
        with pytest.raises(MISUSE):
            runtime.step([Feed(row, [1]), Feed(row, [2])])

    def test_the_runtime_knows_the_models_size(self) -> None:
        runtime, config = self.open(), self.model.config
        assert (runtime.vocab_size, runtime.context_length) == (config.vocab_size, config.context_length)
