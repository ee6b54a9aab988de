"""A completion as the JSON object that `mim-lsp complete --json` prints; other programs rely on its keys."""

from __future__ import annotations

from dataclasses import asdict

from mim_lsp.completion.types import CompletionResult


def as_json(result: CompletionResult, model: str) -> dict[str, object]:
    """Turn `result`, which the model named `model` gave, into a JSON-ready dictionary; times are in milliseconds."""
    return {
        "insert_text": result.insert_text,
        "candidates": [asdict(candidate) for candidate in result.candidates],
        "met": result.met,
        "verified": result.verified,
        "steps": result.steps,
        "tokens": result.tokens,
        "encoded_tokens": result.encoded_tokens,
        "refreshed_tokens": result.refreshed_tokens,
        "dropped": list(result.dropped),
        "elapsed_ms": asdict(result.elapsed_ms),
        "reason": result.reason,
        "model": model,
    }
