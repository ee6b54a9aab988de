from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from lsprotocol.types import InlineCompletionTriggerKind

from mim_lsp.completion.edits import EDITS
from mim_lsp.completion.filters import FILTERS
from mim_lsp.completion.reasons import REASONS, SWITCHABLE
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.server.settings import RuntimeChoice, Settings, Source, gather
from mim_lsp.server.settings.keys import all_settings

OTHER: dict[str, Any] = {
    "enabled": False,
    "trigger": "manual",
    "mode": "line",
    "eagerness": 0.25,
    "debounceMs": 80,
    "maxLines": 3,
    "maxTokens": 7,
    "maxMs": 250.0,
    "maxCandidates": 5,
    "compare": 2,
    "disabledFilters": ("blank",),
    "languages": ("python",),
    "exclude": ("*.gen.py",),
    "remember": False,
    "context": True,
    "speculate": False,
    "prefixTokens": 100,
    "suffixTokens": 0,
    "decode": "streams",
    "meetNgram": 3,
    "fallbackCompletion": True,
    "model": "mim-py-nano",
    "device": "cpu",
    "threads": 2,
    "idleUnloadMinutes": 10.0,
    "stats": False,
    "logLevel": "debug",
}
"""For every setting a value that is not the default."""


def test_every_setting_can_be_set() -> None:
    settings, problems = gather([Source(OTHER)])
    assert problems == []
    assert {each.name: getattr(settings, each.field) for each in all_settings()} == OTHER


def test_every_default_is_of_its_own_kind() -> None:
    for setting in all_settings():
        if setting.default is not None:
            assert setting.key.kind.take(setting.default) == setting.default


def test_every_setting_that_options_know_reaches_them() -> None:
    known = {field.name for field in fields(CompletionOptions)} & {field.name for field in fields(Settings)}
    settings, _ = gather([Source(OTHER)])
    options = settings.options_for(InlineCompletionTriggerKind.Automatic)
    assert {name: getattr(options, name) for name in known} == {
        name: frozenset(value) if name == "disabled_filters" else value
        for name in known
        for value in [getattr(settings, name)]
    }


def test_typing_asks_for_one_confident_suggestion() -> None:
    options = Settings(eagerness=0.4, max_lines=2).options_for(InlineCompletionTriggerKind.Automatic)
    assert options == replace(CompletionOptions(), candidates=1, eagerness=0.4, max_lines=2, max_ms=1000.0)


def test_asking_explicitly_gives_several_of_any_confidence() -> None:
    options = Settings(eagerness=0.4, max_tokens=9).options_for(InlineCompletionTriggerKind.Invoked)
    assert options == replace(CompletionOptions(), candidates=3, eagerness=1.0, max_tokens=9, max_ms=1000.0)


@pytest.mark.parametrize(
    ("languages", "allowed", "refused"),
    [
        ((), ["python", "markdown", ""], []),
        (("python", "rust"), ["python", "rust"], ["go", ""]),
        (("!markdown",), ["python", ""], ["markdown"]),
        (("python", "!rust"), ["python"], ["rust", "go"]),
        (("rust", "!rust"), [], ["rust"]),
        (Settings().languages, ["python", "yaml"], ["plaintext", "markdown"]),
    ],
)
def test_languages_are_allowed_and_left_out(languages: tuple[str, ...], allowed: list[str], refused: list[str]) -> None:
    settings = Settings(languages=languages)
    assert [each for each in allowed + refused if settings.allows_language(each)] == allowed


def test_what_is_to_run_is_left_to_the_command_unless_it_is_set() -> None:
    assert Settings().runtime == RuntimeChoice(None, None, None)
    assert Settings(model="m", threads=2, eagerness=1).runtime == RuntimeChoice("m", None, 2)


def test_the_filters_that_can_be_switched_off_are_those_that_there_are() -> None:
    assert set(SWITCHABLE) == {name for name, _ in (*FILTERS, *EDITS)} | {"undefined_names"}
    assert set(SWITCHABLE) <= set(REASONS)
