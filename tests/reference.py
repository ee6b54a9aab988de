"""The decoder once more, slow and obvious: what the tests compare every other implementation with.

No cache, no batch, no masks: a loop over layers, positions and heads, in float64, straight from the formulas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mim_lsp.model.config import ModelConfig
from mim_lsp.model.network import Decoder


def reference_logits(model: Decoder, ids: Sequence[int]) -> Tensor:
    """The logits after each token of one row that holds one document, (len(ids), vocabulary), in float64."""
    weights = {name: parameter.detach().double() for name, parameter in model.named_parameters()}
    config = model.config
    embedding = weights["embedding.weight"]
    stream = [embedding[token] for token in ids]
    for layer in range(config.n_layers):
        block = _part(weights, f"blocks.{layer}.")
        mixed = _attention(config, block, [_rms_norm(x, block["attention_norm.weight"], config) for x in stream])
        stream = [x + change for x, change in zip(stream, mixed, strict=True)]
        stream = [x + _swiglu(block, _rms_norm(x, block["feed_forward_norm.weight"], config)) for x in stream]
    return torch.stack([embedding @ _rms_norm(x, weights["norm.weight"], config) for x in stream])


def reference_log_probs(model: Decoder, ids: Sequence[int]) -> Tensor:
    """The log-probabilities of what follows each token, shaped like `reference_logits`."""
    return torch.stack([logits - torch.logsumexp(logits, 0) for logits in reference_logits(model, ids)])


def _part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}


def _rms_norm(x: Tensor, gain: Tensor, config: ModelConfig) -> Tensor:
    return gain * x / torch.sqrt((x * x).mean() + config.norm_eps)


def _attention(config: ModelConfig, block: Mapping[str, Tensor], xs: Sequence[Tensor]) -> list[Tensor]:
    """What each position takes from itself and the positions before it."""
    queries = [_heads(block["attention.q.weight"] @ x, config, position) for position, x in enumerate(xs)]
    keys = [_heads(block["attention.k.weight"] @ x, config, position) for position, x in enumerate(xs)]
    values = [(block["attention.v.weight"] @ x).split(config.head_dim) for x in xs]
    group = config.n_heads // config.n_kv_heads  # query heads that share a key and value head
    out = []
    for position in range(len(xs)):
        taken = []
        for head in range(config.n_heads):
            seen = range(position + 1)
            scores = [queries[position][head] @ keys[at][head // group] / math.sqrt(config.head_dim) for at in seen]
            shares = torch.softmax(torch.stack(scores), 0)
            taken.append(sum((shares[at] * values[at][head // group] for at in seen), torch.zeros(config.head_dim)))
        out.append(block["attention.out.weight"] @ torch.cat(taken))
    return out


def _heads(vector: Tensor, config: ModelConfig, position: int) -> list[Tensor]:
    """The heads of a query or key, each turned by its position."""
    return [_rotary(head, position, config.rope_theta) for head in vector.split(config.head_dim)]


def _rotary(head: Tensor, position: int, theta: float) -> Tensor:
    """Entries i and i + half of a head are a point of the plane, turned by position * theta^(-i / half)."""
    half = len(head) // 2
    turned = torch.empty_like(head)
    for i in range(half):
        angle = position * theta ** (-i / half)
        x, y = head[i], head[i + half]
        turned[i] = x * math.cos(angle) - y * math.sin(angle)
        turned[i + half] = y * math.cos(angle) + x * math.sin(angle)
    return turned


def _swiglu(block: Mapping[str, Tensor], x: Tensor) -> Tensor:
    gate = block["feed_forward.gate.weight"] @ x
    return block["feed_forward.down.weight"] @ (gate * torch.sigmoid(gate) * (block["feed_forward.up.weight"] @ x))
