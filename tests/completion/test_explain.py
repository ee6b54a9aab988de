"""Explanations, and how they are shown."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from mim_lsp.completion.explain import Explanation
from mim_lsp.completion.offer import make_offer
from mim_lsp.completion.show_explanation import show_explanation
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.engine.types import Middle
from tests.completion.generations import calibration, generation, middle


def explained(*middles: Middle | str, marked: str = "x = |\n", fitted: Any = None, **facts: Any) -> Explanation:
    prefix, suffix = marked.split("|")
    made = generation(*middles, **facts)
    return make_offer(made, prefix + suffix, len(prefix), CompletionOptions(), fitted).explanation


def shown(explanation: Explanation, *, terminal: bool = False) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=terminal, color_system="standard" if terminal else None, width=200
    )
    show_explanation(console, explanation)
    return str(console.file.getvalue())


@pytest.fixture(autouse=True)
def _no_display_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


def test_an_explanation_is_json_ready_and_tells_what_each_side_wrote() -> None:
    told = explained(middle("area()", meeting_point=3))
    plain = json.loads(json.dumps(told.as_json()))
    assert plain["forward"] == {"text": "area()", "ended": True}
    assert plain["backward"] == {"text": "a()", "ended": False}
    assert (plain["unit"], plain["met"], plain["meeting_point"], plain["encoded_tokens"]) == ("statement", True, 3, 40)
    assert [token["text"] for token in plain["tokens"]] == ["are", "a()"]
    assert plain["tokens"][0]["forward"] == pytest.approx(0.905, abs=0.001)
    assert plain["trails"][0]["features"]["met"] == 1


def test_the_reason_for_silence_is_a_sentence() -> None:
    assert explained("").sentence == "The model finds that nothing is missing at the cursor."
    told = explained("area", fitted=calibration(threshold=0.7))
    assert told.sentence.endswith("The confidence was 50%, and 70% is asked for.")
    alone = explained(middle("area", source="backward"), met=False, verified=False)
    assert alone.sentence == "The text is the backward side's; the other direction did not come to the same."


def test_parts_of_the_confidence_come_in_the_order_of_their_weight() -> None:
    told = explained("area", fitted=calibration(met=0.5, forward_mean=8.0, shortened=1.0))
    assert list(told.trails[0].parts) == ["forward_mean", "met", "shortened"]
    assert told.is_calibrated


def test_without_colours_the_probabilities_stand_behind_each_token() -> None:
    page = shown(explained(middle("area()", meeting_point=3)))
    assert "agreement:     are⟨90%/14%⟩│a()⟨90%/14%⟩" in page
    assert "met:           after 3 characters, verified by the forward model" in page
    assert "the geometric mean: this model has no calibration" in page
    assert "\x1b" not in page


def test_on_a_terminal_tokens_are_coloured_by_the_less_sure_side() -> None:
    page = shown(explained("area"), terminal=True)
    assert "\x1b[1;31mar\x1b[0m" in page
    assert "⟨" not in page


def test_edits_and_filters_are_told_with_what_they_took() -> None:
    page = shown(explained("b)\nfoo(", marked="foo(|)\n"))
    assert "beyond_unit: took off '\\nfoo('" in page
    assert "repeated_end: took off ')'" in page
    dropped = shown(explained("1 = = 2", marked="x = |\ny = 2\n"))
    assert "dropped:     worsens_syntax. The suggestion would have left" in dropped


def test_undefined_names_and_parts_are_shown() -> None:
    page = shown(explained("scale", marked="def f():\n    return |\n", fitted=calibration(undefined_names=-1.0)))
    assert "undefined:   scale" in page
    assert "because of:  undefined_names -1.00" in page


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b[2J" not in shown(explained("'\x1b[2J'"), terminal=True)
