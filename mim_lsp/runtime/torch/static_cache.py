"""Keys and values that stay at one place in memory, where a captured pass finds them.

A pass goes over a fixed number of *seats*, and feeds rows that sit on them. The other rows are parked: copied to a
tensor of just their length. An editor works in one document at a time, whose two rows keep their seats; going to
another document costs a copy of the rows.

Shape legend: L layers, 2 for keys and values, S seats, T tokens of each seat in a pass, K key and value heads, E width
of a head, C positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mim_lsp.model.config import ModelConfig


@dataclass(eq=False)
class StaticRow:
    """One row: how long it is, and its keys and values while it has no seat."""

    length: int = 0
    parked_L2KCE: Tensor | None = None


class StaticCache:
    """Room for the keys and values of `n_seats` rows of up to `capacity` tokens."""

    def __init__(self, config: ModelConfig, n_seats: int, capacity: int, like: Tensor) -> None:
        self.capacity = capacity
        # What a pass reads beyond a row's end is masked, but must be finite: zeros at first, then what once was there.
        shape = (config.n_layers, 2, n_seats, config.n_kv_heads, capacity + 1, config.head_dim)
        self._store_L2SKCE = like.new_zeros(shape)
        self._seats_S1 = torch.arange(n_seats, device=like.device)[:, None]
        self._seated: list[StaticRow | None] = [None] * n_seats

    @property
    def scratch(self) -> int:
        """The position behind all others, where padding may be written: no pass reads it."""
        return self.capacity

    def seat(self, rows: Sequence[StaticRow]) -> list[int]:
        """Let each of these rows have a seat, whoever sat there; returns the seats."""
        waiting = [row for row in rows if row not in self._seated]
        free = [seat for seat, row in enumerate(self._seated) if row not in rows]
        free.sort(key=lambda seat: self._seated[seat] is not None)
        for row, seat in zip(waiting, free, strict=False):
            self._park(seat)
            self._sit_down(row, seat)
        return [self._seated.index(row) for row in rows]

    def park_all(self) -> None:
        """Leave every seat empty."""
        for seat in range(len(self._seated)):
            self._park(seat)

    def forget(self, row: StaticRow) -> None:
        """Free the seat of a row that is fed no more, if it has one."""
        if row in self._seated:
            self._seated[self._seated.index(row)] = None

    def _park(self, seat: int) -> None:
        row = self._seated[seat]
        if row is not None:
            row.parked_L2KCE = self._store_L2SKCE[:, :, seat, :, : row.length].clone()
        self._seated[seat] = None

    def _sit_down(self, row: StaticRow, seat: int) -> None:
        if row.parked_L2KCE is not None:
            self._store_L2SKCE[:, :, seat, :, : row.length] = row.parked_L2KCE[:, :, :, : row.length]
        row.parked_L2KCE = None
        self._seated[seat] = row

    def write(self, layer: int, positions_ST: Tensor, kv_STK2E: Tensor) -> None:
        """Write a layer's keys and values of T tokens of every seat."""
        store_SCK2E = self._store_L2SKCE[layer].permute(1, 3, 2, 0, 4)
        store_SCK2E.index_put_((self._seats_S1, positions_ST), kv_STK2E)

    def read(self, layer: int, context: int) -> tuple[Tensor, Tensor]:
        """A layer's keys and values at the first `context` positions, each (S * K, C, E); nothing is copied."""
        keys_SKCE, values_SKCE = self._store_L2SKCE[layer, :, :, :, :context]
        return keys_SKCE.flatten(0, 1), values_SKCE.flatten(0, 1)
