"""From a document and a cursor to suggestions: request, context, candidates, filters. Knows no LSP and no torch."""

from __future__ import annotations

from mim_lsp.completion.completer import MimCompleter
from mim_lsp.completion.types import Candidate, Completer, CompletionOptions, CompletionResult
from mim_lsp.engine.engine import MimEngine
from mim_lsp.runtime.loading import load_model

__all__ = ["Candidate", "Completer", "CompletionOptions", "CompletionResult", "open_completer"]


def open_completer(model: str | None = None, device: str = "auto") -> Completer:
    """Load a model, by name or folder, and complete with it; the default model if None.

    Raises:
        ModelError: the model is unknown, broken or truncated, or no runtime is installed.
        SettingsError: the device is unknown or not there.
    """
    return MimCompleter(MimEngine(load_model(model, device)))
