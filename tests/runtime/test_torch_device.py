from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from mim_lsp.errors import SettingsError
from mim_lsp.runtime.torch.device import choose_device, describe, weight_type


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A machine with a GPU, as far as anyone asks."""
    gpu = SimpleNamespace(name="Some GPU", total_memory=8 * 2**30, capability=(8, 6))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: gpu)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: gpu.capability)
    return gpu


@pytest.mark.usefixtures("gpu")
def test_with_a_gpu_auto_means_it() -> None:
    assert [choose_device(device).type for device in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]


def test_without_a_gpu_only_cpu_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [choose_device(device).type for device in ("auto", "cpu")] == ["cpu", "cpu"]
    for ask in (choose_device, describe):
        with pytest.raises(SettingsError, match="no usable GPU"):
            ask("cuda")


@pytest.mark.parametrize(
    ("capability", "expected"), [((9, 0), torch.bfloat16), ((8, 0), torch.bfloat16), ((7, 5), torch.float32)]
)
def test_bfloat16_where_the_gpu_multiplies_it(
    gpu: SimpleNamespace, capability: tuple[int, int], expected: torch.dtype
) -> None:
    gpu.capability = capability
    assert weight_type(torch.device("cuda")) == expected


@pytest.mark.usefixtures("gpu")
def test_a_device_in_one_line() -> None:
    assert describe("auto") == "Some GPU, 8 GiB, bfloat16, CUDA graphs"
    assert describe("cpu") == f"CPU, {torch.get_num_threads()} threads, float32, eager"
