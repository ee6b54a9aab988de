"""Weights between `model.safetensors` and the network; see `mim_lsp.model.tensors` for what the file holds."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mim_lsp.model.arrays import floats, int8_rows, plain, write_tensors
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.network import Decoder
from mim_lsp.model.tensors import Int8Rows, StoredTensor, read_tensors


def quantize_rows(weight: Tensor) -> Int8Rows:
    """Round a matrix (rows, columns) to nearest, row by row."""
    weight = weight.detach().float().cpu()
    scale = weight.abs().amax(dim=1).clamp(min=1e-12) / 127
    return int8_rows((weight / scale[:, None]).round().to(torch.int8).numpy(), scale.numpy())


def save_weights(model: Decoder, path: Path) -> None:
    """Write `model.safetensors` with int8 matrices."""
    write_tensors(path, {name: _stored(parameter) for name, parameter in model.named_parameters()})


def load_weights(config: ModelConfig, path: Path) -> Decoder:
    """The network with the weights of `model.safetensors`, in float32, ready for inference.

    Raises:
        ModelError: the file is missing, truncated, or does not fit `config`.
    """
    return network_of(config, read_tensors(path, config))


def network_of(config: ModelConfig, stored: dict[str, StoredTensor]) -> Decoder:
    """The network with these tensors as its weights, in float32, ready for inference."""
    with torch.device("meta"):
        model = Decoder(config)
    model.load_state_dict({name: torch.from_numpy(floats(tensor)) for name, tensor in stored.items()}, assign=True)
    return model.eval().requires_grad_(False)


def _stored(parameter: Tensor) -> StoredTensor:
    return quantize_rows(parameter) if parameter.ndim == 2 else plain(parameter.detach().float().cpu().numpy())
