"""Weights on disk: one safetensors file, matrices as int8 with a scale for each row.

A matrix `w` is kept as `w` (int8) and `w.scale` (float32, one per row), with w = int8 * scale; vectors stay float32.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from mim_lsp.errors import ModelError
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.network import Decoder

SCALE = ".scale"


def quantize_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """int8 values (rows, columns) and float32 scales (rows,) that round `weight` to nearest, row by row."""
    scale = weight.detach().float().abs().amax(dim=1).clamp(min=1e-12) / 127
    return (weight.detach().float() / scale[:, None]).round().to(torch.int8), scale


def save_weights(model: Decoder, path: Path) -> None:
    """Write `model.safetensors` with int8 matrices."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2:
            tensors[name], tensors[name + SCALE] = quantize_rows(parameter)
        else:
            tensors[name] = parameter.detach().float().contiguous()
    save_file(tensors, path, metadata={"format": "mim-lsp int8 rows"})


def load_weights(config: ModelConfig, path: Path) -> Decoder:
    """The network with the weights of `model.safetensors`, in float32, ready for inference.

    Raises:
        ModelError: the file is missing, truncated, or does not fit `config`.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"cannot read {path} ({error}). Fetch the model folder again.") from error
    with torch.device("meta"):
        model = Decoder(config)
    try:
        model.load_state_dict(_dequantize(tensors), assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{path} does not fit its config.json ({reason}). Fetch the model folder again.") from error
    return model.eval().requires_grad_(False)


def _dequantize(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The float32 weights; raises `RuntimeError`, as PyTorch does, where values and scales do not belong together."""
    weights = {}
    for name in (name for name in tensors if not name.endswith(SCALE)):
        values, scale = tensors[name], tensors.get(name + SCALE)
        if values.dtype != torch.int8:
            weights[name] = values.float()
        elif scale is None or scale.shape != values.shape[:1]:
            raise RuntimeError(f"{name} needs a scale for each row")
        else:
            weights[name] = values.float() * scale.float()[:, None]
    return weights
