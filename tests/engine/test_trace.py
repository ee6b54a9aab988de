"""What a generation tells of how it came about."""

from __future__ import annotations

import math

import pytest

from mim_lsp.engine.types import DecodeSettings
from tests.engine.oracle import ask, engine_on, oracle_for, request, tokens

HOLE = "total = 0\nfor circle in circles:\n    total += |\nreturn total\n"
MIDDLE = "circle.scaled(scale).area()"
PLACES = [
    (HOLE, MIDDLE),
    ("retu|\n", "rn x"),
    ("foo(circ|)\n", "le.radius"),
    ("names = {'a😀|😀'}\n", "b': '漢ö"),
    ("|", "import math"),
]


@pytest.mark.parametrize(("marked", "middle"), PLACES)
def test_the_pieces_make_up_the_first_middle(marked: str, middle: str) -> None:
    trace = ask(marked, middle).generation.trace
    assert "".join(piece.text for piece in trace.tokens) == middle
    assert all(piece.text for piece in trace.tokens)
    both = [(piece.forward_log_prob, piece.backward_log_prob) for piece in trace.tokens]
    assert all(log_prob is None or -0.5 < log_prob <= 0 for pair in both for log_prob in pair)
    assert all(forward is not None for forward, _ in both)
    assert any(backward is not None for _, backward in both)


def test_log_probs_are_those_of_the_models() -> None:
    answer = ask("x = |\ny", {"area": 0.75, "best": 0.25}, {"area": 0.5, "best": 0.5})
    (middle,) = [middle for middle in answer.generation.middles if middle.text == "area"]
    assert middle.forward_tokens == (" area", "")
    assert math.exp(middle.forward_log_probs[0]) == pytest.approx(0.75, abs=0.02)
    assert len(middle.backward_tokens) == len(middle.backward_log_probs)
    assert middle.backward_tokens[0].strip() == "area"
    assert middle.backward_tokens[-1] == ""
    (piece,) = answer.generation.trace.tokens
    assert math.exp(piece.forward_log_prob or 0) == pytest.approx(0.75, abs=0.02)


def test_the_confidence_is_the_mean_of_these_log_probs() -> None:
    for middle in ask(HOLE, {MIDDLE: 0.6, "best": 0.4}, {"best": 0.6, MIDDLE: 0.4}, candidates=2).generation.middles:
        log_probs = middle.forward_log_probs + middle.backward_log_probs
        assert middle.confidence == pytest.approx(math.exp(sum(log_probs) / len(log_probs)))
        assert len(middle.forward_tokens) == len(middle.forward_log_probs)


def test_each_side_is_shown_as_it_wrote() -> None:
    trace = ask(HOLE, "circle.area()", "[0, " * 99, max_tokens=24).generation.trace
    assert "".join(trace.forward.tokens).strip() == "circle.area()"
    assert trace.forward.ended
    assert "".join(trace.backward.tokens).startswith((" [0", "[0", "0", ",", " "))
    assert len(trace.backward.tokens) > 3
    assert not trace.backward.ended


def test_without_a_middle_there_are_no_pieces() -> None:
    generation = ask("x = |)\n", "[0, " * 99, "1], " * 99, max_tokens=6).generation
    assert generation.middles == ()
    assert generation.trace.tokens == ()
    assert len(generation.trace.forward.tokens) == 6


@pytest.mark.parametrize(
    ("marked", "forward"), [("x = 1|\ny = 2", {"": 0.8, " + 1": 0.2}), ("x = 1\ny|\n", {"": 0.6, " = 2": 0.4})]
)
def test_what_the_models_think_of_an_empty_middle(marked: str, forward: dict[str, float]) -> None:
    settings = DecodeSettings(score_empty=True)
    asked = request(marked)
    generation = engine_on(oracle_for(asked, forward)).generate(asked, settings)
    assert generation.empty_log_probs is not None
    assert math.exp(generation.empty_log_probs[0]) == pytest.approx(forward[""], abs=0.1)
    assert engine_on(oracle_for(asked, forward)).generate(asked, DecodeSettings()).empty_log_probs is None


def test_an_empty_middle_that_takes_more_than_the_budget_is_not_judged() -> None:
    marked = "x = foo(circle, best, factor, scale)|\n"
    assert len(tokens("x = foo(circle, best, factor, scale)")) > 8
    asked = request(marked)
    generation = engine_on(oracle_for(asked, "")).generate(asked, DecodeSettings(score_empty=True, max_tokens=4))
    assert generation.empty_log_probs is None
