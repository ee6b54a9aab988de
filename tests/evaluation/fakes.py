"""Completers whose answers are known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from mim_lsp.completion.types import CancelFlag, Candidate, CompletionOptions, CompletionResult, ElapsedMs


def offered(text: str, **facts: object) -> CompletionResult:
    """An answer with one candidate."""
    candidate = Candidate(text, confidence=0.5, source="forward")
    return CompletionResult(candidates=(candidate,), **facts)  # type: ignore[arg-type]


def withheld(reason: str = "blank", steps: int = 0) -> CompletionResult:
    """An answer without any."""
    return CompletionResult(reason=reason, steps=steps, elapsed_ms=ElapsedMs(1.0, 2.0, 3.0))


class Call(NamedTuple):
    """What a completer was asked."""

    text: str
    offset: int
    options: CompletionOptions
    document: str | None


@dataclass
class ScriptedCompleter:
    """Gives what `answer` says for each call, and remembers the calls."""

    answer: Callable[[Call], CompletionResult]
    model_name: str = "scripted"
    calls: list[Call] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def complete(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> CompletionResult:
        self.calls.append(Call(text, offset, options, document))
        return self.answer(self.calls[-1])

    def forget(self, document: str) -> None:
        self.forgotten.append(document)
