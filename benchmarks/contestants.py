"""Who is compared: each opens the same random model, in its own format, as a `Runtime`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.llama_cpp import DEFAULT_BUILD, LlamaCppRuntime
from benchmarks.shapes import Format
from mim_lsp.engine.caches import PREFILL_CHUNK
from mim_lsp.model.folder import WEIGHTS, read_config
from mim_lsp.runtime.choice import RuntimeName, RuntimeOptions, has_torch, native_problem, open_runtime
from mim_lsp.runtime.protocol import Runtime

WHOLE_BATCH = 512
"""llama.cpp reads a prompt in batches of so many tokens unless told otherwise; onnxruntime in one pass."""

INT8_ROWS = Format(bits=8, group=None, scale_bytes=4, cache_bytes=2)
INT4_GROUPS = Format(bits=4, group=64, scale_bytes=2, cache_bytes=2, of_int8_kinds=INT8_ROWS)
Q8_0 = Format(bits=8, group=32, scale_bytes=2, cache_bytes=2)
Q4_0_THROUGHOUT = Format(bits=4, group=32, scale_bytes=2, cache_bytes=2)
Q4_0 = replace(Q4_0_THROUGHOUT, of_int8_kinds=Q8_0)
ONNX_8 = Format(bits=8, group=32, scale_bytes=4, cache_bytes=4)
ONNX_4 = replace(ONNX_8, bits=4, of_int8_kinds=ONNX_8)
FLOAT32 = Format(bits=32, group=None, scale_bytes=0, cache_bytes=4)


@dataclass(frozen=True)
class Contestant:
    """A runtime with weights in one format."""

    name: str
    kept: Format
    open: Callable[[Path, int], Runtime]
    """Opens a model (the path of its files without `-FORMAT`) on a number of threads."""
    problem: Callable[[], str | None]
    """Why it cannot take part here; None if it can."""
    chunk: int
    """Tokens of a prompt that it reads in one pass."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables that its process starts with."""


def _ours(kind: str, runtime: RuntimeName) -> Callable[[Path, int], Runtime]:
    def open_ours(model: Path, threads: int) -> Runtime:
        folder = model.with_name(f"{model.name}-{kind}")
        return open_runtime(read_config(folder), folder / WEIGHTS, RuntimeOptions("cpu", threads, runtime))

    return open_ours


def _llama_cpp(kind: str) -> Callable[[Path, int], Runtime]:
    return lambda model, threads: LlamaCppRuntime(model.with_name(f"{model.name}-{kind}.gguf"), threads)


def _onnx_runtime(kind: str) -> Callable[[Path, int], Runtime]:
    def open_onnx_runtime(model: Path, threads: int) -> Runtime:
        from benchmarks.onnx_runtime import OnnxRuntime  # its packages are not everywhere

        return OnnxRuntime(model.with_name(f"{model.name}-{kind}"), threads)

    return open_onnx_runtime


def _torch_problem() -> str | None:
    return None if has_torch() else "PyTorch is not installed"


def _llama_cpp_problem() -> str | None:
    return None if (DEFAULT_BUILD / "build/VERSION").exists() else "build it with benchmarks/build_llama_cpp.sh"


def _onnxruntime_problem() -> str | None:
    missing = [name for name in ("onnx", "onnxruntime") if importlib.util.find_spec(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else None


NATIVE_INT4, NATIVE_INT8 = "native int4", "native int8"
TORCH = "torch float32"
ONNX_INT4, ONNX_INT8 = "onnxruntime int4", "onnxruntime int8"
LLAMA_Q4, LLAMA_Q8 = "llama.cpp q4_0", "llama.cpp q8_0"
LLAMA_Q4_THROUGHOUT = "llama.cpp q4_0 throughout"

CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        Contestant(NATIVE_INT4, INT4_GROUPS, _ours("int4", "native"), native_problem, PREFILL_CHUNK),
        Contestant(NATIVE_INT8, INT8_ROWS, _ours("int8", "native"), native_problem, PREFILL_CHUNK),
        Contestant(LLAMA_Q4, Q4_0, _llama_cpp("q4_0"), _llama_cpp_problem, WHOLE_BATCH),
        Contestant(
            LLAMA_Q4_THROUGHOUT, Q4_0_THROUGHOUT, _llama_cpp("q4_0-throughout"), _llama_cpp_problem, WHOLE_BATCH
        ),
        Contestant(LLAMA_Q8, Q8_0, _llama_cpp("q8_0"), _llama_cpp_problem, WHOLE_BATCH),
        Contestant(ONNX_INT4, ONNX_4, _onnx_runtime("int4"), _onnxruntime_problem, WHOLE_BATCH),
        Contestant(ONNX_INT8, ONNX_8, _onnx_runtime("int8"), _onnxruntime_problem, WHOLE_BATCH),
        Contestant(TORCH, FLOAT32, _ours("int8", "torch"), _torch_problem, PREFILL_CHUNK),
    )
}
