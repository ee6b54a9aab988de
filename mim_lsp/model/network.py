"""The decoder in PyTorch: a plain Llama-style causal model, one set of weights for both directions.

Shape legend (suffixes of tensor names):
  R  rows in a batch            T  tokens in a row           N  tokens of any rows, flattened
  D  width of the residual      V  vocabulary                F  width of the SwiGLU layer
  H  query heads                K  key and value heads       E  width of a head (64)
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mim_lsp.model.config import ModelConfig

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Takes queries, keys and values of one layer, returns what was attended to, shaped like the queries."""


def rotary_angles(positions: Tensor, head_dim: int, theta: float) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the rotary embedding (Su et al. 2021), each `positions.shape + (head_dim / 2,)`."""
    frequencies = theta ** (-torch.arange(0, head_dim, 2, device=positions.device, dtype=torch.float32) / head_dim)
    angles = positions[..., None].to(torch.float32) * frequencies
    return angles.cos(), angles.sin()


def rotate(x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Turn the pairs (x_i, x_{i + E/2}) of every head by their position's angles; `x` is (..., heads, E)."""
    cos, sin = (part[..., None, :].to(x.dtype) for part in rotary)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Attention(nn.Module):
    """Grouped-query attention; who may see whom is decided by the `attend` it is given."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_heads, self.n_kv_heads, self.head_dim = config.n_heads, config.n_kv_heads, config.head_dim
        self.q = nn.Linear(config.d_model, config.n_heads * config.head_dim, bias=False)
        self.k = nn.Linear(config.d_model, config.n_kv_heads * config.head_dim, bias=False)
        self.v = nn.Linear(config.d_model, config.n_kv_heads * config.head_dim, bias=False)
        self.out = nn.Linear(config.n_heads * config.head_dim, config.d_model, bias=False)

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor], attend: Attend) -> Tensor:
        """Mix `x` (..., D) over positions."""
        q = rotate(self.q(x).unflatten(-1, (self.n_heads, self.head_dim)), rotary)
        k = rotate(self.k(x).unflatten(-1, (self.n_kv_heads, self.head_dim)), rotary)
        v = self.v(x).unflatten(-1, (self.n_kv_heads, self.head_dim))
        out: Tensor = self.out(attend(q, k, v).flatten(-2))
        return out


class SwiGLU(nn.Module):
    """The gated feed-forward layer (Shazeer 2020)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.up = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Transform each position of `x` (..., D) alone."""
        out: Tensor = self.down(F.silu(self.gate(x)) * self.up(x))
        return out


class Block(nn.Module):
    """One decoder block with RMSNorm before each half."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.d_model, eps=config.norm_eps)
        self.attention = Attention(config)
        self.feed_forward_norm = nn.RMSNorm(config.d_model, eps=config.norm_eps)
        self.feed_forward = SwiGLU(config)

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor], attend: Attend) -> Tensor:
        """Read `x` (..., D), return the new residual stream of the same shape."""
        x = x + self.attention(self.attention_norm(x), rotary, attend)
        out: Tensor = x + self.feed_forward(self.feed_forward_norm(x))
        return out


class Decoder(nn.Module):
    """Token ids in, hidden states out; `logits` turns those into scores with the tied embedding."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.RMSNorm(config.d_model, eps=config.norm_eps)
        self.apply(self._initialize)

    def _initialize(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, Attention):  # the two layers that write to the residual stream start small
            nn.init.normal_(module.out.weight, std=0.02 / (2 * self.config.n_layers) ** 0.5)
        if isinstance(module, SwiGLU):
            nn.init.normal_(module.down.weight, std=0.02 / (2 * self.config.n_layers) ** 0.5)

    def forward(self, ids: Tensor, positions: Tensor, attend: list[Attend]) -> Tensor:
        """Hidden states after the last norm.

        Args:
            ids: token ids, (R, T) in training or (N,) in cached inference.
            positions: position of each token in its row, same shape.
            attend: one function per layer that says who may see whom.

        Returns:
            (R, T, D) or (N, D).
        """
        assert len(attend) == len(self.blocks)
        x = self.embedding(ids)
        rotary = rotary_angles(positions, self.config.head_dim, self.config.rope_theta)
        for block, layer_attend in zip(self.blocks, attend, strict=True):
            x = block(x, rotary, layer_attend)
        out: Tensor = self.norm(x)
        return out

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of every token id, (..., V), from hidden states (..., D)."""
        return F.linear(hidden, self.embedding.weight)


