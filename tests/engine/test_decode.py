"""Meeting, verifying and fast-forwarding, with scripted models."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.engine.types import Decode
from tests.engine.oracle import Answer, ask, decode_passes, forward_alone, forward_task, request, tokens

MODES: tuple[Decode, ...] = ("infill", "streams")
HOLE = "total = 0\nfor circle in circles:\n    total += |\nreturn total\n"
MIDDLE = "circle.scaled(scale).area() * factor + 1.5"
n_tokens = len(tokens(MIDDLE))
modes = pytest.mark.parametrize("decode", MODES)
ngrams = pytest.mark.parametrize("n", [1, 2, 3, 4])


def n_written(answer: Answer) -> int:
    """The most text tokens that a row held behind its prompt."""
    prompts = [sum(len(feed.ids) for feed in feeds) for feeds in answer.runtime.passes[:1]]
    return max(len(ids) for ids in answer.runtime.rows.values()) - min(prompts)


@pytest.mark.parametrize(("decode", "n"), [("infill", n) for n in (1, 2, 3, 4)] + [("streams", n) for n in (2, 3, 4)])
def test_two_sides_that_agree_meet_in_about_half_the_passes(decode: Decode, n: int) -> None:
    answer = ask(HOLE, MIDDLE, decode=decode, meet_ngram=n)
    generation = answer.generation
    assert (answer.text, answer.source, generation.met, generation.verified) == (MIDDLE, "met", True, True)
    assert generation.steps == len(decode_passes(answer.runtime)) <= n_tokens // 2 + n + 2


def test_a_single_token_is_met_too_easily_by_streams() -> None:
    """The blank before `1.5` passes for the last token of the prefix: why the paper takes n = 4."""
    answer = ask(HOLE, MIDDLE, decode="streams", meet_ngram=1)
    assert (answer.text, answer.source) == ("1.5", "backward")


@modes
def test_a_longer_ngram_takes_more_passes_to_be_sure(decode: Decode) -> None:
    steps = [ask(HOLE, MIDDLE, decode=decode, meet_ngram=n).generation.steps for n in (1, 2, 3, 4)]
    assert steps == sorted(steps)
    assert steps[0] < steps[3]


@modes
def test_both_sides_go_through_the_weights_in_the_same_pass(decode: Decode) -> None:
    answer = ask(HOLE, MIDDLE, decode=decode)
    *writing, last = decode_passes(answer.runtime)
    assert all([len(feed.ids) for feed in feeds] == [1, 1] for feeds in writing)
    assert max(len(feed.ids) for feed in last) > 3
    assert all(feed.outputs == len(feed.ids) for feed in last)


@modes
def test_the_meeting_point_is_where_the_forward_side_had_come_to(decode: Decode) -> None:
    answer = ask(HOLE, MIDDLE, decode=decode)
    point = answer.generation.middles[0].meeting_point
    n_passes = len(decode_passes(answer.runtime))
    assert point is not None
    assert 0 < point < len(MIDDLE)
    assert abs(len(tokens(MIDDLE[:point])) - n_passes) <= 1


@modes
def test_a_partial_match_is_a_fast_forward(decode: Decode) -> None:
    """The sides agree on the end of the hole's first part only: the forward side copies that and goes on by itself."""
    ours, theirs = "circle.scaled(scale).area() + best", "circle.scaled(scale).area() * factor"
    shared = {"decode": decode, "meet_ngram": 2}
    answer = ask(HOLE, ours, theirs, **shared)
    never = ask(HOLE, ours, theirs, decode=decode, meet_ngram=99)
    assert {middle.text for middle in ask(HOLE, ours, theirs, candidates=2, **shared).generation.middles} == {
        ours,
        theirs,
    }
    assert answer.generation.met
    assert not answer.generation.verified
    assert len(decode_passes(answer.runtime)) < len(decode_passes(never.runtime))
    jump = max(len(feed.ids) for feeds in decode_passes(answer.runtime)[:-2] for feed in feeds)
    assert jump > 2


def test_after_a_fast_forward_the_row_holds_what_the_side_has_written() -> None:
    ours, theirs = "circle.scaled(scale).area() + best", "circle.scaled(scale).area() * factor"
    answer = ask(HOLE, ours, {theirs: 1.0}, candidates=1)
    forward = [
        middle for middle in ask(HOLE, ours, theirs, candidates=2).generation.middles if middle.source == "forward"
    ]
    assert [middle.text for middle in forward] == [ours]
    alone, ended = forward_alone(answer.runtime.log_probs, request(HOLE), "infill", 64)
    assert (alone.decode().strip(), ended) == (ours, True)


@modes
def test_what_one_side_has_finished_the_other_checks_in_one_pass(decode: Decode) -> None:
    """The backward model is sure of the whole middle at once, since it is one token: no n-gram is needed."""
    answer = ask("x = |\ny", "return", decode=decode, meet_ngram=4)
    assert (answer.text, answer.source, answer.generation.verified) == ("return", "met", True)
    assert answer.generation.steps <= 3


@modes
@ngrams
def test_an_empty_middle_is_found_to_be_empty(decode: Decode, n: int) -> None:
    answer = ask("x = 1|\ny = 2", "", decode=decode, meet_ngram=n)
    assert (answer.text, answer.generation.verified) == ("", True)


