"""Row caches that are kept from one request to the next, so that a keystroke costs its own tokens."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from mim_lsp.engine.rows import MAX_REMEMBERED, CachedRow
from mim_lsp.runtime.protocol import CancelFlag, Distribution, Feed, Runtime

PREFILL_CHUNK = 256
"""Tokens of a row that are read in one pass. More make it no faster, and what a cancelled pass has read is lost: a
person who types on would keep a long prompt from ever being read."""
MAX_DOCUMENTS = 8
"""Documents whose caches are kept; the one used longest ago goes first."""
MAX_LOSS = 8
"""Tokens of a prompt that reading ahead may drop from the cache of the present one."""
WORTH_KEEPING = 0.25
"""Share of a row that a new prompt has in common with it below which another row is taken."""


class Rows:
    """One direction's rows of a document: the one in use, and one that was used before or is read ahead."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._rows = [CachedRow(runtime)]
        """The one that a request used last comes first."""

    def for_request(self, prompt: Sequence[int]) -> CachedRow:
        """The row that has most in common with `prompt`; if that is next to nothing, the one used longest ago."""
        row = max(self._rows, key=lambda row: row.common(prompt))
        if row.common(prompt) < WORTH_KEEPING * row.worth:
            row = self._other()
        self._rows.sort(key=lambda other: other is not row)
        return row

    def for_reading_ahead(self, prompt: Sequence[int]) -> CachedRow:
        """The row that has most in common with `prompt`, if little of it is lost; else not the one in use."""
        row = max(self._rows, key=lambda row: row.common(prompt))
        return row if row.worth - row.common(prompt) <= MAX_LOSS else self._other()

    def _other(self) -> CachedRow:
        if len(self._rows) == 1:
            self._rows.append(CachedRow(self._runtime))
        return self._rows[-1]

    def settle(self) -> None:
        """Keep only the row in use, and what follows its prompt: the document is not worked on."""
        for row in self._rows[1:]:
            row.close()
        del self._rows[1:]
        self._rows[0].forget_tails()

    def close(self) -> None:
        """Free all."""
        for row in self._rows:
            row.close()


class RowPair:
    """One row of each direction, which are read and decoded side by side."""

    def __init__(self, runtime: Runtime, forward: CachedRow, backward: CachedRow) -> None:
        self._runtime = runtime
        self.forward, self.backward = self.both = forward, backward

    def step(self, feeds: Sequence[Feed], cancel: CancelFlag) -> list[Sequence[Distribution]]:
        """`Runtime.step` with feeds of these rows, which are booked when the pass is done."""
        results = self._runtime.step(feeds, cancel)
        for feed in feeds:
            row = self.forward if feed.row == self.forward.handle else self.backward
            row.ids.extend(feed.ids)
        return results

    def read(self, prompts: Sequence[Sequence[int]], cancel: CancelFlag) -> int:
        """Bring both rows up to their prompts, side by side, and let them know what follows.

        Returns:
            The number of tokens that were read; a row whose prompt is read already takes none.

        Raises:
            Cancelled: see `Runtime.step`; what earlier passes read stays in the caches.
        """
        missing = [row.turn_to(prompt) for row, prompt in zip(self.both, prompts, strict=True)]
        n_read = sum(map(len, missing))
        while any(missing):
            turn = [i for i, ids in enumerate(missing) if ids]
            feeds = [Feed(self.both[i].handle, missing[i][:PREFILL_CHUNK]) for i in turn]
            results = self.step(feeds, cancel)
            missing = [ids[PREFILL_CHUNK:] for ids in missing]
            for i, distributions in zip(turn, results, strict=True):
                if not missing[i]:
                    self.both[i].learn(distributions[-1])
        for row in self.both:
            row.forget_tails(MAX_REMEMBERED)
        return n_read


class DocumentRows:
    """All rows of one document."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._directions = Rows(runtime), Rows(runtime)

    def for_request(self, prompts: Sequence[Sequence[int]]) -> RowPair:
        """The rows in which a request with these prompts is decoded."""
        rows = (rows.for_request(prompt) for rows, prompt in zip(self._directions, prompts, strict=True))
        return RowPair(self._runtime, *rows)

    def for_reading_ahead(self, prompts: Sequence[Sequence[int]]) -> RowPair:
        """The rows into which to read prompts of a later request; those of the present one stay as they are."""
        rows = (rows.for_reading_ahead(prompt) for rows, prompt in zip(self._directions, prompts, strict=True))
        return RowPair(self._runtime, *rows)

    def settle(self) -> None:
        """Keep what a request after a long time can use."""
        for rows in self._directions:
            rows.settle()

    def close(self) -> None:
        """Free all."""
        for rows in self._directions:
            rows.close()


class DocumentCaches:
    """The rows of the documents that were used last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._documents: OrderedDict[str, DocumentRows] = OrderedDict()

    def rows(self, document: str) -> DocumentRows:
        """The rows of a document, new ones if it has none."""
        latest = next(reversed(self._documents), document)
        if latest != document:
            self._documents[latest].settle()
        if document not in self._documents:
            self._documents[document] = DocumentRows(self._runtime)
        self._documents.move_to_end(document)
        while len(self._documents) > MAX_DOCUMENTS:
            self._documents.popitem(last=False)[1].close()
        return self._documents[document]

    def forget(self, document: str) -> None:
        """Free a document's rows, if it has any."""
        rows = self._documents.pop(document, None)
        if rows:
            rows.close()

    def __len__(self) -> int:
        return len(self._documents)
