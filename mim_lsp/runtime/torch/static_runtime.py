"""The `Runtime` for GPUs: a decode step for both directions is one replay of a captured graph.

A PyTorch program on a GPU spends most of a step in launching kernels one by one. Captured together they are launched
at once, but a graph can only do again what it did, at the same addresses: hence caches that stay in place
(`static_cache`), passes of few shapes (`passes`), and the network in few kernels (`fused`). All of it runs on a CPU as
well, where tests hold it to the numbers of the reference; only capturing (`graphs`) needs a GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import torch

from mim_lsp.errors import Cancelled
from mim_lsp.model.network import Decoder
from mim_lsp.runtime.arrays import distributions
from mim_lsp.runtime.protocol import CancelFlag, Distribution, Feed
from mim_lsp.runtime.torch.fused import FusedDecoder
from mim_lsp.runtime.torch.graphs import Capture
from mim_lsp.runtime.torch.passes import PassSizes, Piece, StaticPasses
from mim_lsp.runtime.torch.static_cache import StaticRow


class StaticRuntime:
    """Implements `mim_lsp.runtime.protocol.Runtime`."""

    @torch.inference_mode()
    def __init__(self, model: Decoder, new_capture: Callable[[], Capture], sizes: PassSizes | None = None) -> None:
        """Take over a decoder's weights, on their device and in their type.

        Args:
            model: the weights.
            new_capture: `CudaGraphs` or `DirectCalls`; called again when the caches grow.
            sizes: what passes are rounded up to.
        """
        self._network = FusedDecoder(model)
        self._new_capture, self._sizes = new_capture, sizes or PassSizes()
        self._passes = self._passes_for(model.config.context_length)
        self._rows: dict[int, StaticRow] = {}
        self._handles = count()

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        return self._network.config.vocab_size

    @property
    def context_length(self) -> int:
        """Longest row that the model was trained on, in tokens."""
        return self._network.config.context_length

    def open_row(self) -> int:
        """A new, empty row."""
        handle = next(self._handles)
        self._rows[handle] = StaticRow()
        return handle

    def close_row(self, row: int) -> None:
        """Free a row's cache."""
        self._passes.cache.forget(self._rows.pop(row))

    def truncate(self, row: int, length: int) -> None:
        """Forget all but the first `length` tokens of a row."""
        assert 0 <= length <= self._rows[row].length
        self._rows[row].length = length

    @torch.inference_mode()
    def step(self, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[Sequence[Distribution]]:
        """As few passes over the weights as the feeds need, mostly one; `cancel` is looked at before each."""
        assert len({feed.row for feed in feeds}) == len(feeds)
        rows = [self._rows[feed.row] for feed in feeds]
        lengths = [row.length for row in rows]
        self._reserve(max(length + len(feed.ids) for length, feed in zip(lengths, feeds, strict=True)))
        seats = self._sizes.seats
        try:
            parts = [self._feed(rows[i : i + seats], feeds[i : i + seats], cancel) for i in range(0, len(feeds), seats)]
        except Cancelled:
            for row, length in zip(rows, lengths, strict=True):
                row.length = length
            raise
        return [found for part in parts for found in part]

    def _feed(
        self, rows: Sequence[StaticRow], feeds: Sequence[Feed], cancel: CancelFlag | None
    ) -> list[Sequence[Distribution]]:
        """Feed as many rows as have a seat, however many tokens each gets."""
        found: list[list[Distribution]] = [[] for _ in feeds]
        most = max(self._sizes.tokens)
        for start in range(0, max(len(feed.ids) for feed in feeds), most):
            if cancel is not None:
                cancel.check()
            turn = [i for i, feed in enumerate(feeds) if start < len(feed.ids)]
            pieces = [_piece(rows[i], feeds[i], start, most) for i in turn]
            for i, piece, log_probs in zip(turn, pieces, self._passes.run(pieces), strict=True):
                rows[i].length += len(piece.ids)
                found[i] += distributions(log_probs)
        return [*found]

    def _reserve(self, length: int) -> None:
        """Make room for rows of `length` tokens; what was captured on the smaller cache is captured anew."""
        if length > self._passes.cache.capacity:
            self._passes.cache.park_all()
            self._passes = self._passes_for(length)

    def _passes_for(self, length: int) -> StaticPasses:
        capacity = self._sizes.round_context(length)
        return StaticPasses(self._network, self._sizes, capacity, self._new_capture())


def _piece(row: StaticRow, feed: Feed, start: int, most: int) -> Piece:
    """At most `most` tokens of a feed from `start` on, and how many of its wanted outputs are theirs."""
    ids = feed.ids[start : start + most]
    first_wanted = max(start, len(feed.ids) - feed.outputs)
    return Piece(row, ids, max(0, start + len(ids) - first_wanted))
