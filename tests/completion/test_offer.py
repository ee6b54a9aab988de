"""From middles to candidates: what is edited, refused, held back, and why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.confidence import Calibration
from mim_lsp.completion.edits import EDITS, Change
from mim_lsp.completion.filters import FILTERS
from mim_lsp.completion.offer import Offer, make_offer
from mim_lsp.completion.reasons import REASONS, SWITCHABLE
from mim_lsp.completion.types import CompletionOptions, Indentation
from mim_lsp.engine.types import Middle
from tests.completion.generations import calibration, generation, middle


def offer_at(marked: str, *middles: Middle | str, fitted: Calibration | None = None, **options: Any) -> Offer:
    """What is offered of middles at the `|` of a text."""
    offset = marked.index("|")
    text = marked[:offset] + marked[offset + 1 :]
    return make_offer(generation(*middles), text, offset, CompletionOptions(**options), fitted)


def texts(offer: Offer) -> list[str]:
    """The texts that are offered."""
    return [candidate.text for candidate in offer.candidates]


def test_a_sound_middle_is_offered_as_it_is() -> None:
    offer = offer_at("x = |\n", middle("foo(1)", meeting_point=3))
    (candidate,) = offer.candidates
    assert (candidate.text, candidate.source, candidate.meeting_point) == ("foo(1)", "met", 3)
    assert (offer.reason, offer.dropped) == (None, ())
    assert offer.explanation.reason is None


@pytest.mark.parametrize(
    ("marked", "middle_text", "expected"),
    [
        ("x = |\n", "1\ny = 2", "1"),  # beyond its statement
        ("foo(|)\n", "b)", "b"),
        ("x = |\n", "1\n\n\n", "1"),
        ("def f():\n    |\n", "a = 1\n    return a\n\n\ndef g():\n    pass\n", "a = 1\n    return a"),
    ],
)
def test_edits_come_first(marked: str, middle_text: str, expected: str) -> None:
    assert texts(offer_at(marked, middle_text)) == [expected]


def test_a_meeting_point_behind_the_cut_moves_to_the_end() -> None:
    (candidate,) = offer_at("x = |\n", middle("1\ny = 2", meeting_point=5)).candidates
    assert candidate.meeting_point == 1


def test_mode_caps_what_is_offered() -> None:
    block = "a = 1\n    return a"
    assert texts(offer_at("def f():\n    |\n", block)) == [block]
    assert texts(offer_at("def f():\n    |\n", block, mode="statement")) == ["a = 1"]


def test_the_indentation_is_the_editors() -> None:
    offer = offer_at("if x:|\n", "\n    y = 1\n    z = 2", indentation=Indentation(2, True))
    assert texts(offer) == ["\n  y = 1\n  z = 2"]
    assert offer.explanation.trails[0].changes == (Change("indentation", ""),)


def test_an_indentation_that_breaks_the_file_is_left_as_written() -> None:
    written = "\n    y = 1"
    assert texts(offer_at("if x:|\n    z = 2\n", written, indentation=Indentation(2, True))) == [written]


@pytest.mark.parametrize(
    ("reason", "marked", "text"),
    [
        ("blank", "x = 1\n|\ny\n", " "),
        ("repeats_following", "if x:\n    |\n    total = area\n", "total = area"),
        ("repeats_preceding", "def f(x):\n    log(x)\n    |\n", "log(x)"),
        ("repeats_itself", "def f():\n    |\n", "log(x)\n    log(x)\n    log(x)"),
        ("unbalances_brackets", "x = |\n", "foo("),
        ("worsens_syntax", "x = |\ny = 2\n", "1 = = 2"),
        ("repeated_end", "foo(|, scale)\n", ", scale"),
        ("list_style", "f(a, |)\n", ", ,"),
        ("repeats_name", "f(a=1, |)\n", "a=2"),
        ("breaks_list_order", "def f(a=1, |): pass\n", "b"),
        ("low_confidence", "x = |\n", "area"),
    ],
)
def test_every_drop_is_counted_with_its_reason(reason: str, marked: str, text: str) -> None:
    fitted = calibration(threshold=0.9) if reason == "low_confidence" else None
    offer = offer_at(marked, text, fitted=fitted)
    assert (offer.candidates, offer.reason, offer.dropped) == ((), reason, (reason,))
    assert offer.explanation.trails[0].dropped == reason
    assert offer.explanation.sentence.startswith(REASONS[reason])


CAUGHT_BY = {
    "blank": ("x = |\n", "  "),
    "beyond_unit": ("x = |\n", "1\ny = 2"),
    "repeated_end": ("foo(|)\n", "b)"),
    "indentation": ("if x:|\n", "\n    y"),
    "repeats_following": ("|\nreturn x\n", "return x"),
    "repeats_preceding": ("log(x)\n|\n", "log(x)"),
    "repeats_itself": ("|\n", "log(x)\nlog(x)\nlog(x)"),
    "list_style": ("f(a,|)\n", "b"),
    "repeats_name": ("f(a=1, |)\n", "a=2"),
    "breaks_list_order": ("def f(a=1, |): pass\n", "b"),
    "unbalances_brackets": ("x = |\n", "foo("),
    "worsens_syntax": ("x = |\ny = 2\n", "1 = = 2"),
}
"""For each edit and filter a place, and a text that it changes or refuses."""


@pytest.mark.parametrize("name", [name for name, _ in (*FILTERS, *EDITS)])
def test_each_edit_and_filter_can_be_switched_off(name: str) -> None:
    marked, text = CAUGHT_BY[name]
    every = frozenset(SWITCHABLE)
    options: dict[str, Any] = {"indentation": Indentation(2, True)}
    assert texts(offer_at(marked, text, disabled_filters=every, **options)) == [text]
    assert texts(offer_at(marked, text, disabled_filters=every - {name}, **options)) != [text]


def test_the_names_that_can_be_switched_off_are_the_ones_there_are() -> None:
    assert set(SWITCHABLE) == {name for name, _ in (*FILTERS, *EDITS)} | {"undefined_names"}


@pytest.mark.parametrize(
    ("middles", "facts", "reason"),
    [
        ((), {"exhausted": True}, "incomplete"),
        ((), {}, "no_candidate"),
        (("", "foo"), {}, "empty_middle"),
    ],
)
def test_silence_has_a_reason(middles: tuple[str, ...], facts: dict[str, Any], reason: str) -> None:
    offer = make_offer(generation(*middles, **facts), "x = \n", 4, CompletionOptions())
    assert (offer.candidates, offer.reason) == ((), reason)


def test_a_refused_middle_leaves_room_for_the_next_and_twins_are_one() -> None:
    offer = offer_at("f(|, scale)\n", "(area", "area", "area, scale")
    assert texts(offer) == ["area"]
    assert offer.dropped == ("unbalances_brackets",)


def test_candidates_are_ordered_by_confidence() -> None:
    several = middle("12", 0.3), middle("13", 0.9), middle("14", 0.6)
    assert texts(offer_at("x = |\n", *several, candidates=2)) == ["13", "12"]
    assert texts(offer_at("x = |\n", *several, candidates=9)) == ["13", "14", "12"]


def test_middles_that_were_written_to_compare_are_not_even_judged() -> None:
    """They come ranked by both directions: only what is refused makes room for the next."""
    offer = offer_at("f(|, scale)\n", middle("(area", 0.9), middle("area", 0.3), middle("best", 0.8))
    assert texts(offer) == ["area"]
    assert [trail.text for trail in offer.explanation.trails] == ["(area", "area"]
    uncertain = offer_at("x = |\n", "area", "best", fitted=calibration(threshold=0.6))
    assert (uncertain.reason, len(uncertain.explanation.trails)) == ("low_confidence", 1)


def test_names_that_nothing_defines_cost_confidence_but_do_not_refuse() -> None:
    marked = "def f(area):\n    return |\n"
    offer = offer_at(marked, "scale", "area", candidates=2)
    assert texts(offer) == ["area", "scale"]
    assert [trail.undefined_names for trail in offer.explanation.trails] == [("scale",), ()]
    assert offer_at(marked, "scale", disabled_filters=frozenset({"undefined_names"})).candidates[0].confidence == 0.8
    assert offer_at(marked, "scale", language="go").candidates[0].confidence == 0.8
    fitted = calibration(threshold=0.3, undefined_names=-2.0)
    assert offer_at(marked, "scale", fitted=fitted).reason == "low_confidence"
    assert texts(offer_at(marked, "area", fitted=fitted)) == ["area"]


def test_eagerness_decides_what_is_shown() -> None:
    fitted = calibration(threshold=0.6)  # every suggestion has confidence 0.5
    assert offer_at("x = |\n", "area", fitted=fitted).reason == "low_confidence"
    assert texts(offer_at("x = |\n", "area", fitted=fitted, eagerness=1.0)) == ["area"]
    assert offer_at("x = |\n", "area", eagerness=0.0).reason == "low_confidence"


ANY = st.text(st.characters(codec=None, exclude_categories=[]), max_size=30)
CODE = st.text("ab1 \n\t:=([{)]}'\"#,.", max_size=40)


@given(CODE | ANY, CODE | ANY, CODE | ANY, st.sampled_from(["python", "javascript", "yaml"]), st.booleans())
def test_never_raises_and_offers_only_what_has_something_to_read(
    prefix: str, written: str, suffix: str, language: str, use_spaces: bool
) -> None:
    options = CompletionOptions(language=language, indentation=Indentation(2, use_spaces))
    offer = make_offer(generation(written), prefix + suffix, len(prefix), options)
    assert bool(offer.candidates) == (offer.reason is None)
    assert all(text.strip() for text in texts(offer))
    assert set(offer.dropped) <= set(REASONS)
