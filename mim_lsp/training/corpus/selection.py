"""Which examined files enter the corpus: those that repeat no earlier one and share nothing with a task."""

from __future__ import annotations

from mim_lsp.training.corpus.dedup import Deduplicator
from mim_lsp.training.corpus.examine import Examined
from mim_lsp.training.corpus.filters import DropReason


class Selector:
    """Decides about files one after the other; whether a file is a duplicate depends on those before it."""

    def __init__(self) -> None:
        self._duplicates = Deduplicator()

    def reason(self, package: str, file: Examined) -> DropReason | None:
        """Why a file is left out, or None."""
        if file.reason is not None:
            return file.reason
        if self._duplicates.is_exact_duplicate(file.digest):
            return DropReason.EXACT_DUPLICATE
        if file.is_contaminated:
            return DropReason.EVALUATION_TASK
        if self._duplicates.near_duplicate_of(f"{package}/{file.path}/{file.kind}", file.signature) is not None:
            return DropReason.NEAR_DUPLICATE
        return None
