"""`mim/status`: what the server is doing, for people and for the editors' status lines."""

from __future__ import annotations

from collections.abc import Sequence

from mim_lsp.completion.reasons import REASONS
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.counters import Counters
from mim_lsp.server.messages import document_uri


def register(ls: MimLanguageServer) -> None:
    """Install the handler."""
    ls.feature("mim/status")(status)


def status(ls: MimLanguageServer, params: object) -> dict[str, object]:
    """The state, the model and the counts; with a `textDocument`, `paused` and `refusal` are about that document."""
    uri = document_uri(params)
    document = ls.document(uri) if uri else None
    silence = ls.permission.silence(uri or "")
    refusal = ls.permission.unreadable(document) if document else None
    return {
        "state": _state(ls, silence),
        "message": ls.model.message,
        "version": ls.version,
        "model": ls.model.model_name,
        "device": ls.settings.device,
        "paused": silence == "paused",
        "pausedEverywhere": ls.permission.paused,
        "refusal": silence or refusal,
        "activeDecodes": ls.model.active_decodes,
        "restarts": ls.model.restarts,
        **_answers(ls.counters),
        **_work(ls.counters),
        **_memory(ls),
    }


def _answers(counters: Counters) -> dict[str, object]:
    """How requests were answered."""
    reason = counters.last_reason
    return {
        "answers": counters.answers,
        "served": counters.served,
        "cacheHits": counters.cache_hits,
        "flightHits": counters.flight_hits,
        "latencyMs": _latency(counters.latency_ms),
        "lastReason": reason,
        "lastReasonText": REASONS.get(reason) if reason else None,
        "silence": dict(counters.reasons.most_common()),
        "dropped": dict(counters.dropped.most_common()),
    }


def _work(counters: Counters) -> dict[str, object]:
    """What the model did for that, and ahead of it."""
    return {
        "decodesStarted": counters.decodes_started,
        "decodesCancelled": counters.decodes_cancelled,
        "speculations": counters.speculations,
        "encodedTokens": counters.encoded_tokens,
        "refreshedTokens": counters.refreshed_tokens,
        "warmedTokens": counters.warmed_tokens,
        "speculatedTokens": counters.speculated_tokens,
    }


def _memory(ls: MimLanguageServer) -> dict[str, object]:
    """What is held for documents; nothing when all are closed."""
    cache = ls.suggestions.cache
    return {
        "documents": len(ls.workspace.text_documents),
        "heldDocuments": ls.suggestions.held_documents(),
        "cacheBytes": cache.bytes,
        "cacheEntries": len(cache),
    }


def _state(ls: MimLanguageServer, silence: str | None) -> str:
    """One word: `error` (see `message`), `paused`, `loading`, `unloaded`, `busy` or `ready`."""
    if ls.model.state == "failed":
        return "error"
    if silence is not None:
        return "paused"
    return "busy" if ls.model.active_decodes and ls.model.state == "ready" else ls.model.state


def _latency(times: Sequence[float]) -> dict[str, float] | None:
    """The median and the 95th percentile of the latest answers."""
    ordered = sorted(times)
    if not ordered:
        return None
    return {"p50": round(ordered[len(ordered) // 2], 1), "p95": round(ordered[len(ordered) * 95 // 100], 1)}
