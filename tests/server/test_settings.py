from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import InlineCompletionTriggerKind

from mim_lsp.completion.types import CompletionOptions
from mim_lsp.server.settings import Settings, camel_case, parse_settings

GOOD: dict[str, Any] = {
    "decode": "streams",
    "maxTokens": 7,
    "maxMs": 250,
    "meetNgram": 3,
    "minConfidence": 0.25,
    "maxCandidates": 5,
    "prefixTokens": 100,
    "suffixTokens": 0,
}
BAD: list[tuple[str, Any]] = [
    ("decode", "fim"),
    ("decode", ["infill"]),
    ("maxTokens", 0),
    ("maxTokens", "64"),
    ("maxTokens", True),
    ("maxTokens", 1.5),
    ("maxMs", 0),
    ("maxMs", float("nan")),
    ("maxMs", 10**400),
    ("meetNgram", -1),
    ("minConfidence", 1.01),
    ("minConfidence", {}),
    ("maxCandidates", 0),
    ("prefixTokens", 0),
    ("suffixTokens", -1),
]


def test_every_setting_can_be_set() -> None:
    assert set(GOOD) == {camel_case(field.name) for field in fields(Settings)}
    settings, problems = parse_settings(GOOD)
    assert problems == []
    assert settings == Settings("streams", 7, 250.0, 3, 0.25, 5, 100, 0)


def test_nothing_set_means_the_defaults() -> None:
    assert parse_settings({}) == (Settings(), [])
    assert parse_settings(dict.fromkeys(GOOD)) == (Settings(), [])


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_wrong_value_costs_only_its_own_key(key: str, value: Any) -> None:
    settings, problems = parse_settings({**GOOD, key: value})
    assert settings == parse_settings({each: GOOD[each] for each in GOOD if each != key})[0]
    assert len(problems) == 1
    assert problems[0].startswith(f"mim.{key} must be ")


def test_whole_numbers_may_come_as_floats() -> None:
    assert parse_settings({"maxTokens": 32.0})[0].max_tokens == 32


def test_unknown_keys_are_ignored() -> None:
    assert parse_settings({"serverCommand": ["mim-lsp"], "max_tokens": 3}) == (Settings(), [])


JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just([]) | st.just({})


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON))
def test_no_value_can_break_a_request(raw: dict[str, object]) -> None:
    settings, _ = parse_settings(raw)
    options = settings.options_for(InlineCompletionTriggerKind.Invoked)
    assert options.max_tokens >= 1
    assert options.decode in ("infill", "streams")


def test_typing_asks_for_one_confident_suggestion() -> None:
    settings = Settings(min_confidence=0.4)
    assert settings.options_for(InlineCompletionTriggerKind.Automatic) == CompletionOptions(min_confidence=0.4)


def test_asking_explicitly_gives_several_of_any_confidence() -> None:
    settings = Settings(min_confidence=0.4, max_tokens=9)
    expected = CompletionOptions(candidates=3, min_confidence=0.0, max_tokens=9)
    assert settings.options_for(InlineCompletionTriggerKind.Invoked) == expected
