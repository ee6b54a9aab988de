"""Row caches that are kept from one request to the next, so that a keystroke costs its own tokens."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from mim_lsp.runtime.protocol import CancelFlag, Feed, LogProbs, Runtime

PREFILL_CHUNK = 256
"""Tokens of a row that are read in one pass. More make it no faster, and what a cancelled pass has read is lost: a
person who types on would keep a long prompt from ever being read."""
MAX_DOCUMENTS = 8
"""Documents whose caches are kept; the one used longest ago goes first."""


class CachedRow:
    """One row of a runtime, and the tokens that its cache holds: `ids` are its books."""

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
        """A feed of `ids` to this row, for `RowPair.step`."""
        return Feed(self.handle, ids, outputs)

    def close(self) -> None:
        """Free the runtime's cache."""
        self._runtime.close_row(self.handle)


class RowPair:
    """Both directions' rows of one document."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.forward, self.backward = self.both = CachedRow(runtime), CachedRow(runtime)

    def step(self, feeds: Sequence[Feed], cancel: CancelFlag) -> list[LogProbs]:
        """`Runtime.step` with feeds of these rows, which are booked when the pass is done."""
        results = self._runtime.step(feeds, cancel)
        for feed in feeds:
            row = self.forward if feed.row == self.forward.handle else self.backward
            row.ids.extend(feed.ids)
        return results

    def read(self, prompts: Sequence[Sequence[int]], cancel: CancelFlag) -> tuple[list[LogProbs], int]:
        """Bring both rows up to their prompts, side by side.

        Returns:
            For each row the log-probabilities (vocab_size,) of what follows, and the number of tokens that were read.

        Raises:
            Cancelled: see `Runtime.step`; what earlier passes read stays in the caches.
        """
        missing = [row.keep_common(prompt) for row, prompt in zip(self.both, prompts, strict=True)]
        n_read = sum(map(len, missing))
        ahead: dict[int, LogProbs] = {}
        while any(missing):
            turn = [i for i, ids in enumerate(missing) if ids]
            feeds = [self.both[i].feed(missing[i][:PREFILL_CHUNK]) for i in turn]
            ahead |= {i: log_probs[-1] for i, log_probs in zip(turn, self.step(feeds, cancel), strict=True)}
            missing = [ids[PREFILL_CHUNK:] for ids in missing]
        return [ahead[i] for i in range(len(missing))], n_read

    def close(self) -> None:
        """Free both."""
        for row in self.both:
            row.close()


class DocumentCaches:
    """The row pairs of the documents that were used last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._pairs: OrderedDict[str, RowPair] = OrderedDict()

    def pair(self, document: str) -> RowPair:
        """The rows of a document, new ones if it has none."""
        if document not in self._pairs:
            self._pairs[document] = RowPair(self._runtime)
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
