"""The shapes that are compared, and how many bytes one pass over such a model has to read."""

from __future__ import annotations

from dataclasses import dataclass

from mim_lsp.model.config import ModelConfig
from mim_lsp.model.tensors import shapes

SHAPES = {
    "nano": ModelConfig(context_length=2048),
    "60M": ModelConfig(d_model=640, n_layers=11, n_heads=10, d_ff=1792, context_length=2048),
    "110M": ModelConfig(d_model=768, n_layers=16, n_heads=12, d_ff=2048, context_length=2048),
}
"""All with a vocabulary of 16,384, heads 64 wide, 2 KV heads and tied embeddings."""

INT8_KINDS = ("embedding", "v")
"""Matrices that `mim-lsp quantize` keeps in 8 bits when the others become int4."""


@dataclass(frozen=True)
class Format:
    """How a contestant keeps its weights and its caches while it runs."""

    bits: int
    """Of a value in a matrix."""
    group: int | None
    """Values that share a scale; None: a whole row does."""
    scale_bytes: int
    cache_bytes: int
    """Of a key's or value's element in the KV cache."""
    of_int8_kinds: Format | None = None
    """Of the matrices in `INT8_KINDS`, if those are kept otherwise."""


def kind_of(name: str) -> str:
    """Which of a block's matrices, or the embedding, a tensor is."""
    return name.removesuffix(".weight").rpartition(".")[2]


def matrices(config: ModelConfig) -> list[tuple[str, int, int]]:
    """(kind, rows, columns) of each matrix that a pass reads, the embedding as the output layer."""
    return [(kind_of(name), *shape) for name, shape in shapes(config) if len(shape) == 2]


def weight_bytes(config: ModelConfig, kept: Format) -> int:
    """Bytes of all matrices with their scales, each read once in a pass."""
    return sum(
        _matrix_bytes(rows, columns, (kind in INT8_KINDS and kept.of_int8_kinds) or kept)
        for kind, rows, columns in matrices(config)
    )


def _matrix_bytes(rows: int, columns: int, kept: Format) -> int:
    scales = rows * (1 if kept.group is None else columns // kept.group)
    return rows * columns * kept.bits // 8 + scales * kept.scale_bytes


def cache_bytes(config: ModelConfig, kept: Format, tokens: int) -> int:
    """Bytes of the keys and values of `tokens` tokens in all layers."""
    return 2 * config.n_layers * config.n_kv_heads * config.head_dim * tokens * kept.cache_bytes


def step_bytes(config: ModelConfig, kept: Format, rows: int, context: int) -> int:
    """Bytes that a decode step of `rows` rows, each of `context` tokens, cannot do without."""
    return weight_bytes(config, kept) + cache_bytes(config, kept, rows * context)
