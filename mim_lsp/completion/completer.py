"""One completion from end to end: line breaks, context, engine, filters."""

from __future__ import annotations

import time
from dataclasses import replace

from mim_lsp.completion.context import Budget, build_context
from mim_lsp.completion.filters import check
from mim_lsp.completion.line_endings import LineBreak, dominant_line_break, normalize, restore
from mim_lsp.completion.opened_line import BREAK, is_before_line, open_line
from mim_lsp.completion.trimming import trim
from mim_lsp.completion.types import Candidate, CompletionOptions, CompletionResult, ElapsedMs
from mim_lsp.engine.engine import MimEngine
from mim_lsp.engine.types import DecodeSettings, Generation, InfillRequest, Middle
from mim_lsp.errors import DocumentError
from mim_lsp.runtime.protocol import CancelFlag

ROW_OVERHEAD = 4
"""Special tokens of a row."""


class MimCompleter:
    """Implements `mim_lsp.completion.types.Completer` with a meet-in-the-middle engine."""

    def __init__(self, engine: MimEngine) -> None:
        self._engine = engine

    @property
    def model_name(self) -> str:
        """The model's name, as `mim-lsp models` lists it."""
        return self._engine.model.name

    def complete(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> CompletionResult:
        """Complete `text` at `offset`; see `Completer.complete`."""
        if not 0 <= offset <= len(text):
            raise DocumentError(f"offset {offset} lies outside the document of {len(text)} characters.")
        started = time.perf_counter()
        clean, position = normalize(text, offset)
        opened = is_before_line(clean, position)
        if opened:
            clean = open_line(clean, position)
        context = build_context(clean, position, self.budget(options), self._engine.count_tokens)
        request = InfillRequest(context.prefix, context.suffix, context.far_prefix_end, context.far_suffix_start)
        generation = self._engine.generate(request, _decode_settings(options), cancel, document)
        candidates, reason = _offered(generation, clean, position, options.min_confidence)
        if opened:
            candidates = [replace(candidate, text=candidate.text + BREAK) for candidate in candidates]
        return CompletionResult(
            candidates=tuple(_with_line_breaks(candidate, dominant_line_break(text)) for candidate in candidates),
            reason=reason,
            met=generation.met,
            verified=generation.verified,
            steps=generation.steps,
            tokens=generation.tokens,
            encoded_tokens=generation.encoded_tokens,
            elapsed_ms=_elapsed(generation, started),
        )

    def forget(self, document: str) -> None:
        """Free what is held for a document that was closed."""
        self._engine.forget(document)

    def budget(self, options: CompletionOptions) -> Budget:
        """The options' budget, lowered in proportion to what the model's context holds."""
        wanted = options.prefix_tokens + options.suffix_tokens
        room = self._engine.model.config.context_length - ROW_OVERHEAD - options.max_tokens
        share = min(1.0, max(0, room) / max(1, wanted))
        return Budget(int(options.prefix_tokens * share), int(options.suffix_tokens * share))


def _decode_settings(options: CompletionOptions) -> DecodeSettings:
    return DecodeSettings(
        decode=options.decode,
        meet_ngram=options.meet_ngram,
        max_tokens=options.max_tokens,
        end_bias=options.end_bias,
        max_ms=options.max_ms,
        candidates=options.candidates,
        temperature=options.temperature,
        top_p=options.top_p,
        seed=options.seed,
    )


def _offered(
    generation: Generation, text: str, offset: int, min_confidence: float
) -> tuple[list[Candidate], str | None]:
    """The candidates of a generation, best first, or the code of the reason why there are none."""
    if not generation.middles:
        return [], "incomplete" if generation.exhausted else "no_candidate"
    if not generation.middles[0].text:
        return [], "empty_middle"
    checked = [_checked(middle, text, offset, min_confidence) for middle in generation.middles if middle.text]
    candidates: dict[str, Candidate] = {}
    for candidate in checked:
        if isinstance(candidate, Candidate):
            candidates.setdefault(candidate.text, candidate)
    reasons = (reason for reason in checked if isinstance(reason, str))
    return list(candidates.values()), None if candidates else next(reasons)


def _checked(middle: Middle, text: str, offset: int, min_confidence: float) -> Candidate | str:
    """The candidate that a middle makes, or the code of the reason why it is not offered."""
    prefix, suffix = text[:offset], text[offset:]
    insert = trim(middle.text, prefix, suffix)
    reason = check(insert, prefix, suffix)
    if reason is not None:
        return reason
    if middle.confidence < min_confidence:
        return "low_confidence"
    point = middle.meeting_point
    return Candidate(insert, middle.confidence, middle.source, None if point is None else min(point, len(insert)))


def _with_line_breaks(candidate: Candidate, line_break: LineBreak) -> Candidate:
    """The candidate with the document's own line breaks."""
    point = candidate.meeting_point
    if point is not None:
        point = len(restore(candidate.text[:point], line_break))
    return replace(candidate, text=restore(candidate.text, line_break), meeting_point=point)


def _elapsed(generation: Generation, started: float) -> ElapsedMs:
    return ElapsedMs(generation.encode_ms, generation.decode_ms, (time.perf_counter() - started) * 1000)
