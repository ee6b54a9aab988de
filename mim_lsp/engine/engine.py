"""The engine: one model, its view of texts, and the caches of the documents that it is asked about."""

from __future__ import annotations

from mim_lsp.engine.caches import DocumentCaches
from mim_lsp.engine.lines import LineTokens
from mim_lsp.engine.run import Run
from mim_lsp.engine.types import DecodeSettings, Generation, InfillRequest
from mim_lsp.engine.vocabulary import OwnVocabulary
from mim_lsp.errors import Cancelled
from mim_lsp.runtime.loading import Direction, LoadedModel
from mim_lsp.runtime.protocol import CancelFlag

ONE_OFF = ""
"""The document of requests that name none."""


class MimEngine:
    """Writes middles with one model. Not thread-safe."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self._lines = LineTokens(model.tokenizer)
        self._vocabularies = [OwnVocabulary(model.tokenizer, self._lines, direction) for direction in Direction]
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
    ) -> Generation:
        """Write the middle of `request`: greedily, and if more candidates are wanted, sampled ones too.

        Args:
            request: the texts around the hole; prompts that they make must fit the model's context.
            settings: how to decode.
            cancel: has the work given up, within a pass if need be.
            document: names the caches to reuse.

        Raises:
            Cancelled: `cancel` was set. What was read so far stays in the caches.
        """
        name = document or ONE_OFF
        try:
            rows = self._caches.pair(name)
            return Run(self.model, self._vocabularies, request, settings, cancel or CancelFlag(), rows).generate()
        except Cancelled:
            raise
        except BaseException:  # a pass that failed halfway leaves rows that hold something else than their books say
            self._caches.forget(name)
            raise
