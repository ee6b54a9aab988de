"""One completion from end to end: line breaks, context, engine, filters."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace

from mim_lsp.completion.confidence import Calibration
from mim_lsp.completion.context import Context
from mim_lsp.completion.line_endings import LineBreak, dominant_line_break, normalize, restore
from mim_lsp.completion.modes import resolve
from mim_lsp.completion.offer import Offer, make_offer
from mim_lsp.completion.opened_line import BREAK, is_before_line, open_line
from mim_lsp.completion.session import Cursor, DocumentSession
from mim_lsp.completion.types import Candidate, CompletionOptions, CompletionResult, ElapsedMs, Watch
from mim_lsp.engine.engine import MAX_DOCUMENTS, MimEngine
from mim_lsp.engine.types import DecodeSettings, Generation, InfillRequest
from mim_lsp.errors import DocumentError
from mim_lsp.runtime.protocol import CancelFlag

FIRST_WEIGHTS = 50_000_000_000
"""Weights times tokens of text, each of which both directions read, before the first suggestion in a document: a third
of a second on two cores. With 110 million parameters that is 450 tokens; the rest is read when the typist rests. Models
of up to 30 million read all they can at once."""


class MimCompleter:
    """Implements `mim_lsp.completion.types.Completer` with a meet-in-the-middle engine."""

    def __init__(self, engine: MimEngine, calibration: Calibration | None = None) -> None:
        self._engine, self._calibration = engine, calibration
        self._sessions: OrderedDict[str, DocumentSession] = OrderedDict()

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
        watch: Watch | None = None,
    ) -> CompletionResult:
        """Complete `text` at `offset`; see `Completer.complete`."""
        started = time.perf_counter()
        cursor, opened = _cursor(text, offset)
        context, is_fresh = self._session(document).context(cursor, options)
        generation = self._engine.generate(
            _request(context, cursor, options.elsewhere),
            _decode_settings(options, cursor),
            cancel,
            document,
            watch or _nobody,
        )
        offer = make_offer(generation, cursor.text, cursor.offset, options, self._calibration)
        return CompletionResult(
            candidates=_candidates(offer, opened, dominant_line_break(text)),
            reason=offer.reason,
            met=generation.met,
            verified=generation.verified,
            steps=generation.steps,
            tokens=generation.tokens,
            encoded_tokens=generation.encoded_tokens,
            refreshed_tokens=generation.encoded_tokens if is_fresh else 0,
            dropped=offer.dropped,
            explanation=offer.explanation,
            elapsed_ms=_elapsed(generation, started),
        )

    def warm(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> int:
        """Read what a completion of `text` at `offset` would read, with fresh far sides; see `Completer.warm`."""
        cursor, _ = _cursor(text, offset)
        session = self._session(document)
        context = session.fresh(cursor, options)
        n_read = self._engine.warm(
            _request(context, cursor, options.elsewhere), _decode_settings(options, cursor), cancel, document
        )
        session.keep(context, cursor)
        return n_read

    def forget(self, document: str) -> None:
        """Free what is held for a document that was closed."""
        self._sessions.pop(document, None)
        self._engine.forget(document)

    def _session(self, document: str | None) -> DocumentSession:
        """A document's session; one that names no document is a one-off."""
        session = self._sessions.pop(document, None) if document else None
        if session is None:
            config = self._engine.model.config
            session = DocumentSession(
                self._engine.count_tokens,
                config.context_length,
                is_one_off=not document,
                first_tokens=FIRST_WEIGHTS / config.n_parameters,
            )
        if document:
            self._sessions[document] = session
            while len(self._sessions) > MAX_DOCUMENTS:
                self._sessions.popitem(last=False)
        return session


def request_at(engine: MimEngine, text: str, offset: int, options: CompletionOptions) -> InfillRequest:
    """What an engine is asked for a completion of `text` at `offset`, where no session goes before it."""
    cursor, _ = _cursor(text, offset)
    session = DocumentSession(engine.count_tokens, engine.model.config.context_length, is_one_off=True)
    return _request(session.fresh(cursor, options), cursor, options.elsewhere)


def _nobody(written: str) -> None:
    """Takes the part of a `Watch` where there is none."""


def _cursor(text: str, offset: int) -> tuple[Cursor, bool]:
    r"""The place with `\n` for line breaks, and whether an empty line was opened there for the suggestion."""
    if not 0 <= offset <= len(text):
        raise DocumentError(f"offset {offset} lies outside the document of {len(text)} characters.")
    clean, position = normalize(text, offset)
    opened = is_before_line(clean, position)
    return Cursor(open_line(clean, position) if opened else clean, position), opened


def _request(context: Context, cursor: Cursor, elsewhere: tuple[str, ...]) -> InfillRequest:
    return InfillRequest(
        context.prefix,
        context.suffix,
        context.far_prefix_end,
        context.far_suffix_start,
        before=cursor.text[: cursor.offset],
        after=cursor.text[cursor.offset :],
        elsewhere=elsewhere,
    )


def _decode_settings(options: CompletionOptions, cursor: Cursor) -> DecodeSettings:
    extent = resolve(cursor.text, cursor.offset, options.mode, options.language)
    limits = [limit for limit in (extent.max_lines, options.max_lines) if limit is not None]
    return DecodeSettings(
        decode=options.decode,
        meet_ngram=options.meet_ngram,
        verify=options.verify,
        max_tokens=options.max_tokens,
        max_lines=min(limits, default=None),
        end_bias=options.end_bias,
        memory=options.memory,
        max_ms=options.max_ms,
        candidates=options.candidates,
        compare=options.compare,
        compare_ms=options.compare_ms,
        score_empty=True,
    )


def _candidates(offer: Offer, opened: bool, line_break: LineBreak) -> tuple[Candidate, ...]:
    """What to insert, in the document's own line breaks; into a line that was opened, with its break."""
    candidates = offer.candidates
    if opened:
        candidates = tuple(replace(candidate, text=candidate.text + BREAK) for candidate in candidates)
    return tuple(_with_line_breaks(candidate, line_break) for candidate in candidates)


def _with_line_breaks(candidate: Candidate, line_break: LineBreak) -> Candidate:
    """The candidate with the document's own line breaks."""
    point = candidate.meeting_point
    if point is not None:
        point = len(restore(candidate.text[:point], line_break))
    return replace(candidate, text=restore(candidate.text, line_break), meeting_point=point)


def _elapsed(generation: Generation, started: float) -> ElapsedMs:
    return ElapsedMs(generation.encode_ms, generation.decode_ms, (time.perf_counter() - started) * 1000)
