"""A `Runtime` in readable PyTorch. All tokens of a pass, whatever their rows, go through the weights together.

A pass looks at its `CancelFlag` in front of every layer's attention. Giving up there costs nothing: a layer writes its
keys and values behind a row's end, which moves only when the whole pass is done.

Shape legend: N tokens of a pass, C tokens in a row's cache, H query heads, K key and value heads, E width of a head,
V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from mim_lsp.model.config import ModelConfig
from mim_lsp.model.network import Attend, Decoder
from mim_lsp.model.weights import load_weights
from mim_lsp.runtime.arrays import distributions
from mim_lsp.runtime.protocol import CancelFlag, Distribution, Feed, Runtime
from mim_lsp.runtime.torch.device import choose_device, weight_type
from mim_lsp.runtime.torch.graphs import CudaGraphs
from mim_lsp.runtime.torch.static_runtime import StaticRuntime

GROW_BY = 256
"""Tokens by which a row's cache grows when it is full."""


def open_torch_runtime(config: ModelConfig, weights: Path, device: str, threads: int | None = None) -> Runtime:
    """Load weights and put them on `device` (`auto`, `cpu` or `cuda`); `threads` limits PyTorch on a CPU.

    On a CPU this is the reference, on a GPU the runtime of captured passes.

    Raises:
        ModelError: the weights are missing, truncated, or of another shape.
        SettingsError: `cuda` without a usable GPU.
    """
    target = choose_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    model = load_weights(config, weights).to(target, weight_type(target))
    return StaticRuntime(model, CudaGraphs) if target.type == "cuda" else TorchRuntime(model)


class RowCache:
    """Keys and values of one row, for all layers."""

    def __init__(self, config: ModelConfig, like: Tensor) -> None:
        """For keys and values of the device and type of `like`."""
        self.length = 0
        self._shape = (config.n_layers, 2, GROW_BY, config.n_kv_heads, config.head_dim)
        self._store = like.new_zeros(self._shape)

    def reserve(self, extra: int) -> None:
        """Make room for `extra` more tokens."""
        while self.length + extra > self._store.shape[2]:
            self._store = torch.cat((self._store, self._store.new_zeros(self._shape)), dim=2)

    def append(self, layer: int, k_NKE: Tensor, v_NKE: Tensor) -> tuple[Tensor, Tensor]:
        """Write a layer's keys and values behind those held; returns all of that layer, each (C, K, E).

        `length` moves only when the whole pass is done.
        """
        end = self.length + len(k_NKE)
        self._store[layer, 0, self.length : end] = k_NKE
        self._store[layer, 1, self.length : end] = v_NKE
        return self._store[layer, 0, :end], self._store[layer, 1, :end]


class TorchRuntime:
    """Implements `mim_lsp.runtime.protocol.Runtime` on a `Decoder`."""

    def __init__(self, model: Decoder) -> None:
        self.model = model.eval()
        self.device = model.embedding.weight.device
        self._rows: dict[int, RowCache] = {}
        self._handles = count()

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        return self.model.config.vocab_size

    @property
    def context_length(self) -> int:
        """Longest row that the model was trained on, in tokens."""
        return self.model.config.context_length

    def open_row(self) -> int:
        """A new, empty row."""
        handle = next(self._handles)
        self._rows[handle] = RowCache(self.model.config, self.model.embedding.weight)
        return handle

    def close_row(self, row: int) -> None:
        """Free a row's cache."""
        del self._rows[row]

    def truncate(self, row: int, length: int) -> None:
        """Forget all but the first `length` tokens of a row."""
        assert 0 <= length <= self._rows[row].length
        self._rows[row].length = length

    @torch.inference_mode()
    def step(self, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[Sequence[Distribution]]:
        """One pass over the weights; see `Runtime.step`."""
        assert len({feed.row for feed in feeds}) == len(feeds)
        rows = [self._rows[feed.row] for feed in feeds]
        for row, feed in zip(rows, feeds, strict=True):
            row.reserve(len(feed.ids))
        ids_N = torch.tensor([i for feed in feeds for i in feed.ids], device=self.device)
        positions_N = torch.cat(
            [torch.arange(r.length, r.length + len(f.ids)) for r, f in zip(rows, feeds, strict=True)]
        )
        attend = [_attend_to_caches(layer, rows, feeds, cancel) for layer in range(self.model.config.n_layers)]
        hidden_ND = self.model(ids_N, positions_N.to(self.device), attend)
        for row, feed in zip(rows, feeds, strict=True):
            row.length += len(feed.ids)
        return self._outputs(hidden_ND, feeds)

    def _outputs(self, hidden_ND: Tensor, feeds: Sequence[Feed]) -> list[Sequence[Distribution]]:
        wanted = [part[len(part) - feed.outputs :] for part, feed in zip(_split(hidden_ND, feeds), feeds, strict=True)]
        # Tied embedding on the left: with a few rows there, MKL is six times slower than with a few columns here.
        logits_NV = (self.model.embedding.weight @ torch.cat(wanted).T).T.contiguous()
        log_probs_NV = torch.log_softmax(logits_NV.float(), dim=-1).cpu().numpy()
        out: list[Sequence[Distribution]] = []
        start = 0
        for part in wanted:
            out.append(distributions(log_probs_NV[start : start + len(part)]))
            start += len(part)
        return out


def _split(x: Tensor, feeds: Sequence[Feed]) -> tuple[Tensor, ...]:
    return torch.split(x, [len(feed.ids) for feed in feeds])


def _attend_to_caches(layer: int, rows: Sequence[RowCache], feeds: Sequence[Feed], cancel: CancelFlag | None) -> Attend:
    """Attention of one layer in which each row's new tokens see that row's cache and each other, causally."""

    def attend(q_NHE: Tensor, k_NKE: Tensor, v_NKE: Tensor) -> Tensor:
        if cancel is not None:
            cancel.check()
        parts = (_split(x, feeds) for x in (q_NHE, k_NKE, v_NKE))
        return torch.cat([_attend_row(q, *row.append(layer, k, v)) for row, q, k, v in zip(rows, *parts, strict=True)])

    return attend


def _attend_row(q_NHE: Tensor, k_CKE: Tensor, v_CKE: Tensor) -> Tensor:
    """The last N of C positions look back over the row; (N, H, E)."""
    N, C = len(q_NHE), len(k_CKE)
    repeats = q_NHE.shape[1] // k_CKE.shape[1]
    q, k, v = (
        x.transpose(0, 1) for x in (q_NHE, k_CKE.repeat_interleave(repeats, 1), v_CKE.repeat_interleave(repeats, 1))
    )
    visible_NC = None if N == 1 else torch.ones(N, C, dtype=torch.bool, device=q.device).tril(C - N)
    return F.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=visible_NC)[0].transpose(0, 1)
