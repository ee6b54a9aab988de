"""The user's settings: section `mim` of the editor's configuration, or `initializationOptions`, with camelCase keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import get_args

from lsprotocol import types

from mim_lsp.completion.types import CompletionOptions, Decode

_DEFAULTS = CompletionOptions()


@dataclass(frozen=True)
class Settings:
    """What a user can set; the key in an editor's configuration is the field's name in camelCase."""

    decode: Decode = _DEFAULTS.decode
    """`infill`: both directions read both sides of the cursor first. `streams`: each reads its own side only."""
    max_tokens: int = _DEFAULTS.max_tokens
    """Most tokens that either direction may write for one suggestion; at least 1."""
    max_ms: float | None = _DEFAULTS.max_ms
    """Time for one suggestion in milliseconds, at least 1; null: no limit."""
    meet_ngram: int = _DEFAULTS.meet_ngram
    """How many tokens of both directions must coincide to be tried as a meeting point; at least 1."""
    min_confidence: float = _DEFAULTS.min_confidence
    """Suggestions while typing below this confidence (0 to 1) are not shown; asking explicitly shows them."""
    max_candidates: int = 3
    """How many suggestions to offer when asked explicitly; at least 1. While typing there is always one."""
    prefix_tokens: int = _DEFAULTS.prefix_tokens
    """How much text before the cursor the model reads, in tokens; at least 1."""
    suffix_tokens: int = _DEFAULTS.suffix_tokens
    """How much text after the cursor the model reads, in tokens; at least 0."""

    def options_for(self, trigger: types.InlineCompletionTriggerKind) -> CompletionOptions:
        """The options of a request: one confident suggestion while typing, several of any kind on demand."""
        invoked = trigger == types.InlineCompletionTriggerKind.Invoked
        return CompletionOptions(
            decode=self.decode,
            meet_ngram=self.meet_ngram,
            max_tokens=self.max_tokens,
            max_ms=self.max_ms,
            candidates=self.max_candidates if invoked else 1,
            prefix_tokens=self.prefix_tokens,
            suffix_tokens=self.suffix_tokens,
            min_confidence=0.0 if invoked else self.min_confidence,
        )


def parse_settings(raw: Mapping[str, object]) -> tuple[Settings, list[str]]:
    """Settings from what a client sent, and one line for every value that cannot be used.

    Unknown keys are ignored, since editors keep their own settings in the same section. A value that cannot be used
    is replaced by the default; null stands for the default.
    """
    values: dict[str, object] = {}
    problems = []
    for name, (convert, expected) in _RULES.items():
        key = camel_case(name)
        given = raw.get(key)
        if given is None:
            continue
        value = convert(given)
        if value is None:
            default = getattr(Settings, name)
            problems.append(f"mim.{key} must be {expected}, not {given!r}: the default ({default}) is used")
        else:
            values[name] = value
    return replace(Settings(), **values), problems  # type: ignore[arg-type]  # checked by the rules


def camel_case(name: str) -> str:
    """`max_tokens` -> `maxTokens`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _decode(value: object) -> object:
    return value if value in get_args(Decode) else None


def _whole(least: int) -> Callable[[object], object]:
    """Takes whole numbers of at least `least`, also as a float, since Lua and some JSON writers know no integers."""

    def convert(value: object) -> int | None:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None

    return convert


def _between(least: float, most: float) -> Callable[[object], object]:
    def convert(value: object) -> float | None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        return float(value) if least <= value <= most else None

    return convert


_RULES: dict[str, tuple[Callable[[object], object], str]] = {
    "decode": (_decode, '"infill" or "streams"'),
    "max_tokens": (_whole(1), "a whole number of at least 1"),
    "max_ms": (_between(1, 3_600_000), "a number of milliseconds of at least 1, or null for no limit"),
    "meet_ngram": (_whole(1), "a whole number of at least 1"),
    "min_confidence": (_between(0, 1), "a number from 0 to 1"),
    "max_candidates": (_whole(1), "a whole number of at least 1"),
    "prefix_tokens": (_whole(1), "a whole number of at least 1"),
    "suffix_tokens": (_whole(0), "a whole number of at least 0"),
}
"""Of each setting: how a value from outside is taken (None if it cannot be), and what to tell the user it must be."""
