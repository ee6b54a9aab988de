"""Which runtime runs the weights: the native core on a CPU, PyTorch on a GPU or where the core was not built."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from mim_lsp.errors import ModelError, SettingsError
from mim_lsp.model.config import ModelConfig
from mim_lsp.runtime.protocol import Feed, Runtime

Device = Literal["auto", "cpu", "cuda"]
RuntimeName = Literal["auto", "native", "torch"]


@dataclass(frozen=True)
class RuntimeOptions:
    """What a user can say about what runs the model."""

    device: Device = "auto"
    """`auto`: a GPU if there is one and PyTorch can use it, else the CPU."""
    threads: int | None = None
    """How many threads compute on a CPU; None: the runtime chooses."""
    runtime: RuntimeName = "auto"
    """`auto`: the native core on a CPU, unless it was not built."""

    def __post_init__(self) -> None:
        if self.device not in get_args(Device):
            raise SettingsError(f"unknown device '{self.device}'. Choose auto, cpu or cuda.")
        if self.runtime not in get_args(RuntimeName):
            raise SettingsError(f"unknown runtime '{self.runtime}'. Choose auto, native or torch.")
        if self.threads is not None and self.threads < 1:
            raise SettingsError(f"threads must be at least 1, not {self.threads}.")
        if self.runtime == "native" and self.device == "cuda":
            raise SettingsError("the native core runs on CPUs only. Use --device cpu, or --runtime torch.")


_NO_RUNTIME = (
    "the native core is not there ({reason}) and PyTorch is not installed. Install a C++ compiler and mim-lsp again, "
    "or PyTorch: pip install 'mim-lsp[torch]'."
)

logger = logging.getLogger(__name__)


def open_runtime(config: ModelConfig, weights: Path, options: RuntimeOptions) -> Runtime:
    """Load `weights` on the runtime that fits.

    Raises:
        ModelError: the weights are missing, truncated, or of another shape, or no runtime is installed.
        SettingsError: the device or the runtime is not there.
    """
    if options.runtime == "auto" and options.device == "auto" and _may_have_gpu():
        opened = _open_on_gpu(config, weights)
        if opened is not None:
            return opened
        options = replace(options, device="cpu")
    if options.runtime == "native" or (options.runtime == "auto" and options.device != "cuda"):
        problem = native_problem()
        if problem is None:
            from mim_lsp.runtime.native.runtime import open_native_runtime

            return open_native_runtime(config, weights, options.threads)
        if options.runtime == "native":
            raise SettingsError(f"the native core is not there ({problem}). Use --runtime torch.")
        if not has_torch():
            raise ModelError(_NO_RUNTIME.format(reason=problem))
        logger.warning("The native core is not there (%s): PyTorch is used, which is slower", problem)
    if not has_torch():
        raise ModelError("PyTorch is not installed. Install it with: pip install 'mim-lsp[torch]'.")
    _calm_threads()
    from mim_lsp.runtime.torch.runtime import open_torch_runtime

    return open_torch_runtime(config, weights, options.device, options.threads)


def native_problem() -> str | None:
    """Why the native core cannot be used; None if it can."""
    try:
        importlib.import_module("mim_lsp.runtime.native._native")
    except ImportError as error:
        return " ".join(str(error).split())
    return None


def has_torch() -> bool:
    """Whether PyTorch is installed; does not import it, which takes a second."""
    return importlib.util.find_spec("torch") is not None


def has_gpu_driver() -> bool:
    """Whether this machine has an NVIDIA driver; asked before PyTorch is imported only to find no GPU."""
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll").exists()
    return Path("/dev/nvidiactl").exists()


def torch_version() -> str:
    """Of the PyTorch that is installed, with what it was built for: `2.13.0+cpu`."""
    return importlib.metadata.version("torch")


def _may_have_gpu() -> bool:
    """Whether it is worth a second to import PyTorch and ask it for a GPU."""
    return has_gpu_driver() and has_torch() and not torch_version().endswith("+cpu")


def _open_on_gpu(config: ModelConfig, weights: Path) -> Runtime | None:
    """The runtime on this machine's GPU; None if PyTorch finds none, or if that one is full or too old for it.

    Raises:
        ModelError: the weights are missing, truncated, or of another shape.
    """
    _calm_threads()
    from mim_lsp.runtime.torch.device import choose_device
    from mim_lsp.runtime.torch.runtime import open_torch_runtime

    if choose_device("auto").type != "cuda":
        return None
    try:
        runtime = open_torch_runtime(config, weights, "cuda")
        row = runtime.open_row()
        runtime.step([Feed(row, [0])])  # kernels are missing, or graphs cannot be captured, only when a pass is run
        runtime.close_row(row)
    except RuntimeError as error:  # of CUDA, whatever it is
        logger.warning("The GPU is not used: %s", str(error).partition("\n")[0])
        return None
    return runtime


def _calm_threads() -> None:
    """Say, before PyTorch is imported, how its threads are to wait."""
    # Threads that spin while they wait starve each other when a build or a test runs beside the editor: measured 50 to
    # 500 times slower. Must be set before torch loads OpenMP.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Else numpy, too, starts threads for linear algebra, which nothing here asks of it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
