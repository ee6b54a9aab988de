"""From a request to its suggestions: what is known already, else what is being written, else a new completion.

Per document the newest request wins; one that it supersedes is answered at once with nothing. The completion that the
older one had begun goes on as long as it agrees with what is typed, and then answers the newer one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mim_lsp.completion.cache import Answer, Fitting, Found, Shown, SuggestionCache
from mim_lsp.completion.debounce import Debounce
from mim_lsp.completion.flight import Flight
from mim_lsp.completion.types import CompletionOptions, CompletionResult
from mim_lsp.errors import Cancelled
from mim_lsp.server.counters import Counters, From
from mim_lsp.server.model_host import ModelHost, Place
from mim_lsp.server.scheduling import LatestWins

ORPHAN_S = 0.1
"""How long a completion that nobody waits for goes on: clients cancel the old request before they send the new one."""

logger = logging.getLogger(__name__)


class Request(NamedTuple):
    """What is asked for one cursor."""

    document: str
    text: str
    offset: int
    options: CompletionOptions
    explicit: bool
    debounce_ms: float | None = None
    """Rest before a completion is begun; None: what suits the typist."""

    @property
    def prefix(self) -> str:
        """The text before the cursor."""
        return self.text[: self.offset]

    @property
    def suffix(self) -> str:
        """The text after the cursor."""
        return self.text[self.offset :]


class Suggested(NamedTuple):
    """The answer to a request; `fittings` is empty exactly when `reason` is set."""

    fittings: tuple[Fitting, ...]
    reason: str | None
    source: From


@dataclass
class _Decode:
    """A completion under way, and who waits for it."""

    flight: Flight
    explicit: bool
    task: asyncio.Task[Answer | None]
    waiting: int = 0


@dataclass
class _OpenDocument:
    shown: Shown | None = None
    decode: _Decode | None = None


@dataclass
class Suggestions:
    """Answers the requests of all documents. For one event loop."""

    model: ModelHost
    counters: Counters
    cache: SuggestionCache = field(default_factory=SuggestionCache)
    debounce: Debounce = field(default_factory=Debounce)
    last_result: CompletionResult | None = None
    """What the model said last, for those who ask why."""
    _latest: LatestWins = field(default_factory=LatestWins)
    _documents: dict[str, _OpenDocument] = field(default_factory=dict)

    async def suggest(self, request: Request) -> Suggested:
        """The suggestions for a request; with reason `superseded` as soon as a newer one comes for the document.

        Cancelling this call cancels the completion, unless another request takes it up in `ORPHAN_S`.
        """
        known = self._known(request)
        if known is not None:
            self._latest.drop(request.document)
            return known
        answer = await self._latest.run(request.document, self._written(request))
        return answer or Suggested((), "superseded", "none")

    def changed(self, document: str, text: str) -> None:
        """The document's text is `text` now: a completion for another place in it is given up."""
        self.debounce.key(1000 * time.monotonic())
        decode = self._documents.setdefault(document, _OpenDocument()).decode
        if decode is not None and not decode.flight.is_within(text):
            self._give_up(document)

    def forget(self, document: str) -> None:
        """Give up what is being done for a document that was closed, and free what is held for it."""
        self._latest.drop(document)
        self._give_up(document)
        self._documents.pop(document, None)
        self.cache.forget(document)
        self.model.forget(document)

    def reset(self) -> None:
        """Give up and forget all suggestions, as when the settings or the model change."""
        for document in list(self._documents):
            self._latest.drop(document)
            self._give_up(document)
            self._documents[document].shown = None
        self.cache = SuggestionCache()  # a new one: what is just being finished goes into the old one

    def is_open(self, document: str) -> bool:
        """Whether requests have come for a document that is not closed."""
        return document in self._documents

    def held_documents(self) -> int:
        """For how many documents anything is held."""
        return len(self._documents)

    def _known(self, request: Request) -> Suggested | None:
        """What can be answered at once: what the typist sees, or what was found before."""
        state = self._documents.setdefault(request.document, _OpenDocument())
        found = None
        if state.shown is not None and not request.explicit:
            found = state.shown.at(request.prefix, request.suffix)
        if found is None:
            found = self.cache.find(request.document, request.prefix, request.suffix, explicit=request.explicit)
            state.shown = found.origin if found else None
        return Suggested(found.fittings, found.reason, "cache") if found else None

    async def _written(self, request: Request) -> Suggested:
        """What a completion has for the request: one under way, if it agrees with what is typed, or a new one."""
        source: From = "flight"
        decode = self._under_way(request)
        if decode is None:
            await self._rest(request)
        while True:
            own = decode is None
            if decode is None:
                decode, source = self._begin(request), "engine"
            answer = await self._outcome(request.document, decode)
            found = self._at(request, decode.flight, answer) if answer else None
            if found is not None:
                state = self._documents[request.document]
                state.shown = Shown(decode.flight.prefix, decode.flight.suffix, answer) if answer else None
                return Suggested(found.fittings, found.reason, source)
            if own:
                return Suggested((), "cancelled", source)
            decode = None

    def _at(self, request: Request, flight: Flight, answer: Answer) -> Found | None:
        """What the answer of a flight says of the request's place."""
        placed = Shown(flight.prefix, flight.suffix, answer)
        return placed.at(request.prefix, request.suffix) or (
            Found((), answer.reason) if not answer.candidates and request.prefix == flight.prefix else None
        )

    def _under_way(self, request: Request) -> _Decode | None:
        """The completion under way, if it may still answer the request; one that cannot is given up."""
        decode = self._documents.setdefault(request.document, _OpenDocument()).decode
        if decode is None:
            return None
        serves = decode.explicit or not request.explicit
        if serves and not decode.task.done() and decode.flight.follow(request.prefix, request.suffix):
            return decode
        self._give_up(request.document)
        return None

    async def _rest(self, request: Request) -> None:
        """Wait until the typist rests, if that is worth it."""
        delay_ms = self.debounce.delay_ms(request.prefix[-1:]) if request.debounce_ms is None else request.debounce_ms
        if delay_ms and not request.explicit:
            await asyncio.sleep(delay_ms / 1000)

    def _begin(self, request: Request) -> _Decode:
        self._give_up(request.document)
        flight = Flight(request.prefix, request.suffix)
        decode = _Decode(flight, request.explicit, asyncio.ensure_future(self._fly(request, flight)))
        self._documents.setdefault(request.document, _OpenDocument()).decode = decode
        return decode

    async def _fly(self, request: Request, flight: Flight) -> Answer | None:
        """Complete, and keep the answer; None if it was given up."""
        self.counters.decodes_started += 1
        started, cache = time.monotonic(), self.cache
        place = Place(request.document, request.text, request.offset)
        try:
            result = await self.model.complete(place, self._in_time(request), flight.cancel, flight.watch)
        except Cancelled:
            self.counters.decodes_cancelled += 1
            return None
        self.debounce.answered(1000 * (time.monotonic() - started))
        self._count(result)
        self.last_result = result
        answer = Answer(result.candidates, result.reason, request.explicit)
        if request.document in self._documents and result.reason not in TRANSIENT:
            cache.add(request.document, request.prefix, request.suffix, answer)
        return answer

    def _in_time(self, request: Request) -> CompletionOptions:
        """The request's options, with an answer before the next key if the model is able to; who asked for it waits."""
        if request.explicit:
            return request.options
        return replace(request.options, compare_ms=self.debounce.compare_ms)

    async def _outcome(self, document: str, decode: _Decode) -> Answer | None:
        """Wait for a completion; if the waiting is cancelled and nobody else waits, the completion ends soon."""
        decode.waiting += 1
        try:
            return await asyncio.shield(decode.task)
        finally:
            decode.waiting -= 1
            if not decode.task.done():
                asyncio.get_running_loop().call_later(ORPHAN_S, self._give_up_orphan, document, decode)

    def _give_up_orphan(self, document: str, decode: _Decode) -> None:
        if not decode.waiting and (state := self._documents.get(document)) is not None and state.decode is decode:
            self._give_up(document)

    def _give_up(self, document: str) -> None:
        """Have the completion under way for a document end, between two passes over the weights."""
        state = self._documents.get(document)
        if state is not None and state.decode is not None:
            state.decode.flight.cancel.set()
            state.decode = None

    def _count(self, result: CompletionResult) -> None:
        self.counters.encoded_tokens += result.encoded_tokens
        self.counters.refreshed_tokens += result.refreshed_tokens
        self.counters.dropped.update(result.dropped)


TRANSIENT = frozenset({"model_loading", "failed", "cancelled", "outside_document"})
"""Reasons that say nothing of the place: they are not remembered."""
