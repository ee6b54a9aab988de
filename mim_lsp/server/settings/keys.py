"""Every setting: its name, default, kind and meaning. The table in the docs and the JSON schema are made from this."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Literal, get_args, get_type_hints

from lsprotocol.types import InlineCompletionTriggerKind

from mim_lsp.completion.reasons import SWITCHABLE
from mim_lsp.completion.types import CompletionOptions, Decode, Mode
from mim_lsp.server.settings.kinds import Choice, Flag, Kind, Number, Patterns, Text, Texts, Whole, Words

Trigger = Literal["automatic", "manual"]
Device = Literal["auto", "cpu", "cuda"]
LogLevel = Literal["error", "warning", "info", "debug"]

_OPTIONS = CompletionOptions()
_AS_COMMAND = "null: what the server's command says"


@dataclass(frozen=True)
class Key:
    """What is known of a setting beside its name, type and default."""

    kind: Kind
    about: str
    """What it means, as a phrase for the table in the docs."""
    machine: bool = False
    """Whether it concerns the machine or the person: a project's `pyproject.toml` cannot set it."""
    adds_up: bool = False
    """Whether the lists of all sources count, and not only the highest one's."""


@dataclass(frozen=True)
class RuntimeChoice:
    """What is to run, as far as the settings say; what is None is left to the server's command."""

    model: str | None
    device: Device | None
    threads: int | None