@modes
@pytest.mark.parametrize(
    ("marked", "middle"),
    [
        ("retu|\n", "rn x"),
        ("x = retu| x\n", "rn"),
        ("x = self.na|me\n", "mes_of_"),
        ("foo(|)\n", "circle, factor"),
        ("foo(circ|)\n", "le.radius"),
        ("foo(a|), b\n", "re"),
        ("def f(|):\n    pass\n", "self, factor: float = 1.0"),
        ("x = [|], [0]\n", "circle for circle in circles"),
        ("if x:\n    |\nelse:\n    y\n", "return x"),
        ("if x:\n    |\nelse:\n    y\n", "    return x"),
        ("if x:\n\treturn '|'\n", "\t😀\x00ö"),
        ("names = {'a😀|😀'}\n", "b': 1, '"),
        ("|\nx = 1\n", "import math"),
        ("x = 1\n|", "y = x + 1"),
        ("|", "import math"),
        ("x = 1\n|x = 2", "# "),
    ],
)
def test_seams_anywhere(decode: Decode, marked: str, middle: str) -> None:
    """Inside words, before closers, beside characters of several tokens, at the edges of the text."""
    answer = ask(marked, middle, decode=decode)
    assert answer.text == middle
    assert answer.generation.middles[0].confidence > 0.9


@pytest.mark.parametrize("marked", ["if x:\n    |\nelse:\n    y\n", "x = f(|)\n", "x = {\n|\n}\n"])
@ngrams
def test_a_middle_of_several_lines(marked: str, n: int) -> None:
    middle = "circle,\n    radius=circle.radius,\n        scale=(1,\n\n2)"
    answer = ask(marked, middle, meet_ngram=n)
    assert (answer.text, answer.generation.verified) == (middle, True)


def test_streams_end_with_the_line() -> None:
    answer = ask("x = |\n", "1 + 2\ny = 3", decode="streams")
    assert answer.text is not None
    assert "\n" not in answer.text


@modes
@pytest.mark.parametrize("suffix", [")", "))", "):\n    pass", '"])\n', "circle)\n", "factor)\n"])
def test_the_suffixs_head_is_not_typed_again(decode: Decode, suffix: str) -> None:
    answer = ask(f"largest(|{suffix}", "circles, factor=(1", decode=decode)
    assert answer.text == "circles, factor=(1"


def test_arriving_at_the_rest_of_the_line_saves_the_passes_over_it() -> None:
    rest = '"])])]),),)")"])])]),'
    answer = ask(f"foo(|{rest}\nx", "circle", {"nonsense = nonsense": 1.0}, meet_ngram=2)
    forward_tokens = len(tokens("circle" + rest)) + 1
    assert answer.generation.middles
    assert answer.generation.steps < forward_tokens


def settings_of(data: st.DataObject) -> dict[str, Any]:
    return {
        "decode": data.draw(st.sampled_from(MODES)),
        "meet_ngram": data.draw(st.integers(1, 4)),
        "max_tokens": data.draw(st.integers(1, 24)),
    }


pieces = st.lists(
    st.sampled_from(["a", "(", ")", "x", " ", "\n", "\n    ", "self", ".", "😀", "retu", "rn"]), max_size=14
)


@given(pieces, pieces, pieces, st.data())
def test_whatever_the_models_want_the_rules_hold(
    before: list[str], ours: list[str], behind: list[str], data: st.DataObject
) -> None:
    """Few passes, budgets kept, verified means written by the forward model alone."""
    settings = settings_of(data)
    marked = "".join(before) + "|" + "".join(behind)
    forward = "".join(ours) * data.draw(st.integers(1, 4))
    backward = data.draw(st.just(forward) | pieces.map("".join))
    answer = ask(marked, forward, backward, **settings)
    generation, budget = answer.generation, settings["max_tokens"]
    assert generation.steps == len(decode_passes(answer.runtime))
    assert generation.steps <= budget + 4
    for middle in generation.middles:
        assert 0 <= middle.confidence <= 1
        assert middle.meeting_point is None or 0 <= middle.meeting_point <= len(middle.text)
    if generation.verified:
        asked, decode = request(marked), settings["decode"]
        task = forward_task(asked, decode)
        alone, _ = forward_alone(answer.runtime.log_probs, asked, decode, budget)
        written = task.stub + (answer.text or "").encode()
        assert alone.startswith(written + task.known if decode == "infill" else written)


def test_forward_alone_asks_nothing_of_the_backward_model() -> None:
    answer = ask(HOLE, MIDDLE, decode="forward")
    (middle,) = answer.generation.middles
    assert (middle.text, middle.source, answer.generation.met) == (MIDDLE, "forward", False)
    assert middle.backward_tokens == ()
    assert len(middle.forward_tokens) >= n_tokens
    assert all(len(feeds) == 1 for feeds in decode_passes(answer.runtime))


@ngrams
def test_without_verification_the_first_meet_is_taken_at_its_word(n: int) -> None:
    """Both sides write `circle.scaled(scale).area()` and then differ: where they meet is the end of it."""
    ours, theirs = "circle.scaled(scale).area() + best", "circle.scaled(scale).area() * factor"
    taken, checked = (ask(HOLE, ours, theirs, meet_ngram=n, verify=verify) for verify in (False, True))
    assert (taken.source, taken.generation.met, taken.generation.verified) == ("met", True, False)
    assert taken.generation.steps <= checked.generation.steps
