"""Caches, budgets and cancellation of `MimEngine.generate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mim_lsp.engine.caches import MAX_DOCUMENTS, PREFILL_CHUNK
from mim_lsp.engine.engine import MimEngine
from mim_lsp.engine.memory import MemoryWeights, Remembering
from mim_lsp.engine.types import DecodeSettings, Generation, InfillRequest
from mim_lsp.errors import Cancelled
from mim_lsp.runtime.protocol import CancelFlag
from tests.engine.oracle import OracleRuntime, RandomRuntime, ask, decode_passes, engine_on, oracle_for, request, tokens
from tests.tiny import SOURCE

HOLE = "total = 0\nfor circle in circles:\n    total += |\nreturn total\n"
MIDDLE = "circle.scaled(scale).area() * factor + 1.5"
SETTINGS = DecodeSettings()
MEMORY = Remembering(MemoryWeights(constant=1.0, order=0.5, places=0.5, purity=1.0, certainty=-1.0))


def after(n: int) -> Iterator[bool]:
    """False n times, then True."""
    return (i >= n for i in count())


def cancelled_in_pass(runtime: OracleRuntime, n: int) -> CancelFlag:
    """A flag that is set in the pass after the next n."""
    cancel, is_time = CancelFlag(), after(n)

    def watch() -> None:
        if next(is_time):
            cancel.set()

    runtime.before_pass = watch
    return cancel


def generate(engine: MimEngine, marked: str, document: str | None = "doc") -> Generation:
    return engine.generate(request(marked), SETTINGS, document=document)


def same_answer(first: Generation, second: Generation) -> bool:
    """Not compared is where the sides met: a side that knows from before what it would write is there at once."""
    return _answer(first) == _answer(second)


def _answer(generation: Generation) -> tuple[object, ...]:
    middles = [replace(middle, meeting_point=None) for middle in generation.middles]
    return middles, generation.met, generation.verified, generation.tokens


class TestCaches:
    @pytest.fixture
    def runtime(self) -> OracleRuntime:
        return oracle_for(request(HOLE), MIDDLE)

    @pytest.fixture
    def engine(self, runtime: OracleRuntime) -> MimEngine:
        return engine_on(runtime)

    def test_the_same_request_reads_nothing_and_writes_nothing(self, engine: MimEngine) -> None:
        first, second = generate(engine, HOLE), generate(engine, HOLE)
        assert first.encoded_tokens > 20
        assert (second.encoded_tokens, second.steps) == (0, 0)
        assert same_answer(first, second)

    def test_without_recall_the_same_request_reads_nothing_but_is_decoded_again(self, engine: MimEngine) -> None:
        settings = DecodeSettings(recall=False)
        first, second = (engine.generate(request(HOLE), settings, document="doc") for _ in range(2))
        assert (second.encoded_tokens, second.steps) == (0, first.steps)
        assert second.middles == first.middles

    def test_a_keystroke_costs_its_own_tokens(self, engine: MimEngine, runtime: OracleRuntime) -> None:
        generate(engine, HOLE)
        typed, rest = HOLE.split("|")
        for char in "circle.scaled(sc":
            typed += char
            answer = generate(engine, f"{typed}|{rest}")
            assert answer.encoded_tokens <= 4
            assert typed + answer.middles[0].text == HOLE.split("|")[0] + MIDDLE

    def test_an_edit_further_up_reads_what_follows_it(self, engine: MimEngine) -> None:
        whole = generate(engine, HOLE).encoded_tokens
        changed = generate(engine, HOLE.replace("circle in", "radius in")).encoded_tokens
        assert 4 < changed < whole

    def test_a_request_without_a_document_reuses_the_last_one_without(self, engine: MimEngine) -> None:
        generate(engine, HOLE, None)
        assert generate(engine, HOLE, None).encoded_tokens == 0
        assert generate(engine, HOLE, "doc").encoded_tokens > 2

    def test_documents_have_their_own_rows_and_free_them(self, engine: MimEngine, runtime: OracleRuntime) -> None:
        for name in ("a", "b"):
            generate(engine, HOLE, name)
        assert len(runtime.rows) == 4
        engine.forget("a")
        engine.forget("never seen")
        assert len(runtime.rows) == 2
        assert generate(engine, HOLE, "b").encoded_tokens == 0
        assert generate(engine, HOLE, "a").encoded_tokens > 2

    def test_the_document_used_longest_ago_goes_first(self, engine: MimEngine, runtime: OracleRuntime) -> None:
        for i in range(MAX_DOCUMENTS):
            generate(engine, HOLE, f"doc {i}")
        generate(engine, HOLE, "doc 0")
        generate(engine, HOLE, "one more")
        assert len(runtime.rows) == 2 * MAX_DOCUMENTS
        assert generate(engine, HOLE, "doc 0").encoded_tokens == 0
        assert generate(engine, HOLE, "doc 1").encoded_tokens > 2

    def test_a_failed_pass_does_not_spoil_the_next_request(self, engine: MimEngine, runtime: OracleRuntime) -> None:
        expected = generate(engine, HOLE)
        for n in range(4):
            calls = after(n)

            def fail(calls: Iterator[bool] = calls) -> None:
                if next(calls):
                    raise MemoryError

            runtime.before_pass = fail
            with pytest.raises(MemoryError):
                engine.generate(request(HOLE), DecodeSettings(recall=False), document="doc")
            runtime.before_pass = lambda: None
            assert same_answer(generate(engine, HOLE), expected)


SNIPPETS = ["x = circle.radius\n", "re", "tu", "rn", "\n    ", "self.", "(", ")", "😀", " ", "factor"]


EDITS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9), st.sampled_from(SNIPPETS)), min_size=1, max_size=4)


def requests_of(edits: list[tuple[int, int, str]]) -> Iterator[InfillRequest]:
    """A hole after each edit: characters cut before the cursor, a move of it, and what is typed."""
    text = SOURCE[:300]
    for cut, back, snippet in edits:
        cursor = len(text) - 40 + back
        text = text[: cursor - cut] + snippet + text[cursor:]
        cursor += len(snippet) - cut
        yield InfillRequest(text[:cursor], text[cursor:], max(text.rfind("\n", 0, cursor), 0), 0)


@settings(max_examples=60)
@given(EDITS, st.integers(0, 3), st.integers(1, 3), st.booleans(), st.sampled_from([None, MEMORY]))
def test_any_edit_gives_what_a_fresh_engine_gives(
    edits: list[tuple[int, int, str]], seed: int, candidates: int, recall: bool, memory: Remembering | None
) -> None:
    kept = engine_on(RandomRuntime(seed=seed), memory=memory)
    wanted = DecodeSettings(candidates=candidates, recall=recall, max_tokens=8)
    for asked in requests_of(edits):
        fresh = engine_on(RandomRuntime(seed=seed), memory=memory).generate(asked, wanted)
        answer = kept.generate(asked, wanted, document="doc")
        assert same_answer(answer, fresh)
        assert answer.encoded_tokens <= fresh.encoded_tokens
        assert answer.steps <= fresh.steps


def test_typing_off_a_suggestion_keeps_its_tail() -> None:
    """The typed text is not what was suggested, but the end of that is: only the gap is filled again."""
    tail = ".scaled(scale, factor).area() * factor + total"
    asked = request(HOLE)
    kept, fresh = (engine_on(oracle_for(asked, f"circle{tail}", f"circle{tail}")) for _ in range(2))
    assert kept.generate(asked, SETTINGS, document="doc").middles[0].text == f"circle{tail}"
    for engine in (kept, fresh):
        runtime = engine.model.runtime
        assert isinstance(runtime, OracleRuntime)
        runtime.forward = {runtime.forward: 0.5, asked.prefix + f"best{tail}": 0.5}
    typed = InfillRequest(asked.prefix + "be", asked.suffix, asked.far_prefix_end, asked.far_suffix_start)
    answer, expected = (engine.generate(typed, SETTINGS, document="doc") for engine in (kept, fresh))
    assert answer.middles[0].text == expected.middles[0].text == f"st{tail}"
    assert answer.verified
    assert answer.encoded_tokens < expected.encoded_tokens
    assert 2 * answer.steps < expected.steps


def test_typing_along_a_suggestion_costs_nothing() -> None:
    engine = engine_on(oracle_for(request(HOLE), MIDDLE))
    generate(engine, HOLE)
    before, behind = HOLE.split("|")
    for n in range(1, len(MIDDLE)):
        answer = generate(engine, f"{before}{MIDDLE[:n]}|{behind}")
        assert answer.middles[0].text == MIDDLE[n:]
        assert (answer.steps, answer.encoded_tokens) == (0, 0)


class TestWarming:
    @pytest.fixture
    def runtime(self) -> OracleRuntime:
        return oracle_for(request(HOLE), MIDDLE)

    def test_a_request_after_it_reads_nothing(self, runtime: OracleRuntime) -> None:
        engine = engine_on(runtime)
        n_read = engine.warm(request(HOLE), SETTINGS, document="doc")
        assert n_read == sum(len(feed.ids) for feeds in runtime.passes for feed in feeds)
        assert engine.warm(request(HOLE), SETTINGS, document="doc") == 0
        assert generate(engine, HOLE).encoded_tokens == 0

    def test_the_caches_of_the_last_request_stay(self, runtime: OracleRuntime) -> None:
        """Here the far prefix moves, so that the backward row begins with other tokens."""
        engine, asked = engine_on(runtime), request(HOLE)
        generate(engine, HOLE)
        moved = InfillRequest(asked.prefix, asked.suffix, 3, asked.far_suffix_start)
        assert engine.warm(moved, SETTINGS, document="doc") > 5
        assert generate(engine, HOLE).encoded_tokens == 0
        assert engine.generate(moved, SETTINGS, document="doc").encoded_tokens == 0

    def test_one_that_is_cancelled_goes_on_where_it_was(self) -> None:
        asked = request(4 * SOURCE + "x = |\n" + 4 * SOURCE)
        runtime = oracle_for(asked, MIDDLE)
        engine = engine_on(runtime)
        whole = engine_on(oracle_for(asked, MIDDLE)).warm(asked, SETTINGS)
        with pytest.raises(Cancelled):
            engine.warm(asked, SETTINGS, cancelled_in_pass(runtime, 2), "doc")
        assert engine.warm(asked, SETTINGS, document="doc") == whole - 4 * PREFILL_CHUNK


class TestWatch:
    def test_is_told_what_grows_to_the_middle(self) -> None:
        told: list[str] = []
        asked = request("names = {'a': 'gr|'}\n")
        middle = "öße', '面積': best['😀"
        generation = engine_on(oracle_for(asked, middle)).generate(asked, SETTINGS, watch=told.append)
        assert generation.middles[0].text == told[-1] == middle
        assert len(told) >= generation.steps
        assert all(middle.startswith(text) for text in told)
        assert sorted(told, key=len) == told

    @pytest.mark.parametrize("candidates", [1, 3])
    def test_may_have_the_work_given_up(self, candidates: int) -> None:
        asked, settings = request(HOLE), DecodeSettings(candidates=candidates)
        wanted = {MIDDLE: 0.6, "best": 0.4}
        n_calls = 0

        def count_calls(_: str) -> None:
            nonlocal n_calls
            n_calls += 1

        engine_on(oracle_for(asked, wanted)).generate(asked, settings, watch=count_calls)
        for n in range(n_calls):
            calls = after(n)

            def give_up(_: str, calls: Iterator[bool] = calls) -> None:
                if next(calls):
                    raise Cancelled

            with pytest.raises(Cancelled):
                engine_on(oracle_for(asked, wanted)).generate(asked, settings, watch=give_up)


class TestMaxLines:
    MIDDLE = "circle.area(\n        scale,\n        factor,\n    )"

    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_a_middle_ends_with_so_many_lines(self, n: int) -> None:
        answer = ask(HOLE, self.MIDDLE, max_lines=n)
        assert answer.text == "\n".join(self.MIDDLE.split("\n")[:n])
        (middle,) = answer.generation.middles
        assert (middle.is_cut, middle.source, answer.generation.verified) == (True, "forward", False)
        assert len(middle.forward_log_probs) == len(middle.forward_tokens) > 0
        assert middle.backward_log_probs == ()
        assert middle.confidence > 0.9

    def test_it_takes_no_more_steps_than_the_line(self) -> None:
        assert ask(HOLE, self.MIDDLE, max_lines=1).generation.steps <= len(tokens("circle.area(\n")) + 1

    def test_a_shorter_middle_is_as_without(self) -> None:
        limited, free = (ask(HOLE, MIDDLE, max_lines=n).generation for n in (1, None))
        assert replace(limited, encode_ms=0, decode_ms=0) == replace(free, encode_ms=0, decode_ms=0)

    def test_the_rest_of_the_line_is_no_part_of_it(self) -> None:
        answer = ask("f(|)\nx\n", "circle)\nbest(factor", max_lines=1)
        assert answer.text == "circle"


class TestCancellation:
    @pytest.mark.parametrize("candidates", [1, 3])
    def test_in_any_pass(self, candidates: int) -> None:
        asked, settings = request(HOLE), DecodeSettings(candidates=candidates)
        wanted = {MIDDLE: 0.6, "best": 0.4}
        runtime = oracle_for(asked, wanted)
        engine = engine_on(runtime)
        expected = engine_on(oracle_for(asked, wanted)).generate(asked, settings)
        for n in range(expected.steps + 1):  # the prompt is read in a pass of its own
            n_passes = len(runtime.passes)
            with pytest.raises(Cancelled):
                engine.generate(asked, settings, cancelled_in_pass(runtime, n), f"doc {n}")
            assert len(runtime.passes) == n_passes + n
            runtime.before_pass = lambda: None
            rest = engine.generate(asked, settings, document=f"doc {n}")
            assert same_answer(rest, expected)
            assert rest.steps <= expected.steps - max(0, n - 1)

    def test_what_earlier_passes_read_of_a_prompt_is_kept(self) -> None:
        asked = request(4 * SOURCE + "x = |\n" + 4 * SOURCE)
        runtime = oracle_for(asked, MIDDLE)
        engine = engine_on(runtime)
        whole = engine_on(oracle_for(asked, MIDDLE)).generate(asked, SETTINGS)
        assert whole.encoded_tokens > 4 * PREFILL_CHUNK
        with pytest.raises(Cancelled):
            engine.generate(asked, SETTINGS, cancelled_in_pass(runtime, 2), "doc")
        rest = engine.generate(asked, SETTINGS, document="doc")
        assert rest.encoded_tokens == whole.encoded_tokens - 4 * PREFILL_CHUNK
        assert same_answer(rest, whole)

    def test_at_once(self) -> None:
        runtime, cancel = oracle_for(request(HOLE), MIDDLE), CancelFlag()
        cancel.set()
        with pytest.raises(Cancelled):
            engine_on(runtime).generate(request(HOLE), SETTINGS, cancel)
        assert runtime.passes == []


class TestBudget:
    @pytest.mark.parametrize("max_tokens", [0, 1, 2, 5, 9, 12])
    def test_neither_side_writes_more_tokens(self, max_tokens: int) -> None:
        """Not even by copying what the other side has written."""
        for forward, backward in ((MIDDLE, MIDDLE), (MIDDLE, "best"), ("best", MIDDLE), ("a" * 99, "a" * 99)):
            answer = ask(HOLE, forward, backward, max_tokens=max_tokens)
            assert answer.generation.steps <= max_tokens + 3
            assert len(tokens(answer.text or "")) <= max_tokens + 1  # with its blank, the first is one with the next

    def test_a_middle_that_takes_the_whole_budget_is_found(self) -> None:
        needed = ask(HOLE, MIDDLE).generation.tokens - 1
        typed = 6  # tokens of the line before the cursor, which the backward side has to write too
        assert ask(HOLE, MIDDLE, max_tokens=needed).text == MIDDLE
        assert ask(HOLE, MIDDLE, max_tokens=needed + typed).generation.verified
        assert ask(HOLE, MIDDLE, max_tokens=needed - 1).text is None

    def test_time_ends_decoding_with_what_it_has(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = [0.0]
        monkeypatch.setattr("time.perf_counter", lambda: clock[0])

        def tick() -> None:
            clock[0] += 0.010

        def steps(max_ms: float | None, candidates: int = 1) -> Generation:
            asked = request(HOLE)
            runtime = oracle_for(asked, {MIDDLE: 0.6, "best": 0.4}, {MIDDLE: 0.6, "best": 0.4})
            runtime.before_pass = tick
            settings = DecodeSettings(max_ms=max_ms, candidates=candidates, meet_ngram=4)
            return engine_on(runtime).generate(asked, settings)

        unlimited = steps(None)
        assert unlimited.verified
        assert steps(unlimited.decode_ms + 1).verified
        for max_ms in (0.0, 15.0, 35.0):
            ended = steps(max_ms)
            assert (ended.middles, ended.exhausted) == ((), True)
            assert ended.decode_ms <= max_ms + 10.001
        assert steps(unlimited.decode_ms + 25, candidates=9).decode_ms <= unlimited.decode_ms + 25 + 20


def test_a_generation_says_what_it_cost() -> None:
    answer = ask(HOLE, MIDDLE)
    generation = answer.generation
    assert generation.steps == len(decode_passes(answer.runtime))
    prompt = [feed for feeds in answer.runtime.passes[: -generation.steps] for feed in feeds]
    assert generation.encoded_tokens == sum(len(feed.ids) for feed in prompt)
    assert generation.encode_ms > 0
    assert generation.decode_ms > 0
    assert generation.tokens == len(tokens(" " + MIDDLE)) + 1  # <eom>


def test_nothing_at_all_is_a_request_too() -> None:
    assert ask("|", "").text == ""
