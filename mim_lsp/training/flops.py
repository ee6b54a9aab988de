"""How much arithmetic training takes, and how much a device could do: their ratio is the MFU.

Model FLOPs utilization (Chowdhery et al. 2022) counts what the formula needs, whatever was computed besides: padding,
masked attention and recomputed activations do not count.
"""

from __future__ import annotations

import time

import numpy as np
import torch

from mim_lsp.model.config import ModelConfig
from mim_lsp.training.batches import Batch

# Dense bf16, FLOP/s, by the vendors' data sheets. The first name that is part of the device's name counts.
_KNOWN_PEAKS = {
    "B200": 2250e12,
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "RTX 4090": 165e12,
}
_TIMES = 5


def matrix_weights(config: ModelConfig) -> int:
    """Weights that each position is multiplied by: all but the norms, the embedding as output layer."""
    return config.n_parameters - (2 * config.n_layers + 1) * config.d_model


def flops_per_token(config: ModelConfig, length: float) -> float:
    """FLOPs of learning from one position of a document of `length` positions, forward and backward."""
    attention = 6 * config.n_layers * config.n_heads * config.head_dim * length
    return 6 * matrix_weights(config) + attention


def batch_flops(config: ModelConfig, batch: Batch) -> float:
    """FLOPs of learning from a batch, each of whose documents attends to itself."""
    lengths = document_lengths(batch)
    return float(sum(lengths * [flops_per_token(config, length) for length in lengths.tolist()]))


def document_lengths(batch: Batch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How many positions each document has."""
    segments_RT = batch.segments_RT.cpu().numpy()
    most = int(segments_RT.max(initial=0)) + 1
    numbers = segments_RT + most * np.arange(len(segments_RT))[:, None]
    counts = np.bincount(numbers.ravel(), minlength=most * len(segments_RT)).reshape(-1, most)
    documents: np.ndarray[tuple[int], np.dtype[np.int64]] = counts[:, 1:].ravel().astype(np.int64)
    return documents[documents > 0]


def peak_flops(device: torch.device, *, bf16: bool) -> float:
    """What the device can do at most, in FLOP/s: by its data sheet, or as a product of large matrices measures it."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        known = next((peak for part, peak in _KNOWN_PEAKS.items() if part in name), None)
        if known is not None:
            return known
    return measured_peak(device, 8192 if device.type == "cuda" else 2048, bf16=bf16)


def measured_peak(device: torch.device, size: int, *, bf16: bool) -> float:
    """FLOP/s of the best of a few products of two square matrices, on the threads that PyTorch has."""
    dtype = torch.bfloat16 if bf16 else torch.float32
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(_TIMES):
        started = time.perf_counter()
        product = a @ b
        product[0, 0].item()  # waits for a GPU
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best
