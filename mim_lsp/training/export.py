"""What a finished run leaves: a model folder, with the weights in bf16 beside it to go on from."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.distributed.fsdp import FSDPModule

from mim_lsp.errors import ModelError
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.folder import WEIGHTS, write_shape
from mim_lsp.model.network import Decoder
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.model.weights import load_weights, save_weights
from mim_lsp.training.log import say
from mim_lsp.training.recipe import Recipe
from mim_lsp.training.sharded_checkpoint import gathered
from mim_lsp.training.workers import Workers

BF16_WEIGHTS = "weights.bf16.safetensors"
"""In a model's folder: nearer to what was trained than int8, for a run that goes on from it. The runtimes do not read
it."""


def write_model(folder: Path, recipe: Recipe, tokenizer: CodeTokenizer, model: Decoder, workers: Workers) -> Path:
    """Write the trained model's folder, all but its card; every process of a run must take part."""
    whole = _whole(model, recipe.config)
    if not workers.is_first or whole is None:
        return folder
    if recipe.qk_norm:
        say("no model is written: the runtimes know no QK-norm. The weights are in the checkpoint.")
        return folder
    save_trained(folder, recipe.config, tokenizer, whole)
    say(f"model written to {folder}")
    return folder


def save_trained(folder: Path, config: ModelConfig, tokenizer: CodeTokenizer, model: Decoder) -> None:
    """Write a model's folder, all but its card: the weights in int8, and in bf16 to go on from."""
    write_shape(folder, config, tokenizer)
    save_weights(model, folder / WEIGHTS)
    save_bf16(model, folder)


def load_trained(config: ModelConfig, folder: Path) -> Decoder:
    """The network in a model's folder as near as it is there to what was trained: in bf16, else in int8.

    Raises:
        ModelError: the weights cannot be read, or do not fit.
    """
    return load_bf16(config, folder) or load_weights(config, folder / WEIGHTS)


def _whole(model: Decoder, config: ModelConfig) -> Decoder | None:
    """The model in one piece, for the first process."""
    if not any(isinstance(block, FSDPModule) for block in model.blocks):
        return model
    return _with_weights(config, gathered(model))


def save_bf16(model: Decoder, folder: Path) -> None:
    """Write all weights in bf16."""
    tensors = {name: p.detach().to("cpu", torch.bfloat16).contiguous() for name, p in model.named_parameters()}
    save_file(tensors, folder / BF16_WEIGHTS)


def load_bf16(config: ModelConfig, folder: Path) -> Decoder | None:
    """The network with the weights that `save_bf16` wrote; None if there are none.

    Raises:
        ModelError: they cannot be read, or do not fit.
    """
    path = folder / BF16_WEIGHTS
    if not path.is_file():
        return None
    try:
        return _with_weights(config, {name: tensor.float() for name, tensor in load_file(path).items()})
    except (OSError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"cannot read {path}: {error}. Fetch the model folder again.") from error


def _with_weights(config: ModelConfig, weights: dict[str, Tensor] | None) -> Decoder | None:
    if weights is None:
        return None
    with torch.device("meta"):
        model = Decoder(config)
    model.load_state_dict(weights, assign=True)
    return model
