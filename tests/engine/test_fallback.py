"""What is returned when the sides do not agree, and what alternatives are added."""

from __future__ import annotations

from typing import get_args

import pytest

from mim_lsp.engine.types import Decode, DecodeSettings
from tests.engine.oracle import ask, decode_passes, engine_on, oracle_for, request

modes = pytest.mark.parametrize("decode", get_args(Decode))
HOLE = "total = |\nreturn total\n"


@modes
@pytest.mark.parametrize(
    ("forward", "backward", "best", "source"),
    [
        ({"best": 0.6, "area": 0.4}, {"area": 0.9, "best": 0.1}, "area", "backward"),
        ({"best": 0.9, "area": 0.1}, {"area": 0.6, "best": 0.4}, "best", "forward"),
    ],
)
def test_without_agreement_the_better_by_both_models_is_first(
    decode: Decode, forward: dict[str, float], backward: dict[str, float], best: str, source: str
) -> None:
    answer = ask(HOLE, forward, backward, decode=decode)
    assert (answer.text, answer.source, answer.generation.verified) == (best, source, False)
    both = ask(HOLE, forward, backward, decode=decode, candidates=2).generation.middles
    assert {middle.text: middle.source for middle in both} == {"best": "forward", "area": "backward"}
    assert both[0].confidence > both[1].confidence
    assert [middle.meeting_point for middle in both] == [None, None]


@modes
def test_a_side_that_never_ends_leaves_the_field_to_the_other(decode: Decode) -> None:
    endless = "[0, " * 200
    answer = ask(HOLE, endless, "area + best", decode=decode, max_tokens=20)
    assert (answer.text, answer.source) == ("area + best", "backward")
    answer = ask(HOLE, "area + best", endless, decode=decode, max_tokens=20)
    assert (answer.text, answer.source) == ("area + best", "forward")


def test_a_side_is_not_waited_for_long_once_the_other_is_done() -> None:
    answer = ask(HOLE, "area", "[0, " * 200, max_tokens=64)
    assert answer.generation.steps < 20


def test_a_longer_middle_than_the_others_is_still_written_to_its_end() -> None:
    """Backward has the typed part of the line to write too, forward the rest of the line: that counts for neither."""
    marked = 'names["größe"] = largest(circles, |).scaled(factor, 1.0).area()  # in metres\n'
    for ours, theirs in (("scale, best", "1"), ("1", "scale, best")):
        answer = ask(marked, ours, theirs, candidates=2)
        assert {middle.text for middle in answer.generation.middles} == {ours, theirs}


@modes
def test_when_both_never_end_there_is_nothing(decode: Decode) -> None:
    answer = ask("x = |)\n", "[0, " * 200, "1], " * 200, decode=decode, max_tokens=12)
    assert answer.generation.middles == ()
    assert answer.generation.exhausted
    assert not answer.generation.verified


def test_a_side_does_not_end_before_the_rest_of_the_line() -> None:
    """The forward model would stop behind `area`, but the `)` that stands there is still to come."""
    asked = request("print(|)\n")
    runtime = oracle_for(asked, "area", "best")
    runtime.forward = {"print(area": 0.6, "print(area * factor)": 0.4}
    generation = engine_on(runtime).generate(asked, DecodeSettings(candidates=2))
    found = {middle.source: middle.text for middle in generation.middles}
    assert found == {"forward": "area * factor", "backward": "best"}


def test_greedy_is_deterministic_and_knows_no_seed() -> None:
    wanted = {"area": 0.4, "best": 0.35, "factor": 0.25}
    texts = {ask(HOLE, wanted, wanted, seed=seed, temperature=2.0).text for seed in range(4)}
    assert texts == {"area"}


MANY = {text: 1.0 for text in ("circle.area()", "best", "0.0", "factor * 2", "[None]", "len(names)", "circles")}


@modes
def test_alternatives_are_different_and_come_from_the_seed(decode: Decode) -> None:
    shared = {"decode": decode, "candidates": 4, "temperature": 1.0, "top_p": 0.95}
    runs = {seed: ask(HOLE, MANY, MANY, seed=seed, **shared).generation.middles for seed in (0, 0, 1, 2, 3)}
    again = ask(HOLE, MANY, MANY, seed=0, **shared).generation.middles
    assert again == runs[0]
    assert len({tuple(middle.text for middle in middles) for middles in runs.values()}) > 1
    for middles in runs.values():
        assert 2 <= len(middles) <= 4
        assert len({middle.text for middle in middles}) == len(middles)
    assert max(len(middles) for middles in runs.values()) == 4
    if decode == "infill":
        assert all(middle.text in MANY for middles in runs.values() for middle in middles)


def test_alternatives_to_what_is_certain_are_not_tried_for_ever() -> None:
    one = len(decode_passes(ask(HOLE, "area").runtime))
    answer = ask(HOLE, "area", candidates=4, temperature=0.2)
    assert [middle.text for middle in answer.generation.middles] == ["area"]
    assert len(decode_passes(answer.runtime)) <= one * (1 + 2 * 3)


@pytest.mark.parametrize("candidates", [1, 3])
def test_where_nothing_is_missing_no_alternatives_are_sought(candidates: int) -> None:
    answer = ask(HOLE, {"": 0.6, "area": 0.4}, {"": 0.6, "area": 0.4}, candidates=candidates, temperature=1.0)
    assert [middle.text for middle in answer.generation.middles] == [""]


def test_one_candidate_is_never_sampled() -> None:
    endless = {"[0, " * 200: 0.6, "area": 0.4}
    answer = ask("x = |)\n", endless, endless, candidates=1, max_tokens=8, temperature=1.0)
    assert answer.generation.middles == ()
    assert answer.generation.steps <= 8
