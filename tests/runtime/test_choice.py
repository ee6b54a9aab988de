from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from mim_lsp.errors import ModelError, SettingsError
from mim_lsp.model.weights import save_weights
from mim_lsp.runtime import choice
from mim_lsp.runtime.choice import RuntimeOptions, open_runtime
from mim_lsp.runtime.torch.runtime import TorchRuntime
from tests.tiny import tiny_config, tiny_model

NATIVE_IS_THERE = choice.native_problem() is None
needs_native = pytest.mark.skipif(not NATIVE_IS_THERE, reason="the native core was not built")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_weights(tiny_model(), path)
    return path


@pytest.fixture
def no_native(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "native_problem", lambda: "it was not built")


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "has_torch", lambda: False)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"device": "tpu"}, "unknown device 'tpu'"),
        ({"runtime": "jax"}, "unknown runtime 'jax'"),
        ({"threads": 0}, "at least 1, not 0"),
        ({"device": "cuda", "runtime": "native"}, "CPUs only"),
    ],
)
def test_options_that_cannot_work_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        RuntimeOptions(**wrong)


@needs_native
def test_on_a_cpu_the_native_core_runs(weights: Path) -> None:
    runtime = open_runtime(tiny_config(), weights, RuntimeOptions("cpu", threads=2))
    assert type(runtime).__name__ == "NativeRuntime"
    assert runtime.core.threads == 2  # type: ignore[attr-defined]


def test_torch_can_be_asked_for(weights: Path) -> None:
    assert isinstance(open_runtime(tiny_config(), weights, RuntimeOptions("cpu", runtime="torch")), TorchRuntime)


def test_without_the_core_torch_runs_and_says_so(
    weights: Path, no_native: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert isinstance(open_runtime(tiny_config(), weights, RuntimeOptions("cpu")), TorchRuntime)
    assert "it was not built" in caplog.text


def test_without_the_core_it_cannot_be_asked_for(weights: Path, no_native: None) -> None:
    with pytest.raises(SettingsError, match="it was not built"):
        open_runtime(tiny_config(), weights, RuntimeOptions(runtime="native"))


def test_with_nothing_installed_it_says_what_to_install(weights: Path, no_native: None, no_torch: None) -> None:
    with pytest.raises(ModelError, match=r"it was not built.*compiler.*pip install 'mim-lsp\[torch\]'") as raised:
        open_runtime(tiny_config(), weights, RuntimeOptions())
    assert "\n" not in str(raised.value)


def test_a_gpu_without_torch_is_not_used_by_itself(
    weights: Path, no_torch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "has_gpu_driver", lambda: True)
    if NATIVE_IS_THERE:
        assert type(open_runtime(tiny_config(), weights, RuntimeOptions())).__name__ == "NativeRuntime"
    with pytest.raises(ModelError, match="PyTorch is not installed"):
        open_runtime(tiny_config(), weights, RuntimeOptions("cuda"))


@pytest.fixture
def with_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a driver of GPUs, and a PyTorch that was built for them."""
    monkeypatch.setattr(choice, "has_gpu_driver", lambda: True)
    monkeypatch.setattr(choice, "torch_version", lambda: "2.13.0+cu130")


@needs_native
def test_the_core_runs_where_pytorch_finds_no_gpu(
    weights: Path, with_driver: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mim_lsp.runtime.torch.device.choose_device", lambda _: torch.device("cpu"))
    assert type(open_runtime(tiny_config(), weights, RuntimeOptions())).__name__ == "NativeRuntime"


@needs_native
def test_the_core_runs_where_the_gpu_is_full(
    weights: Path, with_driver: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB")

    monkeypatch.setattr("mim_lsp.runtime.torch.device.choose_device", lambda _: torch.device("cuda"))
    monkeypatch.setattr("mim_lsp.runtime.torch.runtime.open_torch_runtime", full)
    with caplog.at_level(logging.WARNING):
        assert type(open_runtime(tiny_config(), weights, RuntimeOptions())).__name__ == "NativeRuntime"
    assert "The GPU is not used: CUDA out of memory." in caplog.text


def test_a_gpu_that_pytorch_finds_is_used(weights: Path, with_driver: None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = TorchRuntime(tiny_model())
    monkeypatch.setattr("mim_lsp.runtime.torch.device.choose_device", lambda _: torch.device("cuda"))
    monkeypatch.setattr("mim_lsp.runtime.torch.runtime.open_torch_runtime", lambda *_: found)
    assert open_runtime(tiny_config(), weights, RuntimeOptions()) is found


def test_torch_that_is_asked_for_must_be_installed(weights: Path, no_torch: None) -> None:
    with pytest.raises(ModelError, match=r"pip install 'mim-lsp\[torch\]'"):
        open_runtime(tiny_config(), weights, RuntimeOptions(runtime="torch"))
