"""Whether a device is fast at bf16."""

from __future__ import annotations

from pathlib import Path

import torch


def has_bf16(device: torch.device) -> bool:
    """Whether bf16 is fast there: on GPUs and processors that have instructions for it."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported() and "avx512_bf16" in _cpu_flags())


def _cpu_flags() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""
