"""A completer that answers always the same, for the tests of the commands."""

from __future__ import annotations

from collections.abc import Callable

from mim_lsp.completion.types import CancelFlag, CompletionOptions, CompletionResult
from mim_lsp.runtime.choice import RuntimeOptions


class FakeCompleter:
    """Answers every request with the same result and remembers what it was asked."""

    model_name = "fake"

    def __init__(self, result: CompletionResult) -> None:
        self.result = result
        self.asked: list[tuple[str, int, CompletionOptions]] = []
        self.opened: list[tuple[str | None, RuntimeOptions]] = []

    def open(self, model: str | None, options: RuntimeOptions) -> FakeCompleter:
        self.opened.append((model, options))
        return self

    def complete(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> CompletionResult:
        self.asked.append((text, offset, options))
        return self.result

    def forget(self, document: str) -> None:
        pass


def raising(error: BaseException) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail
