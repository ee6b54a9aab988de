"""Passes over rows in a `StaticCache`: every one has a shape out of a few, so that each shape is captured once.

The tokens of a seat stand at the end of its part of a pass, behind padding that is written to the cache's scratch
position; the last outputs of a seat are thus at the same place whatever was fed.

Shape legend: S seats, T tokens of each seat in a pass, O outputs of each seat, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from mim_lsp.runtime.arrays import FloatArray
from mim_lsp.runtime.torch.fused import FusedDecoder
from mim_lsp.runtime.torch.graphs import Capture, Pass
from mim_lsp.runtime.torch.static_cache import StaticCache, StaticRow


@dataclass(frozen=True)
class PassSizes:
    """The sizes that passes are rounded up to."""

    seats: int = 2
    """Rows that a pass feeds: both directions."""
    tokens: tuple[int, ...] = (1, 2, 4, 8, 16, 64, 256)
    """Of each row: a decode step, verification and single keys, reading."""
    few_tokens: int = 16
    """Up to so many tokens of each row every token's output is computed: it costs next to nothing."""
    context: int = 256
    """Positions that the shortest passes look at; longer ones look at 2, 4, 8 ... times as many."""

    def round_tokens(self, n: int) -> int:
        """The least number of tokens that holds `n`."""
        return next(size for size in self.tokens if size >= n)

    def round_context(self, n: int) -> int:
        """The least number of positions that holds `n`."""
        size = self.context
        while size < n:
            size *= 2
        return size


class PassShape(NamedTuple):
    """All that a captured pass depends on besides what its input tensors hold."""

    tokens: int
    context: int
    outputs: int


class Piece(NamedTuple):
    """Tokens to append to one row in a pass."""

    row: StaticRow
    ids: Sequence[int]
    outputs: int
    """For how many of the last tokens the distribution of the next token is wanted."""


class StaticPasses:
    """The passes over one cache of a given capacity."""

    def __init__(self, network: FusedDecoder, sizes: PassSizes, capacity: int, capture: Capture) -> None:
        weights = network.embedding_VD
        self.cache = StaticCache(network.config, sizes.seats, capacity, like=weights)
        self._network, self._sizes, self._capture = network, sizes, capture
        self._rotary_C2E = network.rotary_table(capacity + 1)
        self._on_gpu = weights.is_cuda
        most_inputs = 2 * sizes.seats * max(sizes.tokens)
        self._staged = torch.zeros(most_inputs, dtype=torch.int64, pin_memory=self._on_gpu)
        self._inputs = torch.zeros(most_inputs, dtype=torch.int64, device=weights.device)
        self._captured: dict[PassShape, Pass] = {}

    def run(self, pieces: Sequence[Piece]) -> list[FloatArray]:
        """Feed at most `seats` rows, with at most the largest number of tokens each, and wait for the outputs."""
        seats = self.cache.seat([piece.row for piece in pieces])
        shape = self._shape_for(pieces)
        self._stage(pieces, seats, shape)
        if shape not in self._captured:
            self._captured[shape] = self._capture(partial(self._pass, shape))
        log_probs_SOV = self._captured[shape]()
        wanted = [log_probs_SOV[seat, shape.outputs - p.outputs :] for seat, p in zip(seats, pieces, strict=True)]
        return self._fetch(wanted)

    def _shape_for(self, pieces: Sequence[Piece]) -> PassShape:
        sizes = self._sizes
        tokens = sizes.round_tokens(max(len(piece.ids) for piece in pieces))
        context = sizes.round_context(max(piece.row.length + len(piece.ids) for piece in pieces))
        wanted = max(piece.outputs for piece in pieces)
        return PassShape(tokens, context, sizes.round_tokens(max(wanted, min(tokens, sizes.few_tokens))))

    def _stage(self, pieces: Sequence[Piece], seats: Sequence[int], shape: PassShape) -> None:
        """Send the ids and positions of a pass to the device."""
        ids_ST, positions_ST = self._shaped(self._staged, shape).numpy()
        ids_ST[:], positions_ST[:] = 0, self.cache.scratch
        for seat, (row, ids, _) in zip(seats, pieces, strict=True):
            ids_ST[seat, shape.tokens - len(ids) :] = ids
            positions_ST[seat, shape.tokens - len(ids) :] = range(row.length, row.length + len(ids))
        self._shaped(self._inputs, shape).copy_(self._shaped(self._staged, shape), non_blocking=True)

    def _shaped(self, flat: Tensor, shape: PassShape) -> Tensor:
        """The ids and positions of a pass, (2, S, T), at the start of a buffer: in one piece, whatever its shape."""
        used = 2 * self._sizes.seats * shape.tokens
        return flat[:used].view(2, self._sizes.seats, shape.tokens)

    def _pass(self, shape: PassShape) -> Tensor:
        """The log-probabilities, (S, O, V), of a pass over the inputs."""
        ids_ST, positions_ST = self._shaped(self._inputs, shape)
        return self._network.log_probs(ids_ST, positions_ST, self._rotary_C2E, self.cache, shape.context, shape.outputs)

    def _fetch(self, wanted: Sequence[Tensor]) -> list[FloatArray]:
        """Copies on the host. This is where a pass waits for the GPU: staging memory is free again afterwards."""
        copies = [
            torch.empty(part.shape, dtype=part.dtype, pin_memory=self._on_gpu).copy_(part, non_blocking=True)
            for part in wanted
        ]
        if self._on_gpu:
            torch.cuda.current_stream().synchronize()
        return [copy.numpy() for copy in copies]
