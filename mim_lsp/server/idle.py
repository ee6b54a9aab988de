"""What is done while nobody waits: reading ahead, and completing the place where the typist may be next.

Both are given up as soon as anything is asked, and neither is done twice for the same text: a machine at rest rests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from mim_lsp.completion.cache import Answer, Fitting
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.errors import Cancelled
from mim_lsp.server.model_host import Place
from mim_lsp.server.suggest import TRANSIENT, Request, Suggestions

REST_S = 0.5
"""How long nothing must have happened in a document before its caches are brought up to date."""


class IdleWork:
    """The idle work of all documents. For one event loop."""

    def __init__(
        self,
        suggestions: Suggestions,
        start: Callable[[Coroutine[Any, Any, None]], None],
        prepare: Callable[[CompletionOptions, Place], Awaitable[CompletionOptions]],
    ) -> None:
        """`start` runs a coroutine in the background; `prepare` adds to the options what takes a while to find."""
        self._suggestions, self._start, self._prepare = suggestions, start, prepare
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._warmed: dict[str, int] = {}
        """By document, the hash of the place that was read last."""

    def rest_at(self, place: Place, options: CompletionOptions, after_s: float = REST_S) -> None:
        """Read ahead at `place`, where the typist is, if nothing else happens in its document before `after_s`."""
        self.stir(place.document)
        if self._warmed.get(place.document) != hash(place):
            loop = asyncio.get_running_loop()
            self._timers[place.document] = loop.call_later(after_s, self._warm_soon, place, options)

    def stir(self, document: str) -> None:
        """Something happens in the document: it is no time to rest."""
        timer = self._timers.pop(document, None)
        if timer is not None:
            timer.cancel()

    def look_ahead(self, request: Request, shown: Fitting) -> None:
        """Complete the place where the typist will be after accepting `shown`."""
        self._start(self._speculate(_accepted(request, shown)))

    def forget(self, document: str) -> None:
        """Do nothing more for a document that was closed."""
        self.stir(document)
        self._warmed.pop(document, None)

    def _warm_soon(self, place: Place, options: CompletionOptions) -> None:
        self._timers.pop(place.document, None)
        self._start(self._warm(place, options))

    async def _warm(self, place: Place, options: CompletionOptions) -> None:
        with suppress(Cancelled):
            prepared = await self._prepare(options, place)
            self._suggestions.counters.warmed_tokens += await self._suggestions.model.warm(place, prepared)
            self._warmed[place.document] = hash(place)

    async def _speculate(self, request: Request) -> None:
        document, prefix, suffix = request.document, request.prefix, request.suffix
        cache = self._suggestions.cache
        if cache.find(document, prefix, suffix) is not None:
            return
        with suppress(Cancelled):
            place = Place(document, request.text, request.offset)
            result = await self._suggestions.model.speculate(place, request.options)
            self._suggestions.counters.speculations += 1
            self._suggestions.counters.speculated_tokens += result.encoded_tokens
            if self._suggestions.is_open(document) and result.reason not in TRANSIENT:
                cache.add(document, prefix, suffix, Answer(result.candidates, result.reason))


def _accepted(request: Request, shown: Fitting) -> Request:
    """The request after `shown` was accepted."""
    text = request.prefix + shown.text + request.suffix[shown.replaces :]
    return request._replace(text=text, offset=request.offset + len(shown.text))