@dataclass(frozen=True)
class Settings:
    """What a user can set; the key in an editor's configuration is the field's name in camelCase."""

    enabled: Annotated[bool, Key(Flag(), "whether anything is suggested at all")] = True
    trigger: Annotated[
        Trigger,
        Key(Choice(get_args(Trigger)), '`"automatic"`: while typing; `"manual"`: only when asked for explicitly'),
    ] = "automatic"
    mode: Annotated[
        Mode,
        Key(
            Choice(get_args(Mode)),
            'the longest kind of text that is offered; `"auto"`: what the place of the cursor asks for',
        ),
    ] = "auto"
    eagerness: Annotated[
        float,
        Key(
            Number(0, 1),
            "0: show only what is almost certain; 1: show everything that was found. For suggestions while typing",
        ),
    ] = 0.5
    debounce_ms: Annotated[
        int | None,
        Key(
            Whole(0, 5000),
            "milliseconds of rest before a suggestion is computed; null: follows the rhythm of typing and the speed "
            "of the model",
        ),
    ] = None
    max_lines: Annotated[
        int | None, Key(Whole(1, 100), "most lines of one suggestion; null: as many as the mode allows")
    ] = None
    max_tokens: Annotated[
        int, Key(Whole(1, 1024), "most tokens that either direction may write for one suggestion")
    ] = _OPTIONS.max_tokens
    max_ms: Annotated[
        float,
        Key(Number(1, 60_000), "most milliseconds for writing one suggestion; what is found by then is offered"),
    ] = 1000.0
    max_candidates: Annotated[
        int, Key(Whole(1, 10), "how many suggestions to offer when asked explicitly; while typing there is one")
    ] = 3
    compare: Annotated[
        int,
        Key(
            Whole(1, 20),
            "how many texts are written to choose the best from, with a model that is small enough, and while typing "
            "as far as there is time before the next key; 1 takes least time and power, and is right less often",
        ),
    ] = _OPTIONS.compare
    disabled_filters: Annotated[
        tuple[str, ...],
        Key(Words(SWITCHABLE), "filters that are not applied, by the reasons that `mim/explain` gives for them"),
    ] = ()
    languages: Annotated[
        tuple[str, ...],
        Key(
            Texts(),
            "language ids (`python`, `rust`, ...) to complete; `!` before one leaves it out; with no other than "
            "such ones, all others are completed",
        ),
    ] = ("!plaintext", "!markdown", "!log", "!scminput", "!git-commit")
    exclude: Annotated[
        tuple[str, ...],
        Key(
            Patterns(),
            "files that are never completed or read, beside the "
            "[built-in ones](#files-that-are-never-read); `!` before one allows it again",
            adds_up=True,
        ),
    ] = ()
    remember: Annotated[
        bool,
        Key(
            Flag(), "whether what open files and those near by repeat counts, too, and not only what the document does"
        ),
    ] = True
    context: Annotated[bool, Key(Flag(), "whether names and signatures from other files of the workspace are read")] = (
        False
    )
    speculate: Annotated[bool, Key(Flag(), "whether the suggestion after the one shown is prepared in idle time")] = (
        True
    )
    prefix_tokens: Annotated[int, Key(Whole(1, 100_000), "how much text before the cursor is read, in tokens")] = (
        _OPTIONS.prefix_tokens
    )
    suffix_tokens: Annotated[int, Key(Whole(0, 100_000), "how much text after the cursor is read, in tokens")] = (
        _OPTIONS.suffix_tokens
    )
    decode: Annotated[
        Decode,
        Key(
            Choice(("infill", "streams")),
            '`"infill"`: both directions read both sides of the cursor; `"streams"`: each reads its own side',
        ),
    ] = _OPTIONS.decode
    meet_ngram: Annotated[
        int, Key(Whole(1, 32), "how many tokens of both directions must coincide to be tried as a meeting point")
    ] = _OPTIONS.meet_ngram
    fallback_completion: Annotated[
        bool,
        Key(
            Flag(),
            "whether suggestions also come in the completion menu (`textDocument/completion`), for editors without "
            "ghost text",
            machine=True,
        ),
    ] = False
    model: Annotated[
        str | None,
        Key(Text(), f"the model's name or folder; {_AS_COMMAND}", machine=True),
    ] = None
    device: Annotated[
        Device | None,
        Key(Choice(get_args(Device)), f"where the model runs; {_AS_COMMAND}", machine=True),
    ] = None
    threads: Annotated[
        int | None,
        Key(
            Whole(1, 1024),
            f"threads that compute on a CPU; {_AS_COMMAND}, or as many as are worth it",
            machine=True,
        ),
    ] = None
    idle_unload_minutes: Annotated[
        float | None,
        Key(
            Number(0.01, 100_000),
            "minutes without a request after which the model's memory is freed; null: never",
            machine=True,
        ),
    ] = None
    stats: Annotated[
        bool,
        Key(Flag(), "whether counts and times (never text) are kept in a local file for `mim-lsp stats`", machine=True),
    ] = True
    log_level: Annotated[
        LogLevel, Key(Choice(get_args(LogLevel)), "the least serious records that are logged", machine=True)
    ] = "info"

    @property
    def runtime(self) -> RuntimeChoice:
        """What is to run; a change needs a new engine."""
        return RuntimeChoice(self.model, self.device, self.threads)

    def allows_language(self, language: str) -> bool:
        """Whether documents of a language, by its LSP id, are to be completed."""
        if f"!{language}" in self.languages:
            return False
        allowed = [each for each in self.languages if not each.startswith("!")]
        return not allowed or language in allowed

    def options_for(self, trigger: InlineCompletionTriggerKind) -> CompletionOptions:
        """The options of a request: one confident suggestion while typing, several of any kind on demand."""
        invoked = trigger == InlineCompletionTriggerKind.Invoked
        return CompletionOptions(
            decode=self.decode,
            meet_ngram=self.meet_ngram,
            max_tokens=self.max_tokens,
            max_ms=self.max_ms,
            candidates=self.max_candidates if invoked else 1,
            compare=self.compare,
            prefix_tokens=self.prefix_tokens,
            suffix_tokens=self.suffix_tokens,
            eagerness=1.0 if invoked else self.eagerness,
            mode=self.mode,
            max_lines=self.max_lines,
            disabled_filters=frozenset(self.disabled_filters),
        )


@dataclass(frozen=True)
class Setting:
    """One setting as the schema and the docs tell of it."""

    field: str
    name: str
    """The key in an editor's configuration."""
    key: Key
    default: object

    @property
    def optional(self) -> bool:
        """Whether null is a value of its own, and not only "not set"."""
        return self.default is None


@cache
def all_settings() -> tuple[Setting, ...]:
    """Every setting, in the order of the docs."""
    hints = get_type_hints(Settings, include_extras=True)
    return tuple(
        Setting(field.name, camel_case(field.name), get_args(hints[field.name])[1], field.default)
        for field in fields(Settings)
    )


def camel_case(name: str) -> str:
    """`max_tokens` -> `maxTokens`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
