"""What is returned when the sides do not agree, and what alternatives are added."""

from __future__ import annotations

import pytest

from mim_lsp.engine.types import Decode, DecodeSettings
from tests.engine.oracle import ask, decode_passes, engine_on, oracle_for, request

modes = pytest.mark.parametrize("decode", ["infill", "streams"])
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


MANY = {text: 1.0 for text in ("circle.area()", "best", "0.0", "factor * 2", "[None]", "len(names)", "circles")}


@modes
def test_alternatives_are_different_and_as_many_as_wanted(decode: Decode) -> None:
    for candidates in (1, 2, 3, 4):
        middles = ask(HOLE, MANY, MANY, decode=decode, candidates=candidates).generation.middles
        assert len({middle.text for middle in middles}) == len(middles) == candidates
        if decode == "infill":
            assert all(middle.text in MANY for middle in middles)


def test_alternatives_are_ranked_by_both_models() -> None:
    """The forward model alone would put `best` first; it is an alternative to what it writes, and then the better."""
    ours, theirs = {"area + 1": 0.5, "best": 0.4, "factor": 0.1}, {"best": 0.7, "factor": 0.2, "area + 1": 0.1}
    middles = ask(HOLE, ours, theirs, candidates=3).generation.middles
    sums = [sum(middle.forward_log_probs) + sum(middle.backward_log_probs) for middle in middles]
    assert middles[0].text == "best"
    assert sums == sorted(sums, reverse=True)


def test_middles_that_differ_only_in_blanks_are_one() -> None:
    answer = ask(HOLE, {"best + 1": 0.6, "best+1": 0.4}, {"best+1": 0.6, "best + 1": 0.4}, candidates=2)
    texts = ["".join(middle.text.split()) for middle in answer.generation.middles]
    assert texts.count("best+1") == 1


def test_an_alternative_costs_less_than_what_it_is_an_alternative_to() -> None:
    """What both sides have written before the branch, and the backward side behind it, is not written again."""
    tail = ".scaled(scale, factor).area() * factor + total"
    wanted = {f"circle{tail}": 0.6, f"best{tail}": 0.4}
    one, two = (ask(HOLE, wanted, wanted, candidates=n).generation for n in (1, 2))
    assert {middle.text for middle in two.middles} == set(wanted)
    assert two.steps - one.steps < one.steps


def test_alternatives_to_what_is_certain_are_not_tried_for_ever() -> None:
    one = len(decode_passes(ask(HOLE, "area").runtime))
    answer = ask(HOLE, "area", candidates=4)
    assert answer.generation.middles[0].text == "area"
    assert len(decode_passes(answer.runtime)) <= 20 * one


@pytest.mark.parametrize("candidates", [1, 3])
def test_where_nothing_is_missing_no_alternatives_are_sought(candidates: int) -> None:
    answer = ask(HOLE, {"": 0.6, "area": 0.4}, {"": 0.6, "area": 0.4}, candidates=candidates)
    assert [middle.text for middle in answer.generation.middles] == [""]


def test_for_one_candidate_no_alternatives_are_sought() -> None:
    endless = {"[0, " * 200: 0.6, "area": 0.4}
    answer = ask("x = |)\n", endless, endless, candidates=1, max_tokens=8)
    assert answer.generation.middles == ()
    assert answer.generation.steps <= 8
