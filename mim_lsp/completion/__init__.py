"""From a document and a cursor to suggestions: request, context, candidates, filters. Knows no LSP and no torch."""

from __future__ import annotations

from mim_lsp.completion.types import Candidate, Completer, CompletionOptions, CompletionResult
from mim_lsp.runtime.choice import RuntimeOptions

__all__ = ["Candidate", "Completer", "CompletionOptions", "CompletionResult", "RuntimeOptions", "open_completer"]


def open_completer(model: str | None = None, options: RuntimeOptions | None = None) -> Completer:
    """Load a model, by name or folder, and complete with it; the default model if None.

    Raises:
        ModelError: the model is unknown, broken or truncated, or no runtime is installed.
        SettingsError: the device or the runtime is not there.
    """
    # Imported here, so that whoever only handles results does not wait for the parser and the tokenizer.
    from mim_lsp.completion.completer import MimCompleter
    from mim_lsp.completion.confidence import read_calibration
    from mim_lsp.engine.engine import MimEngine
    from mim_lsp.engine.memory_file import read_memory
    from mim_lsp.runtime.loading import find_model, load_model

    folder = find_model(model)
    engine = MimEngine(load_model(model, options), read_memory(folder))
    return MimCompleter(engine, read_calibration(folder))
