"""Quantizing a network layer by layer.

The network as it was and the quantized one read the calibration rows side by side. A matrix gets the inputs that the
quantized layers before it really give, and is first moved to where, on these inputs, it comes closest to what it gave
on the true ones: so that later layers make up for what earlier ones lost (GPTAQ, Li et al. 2025, arXiv 2504.02692).

Shape legend: R rows (always one here), T tokens of a row, D width of the residual stream, K inputs of a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mim_lsp.errors import SettingsError
from mim_lsp.model.arrays import floats, int4_groups, plain
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.network import Attention, Block, Decoder, attend_within, packed_visibility, rotary_angles
from mim_lsp.model.tensors import Int4Groups, Int8Rows, StoredTensor
from mim_lsp.model.weights import quantize_rows
from mim_lsp.training.quantization.rounding import move_to_inputs, round_to_int4

Progress = Callable[[int, int], None]
INT8_KINDS = ("embedding", "v")
"""Matrices that keep eight bits: the embedding, which is also the output layer, and the values of attention, which are
few and by far the most sensitive (docs/experiments.md)."""

_STAGES = (
    ("attention", ("q", "k", "v")),
    ("attention", ("out",)),
    ("feed_forward", ("gate", "up")),
    ("feed_forward", ("down",)),
)
"""The matrices of a block in the order of use; those of a stage have the same inputs."""


def check_group(model: Decoder, group: int) -> None:
    """Raise `SettingsError` if a matrix that becomes int4 does not fall into whole groups."""
    for name, parameter in model.named_parameters():
        if _becomes_int4(name, parameter) and parameter.shape[1] % group:
            raise SettingsError(f"--group {group} does not divide the {parameter.shape[1]} columns of {name}")


@torch.inference_mode()
def quantize_int4(
    model: Decoder, rows: Sequence[Tensor], group: int, progress: Progress = lambda _done, _total: None
) -> dict[str, StoredTensor]:
    """The model's tensors, most matrices as int4 and those of `INT8_KINDS` as int8, by name.

    Args:
        model: becomes the quantized model, in float32.
        rows: calibration rows of token ids, each (T,).
        group: inputs that share a scale; see `check_group`.
        progress: called after each layer with how many are done, and how many there are.
    """
    quantizer = _Quantizer(model, group)
    true_RTD = [model.embedding(row)[None] for row in rows]
    quantizer.to_int8("embedding", model.embedding)
    hidden_RTD = [model.embedding(row)[None] for row in rows]
    for layer, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        true, found = _read(model.config, deepcopy(block), true_RTD), _read(model.config, block, hidden_RTD)
        for part, kinds in _STAGES:
            matrices = {f"blocks.{layer}.{part}.{kind}": getattr(getattr(block, part), kind) for kind in kinds}
            quantizer.quantize(matrices, next(true), next(found))
        true_RTD, hidden_RTD = next(true), next(found)
        progress(layer + 1, len(model.blocks))
    return quantizer.stored


class _Quantizer:
    """Replaces matrices of a model by what their quantized values stand for, and keeps the values."""

    def __init__(self, model: Decoder, group: int) -> None:
        self._group = group
        vectors = {name: plain(p.detach().float().numpy()) for name, p in model.named_parameters() if p.ndim == 1}
        self.stored: dict[str, StoredTensor] = dict(vectors)

    def to_int8(self, name: str, module: nn.Linear | nn.Embedding) -> None:
        """Round to nearest."""
        self._replace(name, module, quantize_rows(module.weight))

    def quantize(self, matrices: dict[str, nn.Linear], true: Sequence[Tensor], found: Sequence[Tensor]) -> None:
        """Quantize matrices that all have the `true` inputs in the network as it was, and `found` ones by now."""
        hessian_KK, drift_KK = _moments(true, found)
        for name, linear in matrices.items():
            linear.weight.copy_(move_to_inputs(linear.weight, hessian_KK, drift_KK))
            if _kind(name) in INT8_KINDS:
                self.to_int8(name, linear)
            else:
                values_NK, scales_NG = round_to_int4(linear.weight, hessian_KK, self._group)
                self._replace(name, linear, int4_groups(values_NK.numpy(), scales_NG.numpy(), self._group))

    def _replace(self, name: str, module: nn.Linear | nn.Embedding, matrix: Int8Rows | Int4Groups) -> None:
        self.stored[f"{name}.weight"] = matrix
        module.weight.copy_(torch.from_numpy(floats(matrix)))


def _read(config: ModelConfig, block: Block, hidden_RTD: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """The inputs of each stage of a block, one row after the other, and last the block's outputs.

    A stage's matrices are used only when the next item is asked for: by then they may be quantized.
    """
    attention, feed_forward = block.attention, block.feed_forward
    normed = [block.attention_norm(x) for x in hidden_RTD]
    yield normed
    heads = [_heads(config, attention, x) for x in normed]
    yield heads
    hidden_RTD = [x + attention.out(y) for x, y in zip(hidden_RTD, heads, strict=True)]
    normed = [block.feed_forward_norm(x) for x in hidden_RTD]
    yield normed
    gated = [F.silu(feed_forward.gate(x)) * feed_forward.up(x) for x in normed]
    yield gated
    yield [x + feed_forward.down(y) for x, y in zip(hidden_RTD, gated, strict=True)]


def _heads(config: ModelConfig, attention: Attention, x_RTD: Tensor) -> Tensor:
    """What the heads give, which is what `attention.out` gets."""
    seen: list[Tensor] = []
    hook = attention.out.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    positions_RT = torch.arange(x_RTD.shape[1])[None]
    visible_RTT = packed_visibility(torch.ones_like(positions_RT))
    attention(x_RTD, rotary_angles(positions_RT, config.head_dim, config.rope_theta), attend_within(visible_RTT))
    hook.remove()
    return seen[0]


def _becomes_int4(name: str, parameter: Tensor) -> bool:
    return parameter.ndim == 2 and _kind(name.removesuffix(".weight")) not in INT8_KINDS


def _kind(name: str) -> str:
    """The last part of a matrix's name."""
    return name.rpartition(".")[2]


def _moments(true_RTK: Sequence[Tensor], found_RTK: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Means over all tokens of y y' and of (x - y) y' for true inputs x and found ones y; (K, K), float64."""
    K = found_RTK[0].shape[-1]
    hessian_KK, drift_KK = torch.zeros(2, K, K, dtype=torch.float64)
    for x_RTK, y_RTK in zip(true_RTK, found_RTK, strict=True):
        x_TK, y_TK = x_RTK.flatten(0, 1), y_RTK.flatten(0, 1)
        hessian_KK += y_TK.T @ y_TK  # a row's sum in float32 is exact enough, and several times as fast
        drift_KK += (x_TK - y_TK).T @ y_TK
    tokens = sum(y_RTK.shape[1] for y_RTK in found_RTK)
    return hessian_KK / tokens, drift_KK / tokens