def attend_within(visible_RTT: Tensor) -> Attend:
    """Attention in which query t of a row sees key s where `visible[row, t, s]`; tensors are (R, T, heads, E)."""

    def attend(q_RTHE: Tensor, k_RTKE: Tensor, v_RTKE: Tensor) -> Tensor:
        repeats = q_RTHE.shape[2] // k_RTKE.shape[2]
        q, k, v = (
            t.transpose(1, 2)
            for t in (q_RTHE, k_RTKE.repeat_interleave(repeats, 2), v_RTKE.repeat_interleave(repeats, 2))
        )
        return F.scaled_dot_product_attention(q, k, v, attn_mask=visible_RTT[:, None]).transpose(1, 2)

    return attend


def attend_in_pieces(lengths: list[int]) -> Attend:
    """Causal attention within each piece of the flattened rows, pieces of `lengths` positions in order.

    What `attend_within(packed_visibility(...))` gives, without the work for pairs that do not see each other, and from
    plain matrix products: on a CPU in bf16 they take half the time of the fused kernel (docs/experiments.md).
    """

    def attend(q_RTHE: Tensor, k_RTKE: Tensor, v_RTKE: Tensor) -> Tensor:
        repeats = q_RTHE.shape[2] // k_RTKE.shape[2]
        q_NHE = q_RTHE.flatten(0, 1) * q_RTHE.shape[-1] ** -0.5
        k_NHE, v_NHE = (t.flatten(0, 1).repeat_interleave(repeats, 1) for t in (k_RTKE, v_RTKE))
        parts = (torch.split(t.transpose(0, 1), lengths, 1) for t in (q_NHE, k_NHE, v_NHE))
        out = [_attend_causally(*part) for part in zip(*parts, strict=True)]
        return torch.cat(out, 1).transpose(0, 1).view_as(q_RTHE)

    return attend


def _attend_causally(q_HNE: Tensor, k_HNE: Tensor, v_HNE: Tensor) -> Tensor:
    N = q_HNE.shape[1]
    hidden_NN = torch.full((N, N), -math.inf, dtype=q_HNE.dtype, device=q_HNE.device).triu(1)
    dtype = torch.promote_types(q_HNE.dtype, torch.float32)
    weights_HNN = torch.softmax(q_HNE @ k_HNE.transpose(1, 2) + hidden_NN, -1, dtype=dtype)
    return weights_HNN.to(v_HNE.dtype) @ v_HNE


def piece_lengths(segments_RT: Tensor) -> list[int]:
    """How many positions each document of each row has, padding too, in the order of the flattened rows."""
    R = len(segments_RT)
    row_R1 = torch.arange(R, device=segments_RT.device)[:, None]
    _, lengths = torch.unique_consecutive((segments_RT * R + row_R1).flatten(), return_counts=True)
    return [int(length) for length in lengths]


def packed_visibility(segments_RT: Tensor) -> Tensor:
    """Who sees whom when several documents share a row: (R, T, T), causal, and only within a segment.

    `segments_RT` numbers the documents of each row; padding is segment 0 and sees only padding.
    """
    T = segments_RT.shape[1]
    causal_TT = torch.ones(T, T, dtype=torch.bool, device=segments_RT.device).tril()
    return causal_TT & (segments_RT[:, :, None] == segments_RT[:, None, :])
