"""The decoder for passes of a fixed shape, in few kernels: what such a pass costs on a GPU is their number.

It computes what `mim_lsp.model.network.Decoder` computes, with its matrices joined: queries, keys and values come from
one product and are turned by their positions together; so do gate and up. Query heads that share a key and value head
are rows of one product with it, so that no key is copied.

Shape legend (beside the usual one): S seats, T tokens of each seat, N = S * T, C positions that are read, G query heads
for each of the K key and value heads, J = G + 2 of them with key and value, M = K * J * E, P = 2 * F, O outputs of each
seat.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from mim_lsp.model.network import Block, Decoder, rotary_angles
from mim_lsp.runtime.torch.static_cache import StaticCache


@dataclass(frozen=True)
class FusedBlock:
    """The weights of one block."""

    attention_norm_D: Tensor
    qkv_MD: Tensor
    """For each key and value head its G query heads, its key, its value."""
    out_DM: Tensor
    feed_forward_norm_D: Tensor
    gate_up_PD: Tensor
    down_DF: Tensor

    @classmethod
    def of(cls, block: Block) -> FusedBlock:
        """Join the matrices of a block."""
        attention, feed_forward = block.attention, block.feed_forward
        by_head = [
            layer.weight.view(attention.n_kv_heads, -1, layer.in_features)
            for layer in (attention.q, attention.k, attention.v)
        ]
        return cls(
            attention_norm_D=block.attention_norm.weight,
            qkv_MD=torch.cat(by_head, dim=1).flatten(0, 1),
            out_DM=attention.out.weight,
            feed_forward_norm_D=block.feed_forward_norm.weight,
            gate_up_PD=torch.cat((feed_forward.gate.weight, feed_forward.up.weight)),
            down_DF=feed_forward.down.weight,
        )


class FusedDecoder:
    """The weights of a decoder, for passes over a `StaticCache`."""

    def __init__(self, model: Decoder) -> None:
        self.config = model.config
        self.embedding_VD = model.embedding.weight
        self._norm_D = model.norm.weight
        self._blocks = [FusedBlock.of(block) for block in model.blocks if isinstance(block, Block)]

    def rotary_table(self, n_positions: int) -> Tensor:
        """Factors that turn a head by its position, (C, 2, E): for its two halves, and for these exchanged."""
        positions_C = torch.arange(n_positions, device=self.embedding_VD.device)
        cos, sin = rotary_angles(positions_C, self.config.head_dim, self.config.rope_theta)
        table = torch.stack((torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)), dim=1)
        return table.to(self.embedding_VD.dtype)

    def log_probs(
        self, ids_ST: Tensor, positions_ST: Tensor, rotary_C2E: Tensor, cache: StaticCache, context: int, outputs: int
    ) -> Tensor:
        """One pass, which writes the tokens' keys and values.

        Args:
            ids_ST: token ids.
            positions_ST: where each token stands in its row. A token sees the positions up to its own.
            rotary_C2E: a `rotary_table` for all positions of the cache.
            cache: keys and values of every seat's row.
            context: number of positions that are looked at.
            outputs: for how many of the last tokens of each seat the distribution of the next token is wanted.

        Returns:
            (S, O, V) in float32.
        """
        n_seats = len(ids_ST)
        x_ND = F.embedding(ids_ST.flatten(), self.embedding_VD)
        rotary_N2E = rotary_C2E[positions_ST.flatten()]
        mask = self._mask(positions_ST, context)
        for layer, block in enumerate(self._blocks):
            qkv_NKJE = self._queries_keys_values(block, x_ND, rotary_N2E)
            qkv_STKJE = qkv_NKJE.view(n_seats, -1, *qkv_NKJE.shape[1:])
            cache.write(layer, positions_ST, qkv_STKJE[..., -2:, :])
            attended_NM = _attend(qkv_STKJE[..., :-2, :], *cache.read(layer, context), mask)
            x_ND.addmm_(attended_NM, block.out_DM.T)
            self._feed_forward(block, x_ND)
        last_SOD = x_ND.view(n_seats, -1, self.config.d_model)[:, -outputs:]
        logits_SOV = F.linear(self._normed(last_SOD, self._norm_D), self.embedding_VD)
        return torch.log_softmax(logits_SOV, dim=-1, dtype=torch.float32)

    def _mask(self, positions_ST: Tensor, context: int) -> Tensor:
        """What is added to the scores, (S * K, T * G, C): minus infinity for the positions behind a token's own."""
        K, G = self.config.n_kv_heads, self.config.n_heads // self.config.n_kv_heads
        hidden_STC = torch.arange(context, device=positions_ST.device) > positions_ST[..., None]
        mask_STC = torch.zeros_like(hidden_STC, dtype=self.embedding_VD.dtype).masked_fill_(hidden_STC, -torch.inf)
        mask_SKTGC = mask_STC[:, None, :, None].expand(-1, K, -1, G, -1)
        return mask_SKTGC.reshape(-1, mask_STC.shape[1] * G, context)

    def _queries_keys_values(self, block: FusedBlock, x_ND: Tensor, rotary_N2E: Tensor) -> Tensor:
        """Queries and keys, turned by their positions, and values: (N, K, J, E)."""
        N, K, E = len(x_ND), self.config.n_kv_heads, self.config.head_dim
        qkv_NKJE = F.linear(self._normed(x_ND, block.attention_norm_D), block.qkv_MD).view(N, K, -1, E)
        turned = qkv_NKJE[:, :, :-1]
        exchanged = turned.view(N, K, -1, 2, E // 2).roll(1, dims=-2).flatten(-2)
        direct, crossed = rotary_N2E[:, None, None].unbind(-2)
        turned.mul_(direct).addcmul_(exchanged, crossed)
        return qkv_NKJE

    def _feed_forward(self, block: FusedBlock, x_ND: Tensor) -> None:
        """Add what the SwiGLU layer makes of `x_ND` to it."""
        gate, up = F.linear(self._normed(x_ND, block.feed_forward_norm_D), block.gate_up_PD).chunk(2, dim=-1)
        x_ND.addmm_(F.silu(gate).mul_(up), block.down_DF.T)

    def _normed(self, x: Tensor, gain_D: Tensor) -> Tensor:
        out: Tensor = F.rms_norm(x, gain_D.shape, gain_D, self.config.norm_eps)
        return out


def _attend(q_STKGE: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """What each token takes from its row, (N, K * G * E); `k` and `v` are (S * K, C, E), `mask` is (S * K, T * G, C).

    In plain products: PyTorch's fused attention takes no mask in its kernel that shares out long rows, so that few
    heads would keep few of a GPU's processors busy.
    """
    S, T, K, G, E = q_STKGE.shape
    q = q_STKGE.transpose(1, 2).reshape(S * K, T * G, E)
    shares = torch.baddbmm(mask, q, k.transpose(1, 2), alpha=E**-0.5).softmax(dim=-1)
    return torch.bmm(shares, v).view(S, K, T, G * E).transpose(1, 2).reshape(S * T, K * G * E)
