"""The engine: one model, its view of texts, and the caches of the documents that it is asked about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mim_lsp.engine.caches import MAX_DOCUMENTS as MAX_DOCUMENTS
from mim_lsp.engine.caches import DocumentCaches, DocumentRows
from mim_lsp.engine.lines import LineTokens
from mim_lsp.engine.memory import Remembering
from mim_lsp.engine.run import Run
from mim_lsp.engine.types import DecodeSettings, Generation, InfillRequest, Watch
from mim_lsp.engine.vocabulary import OwnVocabulary
from mim_lsp.errors import Cancelled
from mim_lsp.runtime.loading import Direction, LoadedModel
from mim_lsp.runtime.protocol import CancelFlag

ONE_OFF = ""
"""The document of requests that name none."""


class MimEngine:
    """Writes middles with one model. Not thread-safe."""

    def __init__(self, model: LoadedModel, memory: Remembering | None = None) -> None:
        """An engine for `model`; `memory` says how much what texts say themselves counts, None that it does not."""
        self.model, self._memory = model, memory
        self._lines = LineTokens(model.tokenizer)
        self.vocabularies = [OwnVocabulary(model.tokenizer, self._lines, direction) for direction in Direction]
        self._caches = DocumentCaches(model.runtime)

    def count_tokens(self, text: str) -> int:
        """Number of tokens of a text."""
        return self._lines.count(text)

    def forget(self, document: str) -> None:
        """Free a document's caches."""
        self._caches.forget(document)

    def generate(
        self,
        request: InfillRequest,
        settings: DecodeSettings,
        cancel: CancelFlag | None = None,
        document: str | None = None,
        watch: Watch = lambda _: None,
    ) -> Generation:
        """Write the middle of `request`, greedily, and if more candidates are wanted, where that could branch off.

        Args:
            request: the texts around the hole; prompts that they make must fit the model's context.
            settings: how to decode.
            cancel: has the work given up, within a pass if need be.
            document: names the caches to reuse.
            watch: told before each pass, and when decoding is done, what the forward side has written of the middle.

        Raises:
            Cancelled: `cancel` was set, or `watch` raised it. What was read so far stays in the caches.
        """
        run = Run(self.model, self.vocabularies, request, settings, cancel or CancelFlag(), watch, self._memory)
        with self._rows(document) as rows:
            return run.generate(rows)

    def warm(
        self,
        request: InfillRequest,
        settings: DecodeSettings,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> int:
        """Read what `generate` would read, but leave the caches of the last request as they are, as far as it matters.

        Returns:
            The number of tokens that were read.

        Raises:
            Cancelled: `cancel` was set. What was read so far stays for the next call.
        """
        run = Run(self.model, self.vocabularies, request, settings, cancel or CancelFlag(), memory_weights=self._memory)
        with self._rows(document) as rows:
            return run.warm(rows)

    @contextmanager
    def _rows(self, document: str | None) -> Iterator[DocumentRows]:
        """A document's rows, which are freed when a pass fails halfway: they hold then who knows what."""
        name = document or ONE_OFF
        try:
            yield self._caches.rows(name)
        except Cancelled:
            raise
        except BaseException:
            self._caches.forget(name)
            raise
