"""Which device the weights run on, in which type, and how that is said to a person."""

from __future__ import annotations

import torch

from mim_lsp.errors import SettingsError

_BFLOAT16_SINCE = 8
"""Major compute capability (Ampere) from which a GPU multiplies bfloat16 in hardware."""


def choose_device(device: str) -> torch.device:
    """The device that `device` (`auto`, `cpu` or `cuda`) stands for.

    Raises:
        SettingsError: `cuda` without a usable GPU.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("device 'cuda' was asked for, but PyTorch finds no usable GPU. Use --device cpu.")
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")


def weight_type(device: torch.device) -> torch.dtype:
    """The type in which weights, keys and values are kept.

    On GPUs bfloat16, and not the int8 of the model's file: at the sizes of our models a pass is bound by the number of
    its kernels before it is bound by its bytes, and PyTorch would unpack int8 in kernels of their own.
    """
    if device.type == "cpu" or torch.cuda.get_device_capability(device)[0] < _BFLOAT16_SINCE:
        return torch.float32
    return torch.bfloat16


def describe(device: str) -> str:
    """What `device` (`auto`, `cpu` or `cuda`) stands for on this machine and how passes run there, in one line.

    Raises:
        SettingsError: `cuda` without a usable GPU.
    """
    target = choose_device(device)
    kept = str(weight_type(target)).removeprefix("torch.")
    if target.type == "cpu":
        return f"CPU, {torch.get_num_threads()} threads, {kept}, eager"
    properties = torch.cuda.get_device_properties(target)
    return f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, {kept}, CUDA graphs"
