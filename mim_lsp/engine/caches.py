"""Row caches that are kept from one request to the next, so that a keystroke costs its own tokens."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mim_lsp.errors import Cancelled
from mim_lsp.runtime.protocol import Feed, LogProbs, Runtime

PREFILL_CHUNK = 128
"""Tokens of a row that are read in one pass; a cancellation is seen between passes."""
MAX_DOCUMENTS = 8
"""Documents whose caches are kept; the one used longest ago goes first."""


class CachedRow:
    """One row of a runtime, and the tokens that its cache holds."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.handle = runtime.open_row()
        self.ids: list[int] = []

    def keep_common(self, wanted: Sequence[int]) -> list[int]:
        """Forget what differs from `wanted`; returns what is still to be read: at least its last token."""
        common = 0
        for held, token in zip(self.ids, wanted[:-1], strict=False):
            if held != token:
                break
            common += 1
        self.truncate(common)
        return list(wanted[common:])

    def truncate(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        self._runtime.truncate(self.handle, length)
        del self.ids[length:]

    def feed(self, ids: Sequence[int], outputs: int = 1) -> Feed:
        """A feed of `ids` to this row, booked as done."""
        self.ids.extend(ids)
        return Feed(self.handle, ids, outputs)

    def close(self) -> None:
        """Free the runtime's cache."""
        self._runtime.close_row(self.handle)


@dataclass(frozen=True)
class RowPair:
    """Both directions' rows of one document."""

    forward: CachedRow
    backward: CachedRow

    @property
    def both(self) -> tuple[CachedRow, CachedRow]:
        """Forward, backward."""
        return self.forward, self.backward

    def close(self) -> None:
        """Free both."""
        self.forward.close()
        self.backward.close()


class DocumentCaches:
    """The row pairs of the documents that were used last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._pairs: OrderedDict[str, RowPair] = OrderedDict()

    def pair(self, document: str) -> RowPair:
        """The rows of a document, new ones if it has none."""
        if document not in self._pairs:
            self._pairs[document] = RowPair(CachedRow(self._runtime), CachedRow(self._runtime))
            while len(self._pairs) > MAX_DOCUMENTS:
                self._pairs.popitem(last=False)[1].close()
        self._pairs.move_to_end(document)
        return self._pairs[document]

    def forget(self, document: str) -> None:
        """Free a document's rows, if it has any."""
        pair = self._pairs.pop(document, None)
        if pair:
            pair.close()

    def __len__(self) -> int:
        return len(self._pairs)


def prefill(
    runtime: Runtime, rows: Sequence[tuple[CachedRow, Sequence[int]]], cancelled: Callable[[], bool]
) -> tuple[list[LogProbs], int]:
    """Bring rows up to date, side by side.

    Returns:
        For each row the log-probabilities (vocab_size,) of what follows, and the number of tokens that were read.

    Raises:
        Cancelled: between two passes; what was read stays in the caches.
    """
    missing = [row.keep_common(wanted) for row, wanted in rows]
    n_read = sum(len(ids) for ids in missing)
    last: list[LogProbs | None] = [None] * len(rows)
    while any(missing):
        if cancelled():
            raise Cancelled
        turn = [i for i, ids in enumerate(missing) if ids]
        feeds = [rows[i][0].feed(missing[i][:PREFILL_CHUNK]) for i in turn]
        for i, log_probs in zip(turn, runtime.step(feeds), strict=True):
            missing[i] = missing[i][PREFILL_CHUNK:]
            last[i] = log_probs[-1]
    return [log_probs for log_probs in last if log_probs is not None], n_read
