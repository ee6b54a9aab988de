"""Middles that were not asked for, and are better than those that either side writes by itself."""

from __future__ import annotations

import math

import pytest

from mim_lsp.engine.branches import Branch
from mim_lsp.engine.found import Found
from mim_lsp.engine.scoring import Reading, Score
from mim_lsp.engine.search import CHEAP_WEIGHTS, MOST_PASSES, SearchLimits, best_total, rank
from mim_lsp.engine.types import DecodeSettings, Generation, Middle
from tests.engine.oracle import ask, engine_on, oracle_for, request

HOLE = "total = 0\nfor circle in circles:\n    total += |\nreturn total\n"
LIKELY = Branch(-0.1, [1])


def found(forward: float, backward: float | None, text: str = "area") -> Found:
    """A middle with these log-probabilities; one that was cut has none of the backward direction."""
    score = Score(Reading((1,), (forward,)), Reading() if backward is None else Reading((1,), (backward,)))
    return Found(Middle(text, "forward", 0.5, is_cut=backward is None), score)


def test_what_both_directions_like_is_found_though_neither_writes_it() -> None:
    """Joint: area 0.04, best 0.14, factor 0.125."""
    forward = {"area": 0.4, "best": 0.35, "factor": 0.25}
    backward = {"factor": 0.5, "best": 0.4, "area": 0.1}
    greedy, compared = (ask(HOLE, forward, backward, compare=compare).generation for compare in (1, 3))
    assert [middle.text for middle in greedy.middles] == ["factor"]
    assert [middle.text for middle in compared.middles] == ["best", "factor", "area"]
    assert compared.steps > greedy.steps


def test_no_middle_is_begun_that_would_come_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])

    def tick() -> None:
        clock[0] += 0.010

    def generate(compare_ms: float | None, **settings: int) -> Generation:
        asked = request(HOLE)
        runtime = oracle_for(
            asked, {"area": 0.4, "best": 0.35, "factor": 0.25}, {"factor": 0.5, "best": 0.4, "area": 0.1}
        )
        runtime.before_pass = tick
        return engine_on(runtime).generate(asked, DecodeSettings(compare_ms=compare_ms, **settings))

    greedy, unlimited = generate(None), generate(None, compare=3)
    assert [middle.text for middle in unlimited.middles] == ["best", "factor", "area"]
    assert generate(2 * unlimited.decode_ms, compare=3).middles == unlimited.middles
    assert generate(0.0, compare=3).middles[:1] == greedy.middles, "the first is there whatever it takes"
    assert generate(2 * greedy.decode_ms - 1, compare=3).steps == greedy.steps
    assert generate(2 * greedy.decode_ms + 1, compare=3).steps > greedy.steps
    assert len(generate(0.0, candidates=3).middles) == 3, "those that were asked for are, too"


def test_no_middle_is_looked_for_that_cannot_be_the_best() -> None:
    """Both sides write `area`, 0.81 together: a way that begins with 0.1 cannot come to more."""
    sure = {"area": 0.9, "best": 0.1}
    one, three = (ask(HOLE, sure, sure, compare=compare).generation for compare in (1, 3))
    assert [middle.text for middle in three.middles] == ["area"]
    assert three.steps == one.steps
    wanted = ask(HOLE, sure, sure, candidates=2).generation
    assert [middle.text for middle in wanted.middles] == ["area", "best"], "but two were asked for"


@pytest.mark.parametrize(
    ("settings", "n_parameters", "n_tries", "steps", "goes_on"),
    [
        ({}, 1, 0, 0, False),
        ({"compare": 2}, 1, 0, 0, True),
        ({"compare": 2}, 1, 1, 9, True),
        ({"compare": 2}, 1, 2, 9, False),
        ({"compare": 9}, 1, 1, MOST_PASSES - 10, True),
        ({"compare": 9}, 1, 1, MOST_PASSES - 9, False),
        ({"compare": 9}, CHEAP_WEIGHTS // 20, 1, 10, True),
        ({"compare": 9}, CHEAP_WEIGHTS // 20, 1, 11, False),
        ({"candidates": 2}, CHEAP_WEIGHTS, 1, 11, True),
        ({"candidates": 2}, CHEAP_WEIGHTS, 2, 11, False),
        ({"candidates": 2, "compare": 9}, CHEAP_WEIGHTS, 2, 11, False),
    ],
)
def test_it_ends_when_it_gets_expensive(
    settings: dict[str, int], n_parameters: int, n_tries: int, steps: int, goes_on: bool
) -> None:
    limits = SearchLimits(DecodeSettings(**settings), n_parameters, steps_of_one=10)
    assert limits.allow(LIKELY, [found(-1.0, -1.0)], n_tries, steps) == goes_on


def test_it_ends_with_as_many_as_are_compared() -> None:
    limits = SearchLimits(DecodeSettings(compare=2), 1, 1)
    assert not limits.allow(LIKELY, [], 1, 1), "nor does it begin with none"
    assert limits.allow(LIKELY, [found(-1.0, -1.0)], 1, 1)
    assert not limits.allow(LIKELY, [found(-1.0, -1.0), found(-2.0, -2.0, "best")], 1, 1)


def test_a_way_is_left_that_begins_less_likely_than_the_best_is_as_a_whole() -> None:
    limits = SearchLimits(DecodeSettings(compare=9), 1, 1)
    best = [found(-5.0, -5.0), found(-0.5, -0.5, "best"), found(-0.1, None, "cut")]
    assert limits.allow(Branch(-1.0, [1]), best, 1, 1)
    assert not limits.allow(Branch(-1.01, [1]), best, 1, 1)


def test_what_was_cut_comes_last() -> None:
    cut, poor, good = found(-0.1, None), found(-9.0, -9.0), found(-1.0, -1.0)
    assert sorted([cut, poor, good], key=rank, reverse=True) == [good, poor, cut]
    assert best_total([cut, poor, good]) == -2.0
    assert best_total([cut]) == -math.inf
