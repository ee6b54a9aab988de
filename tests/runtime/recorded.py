"""Recorded passes: what CUDA graphs do, on a CPU.

Like a graph, a recording does the same operations on the same memory again, with the Python values of the time when it
was made. And like a graph it can hold nothing that looks at a tensor's values while it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mim_lsp.runtime.torch.graphs import Pass

_LOOKS_AT_VALUES = ("_local_scalar_dense", "nonzero", "equal", "masked_select")


class Recorder(TorchDispatchMode):
    """Notes each operation, its arguments and its results."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func.overloadpacket.__name__ not in _LOOKS_AT_VALUES, f"{func} would not be captured"
        results = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, results))
        return results


class Recordings:
    """Takes the part of `CudaGraphs`; counts what it did."""

    def __init__(self) -> None:
        self.captured = 0
        self.replayed = 0

    def __call__(self, run: Pass) -> Pass:
        run()
        self.captured += 1
        with Recorder() as recorder:
            result = run()

        def replay() -> Tensor:
            self.replayed += 1
            for func, args, kwargs, results in recorder.calls:
                _write_again(results, func(*args, **kwargs))
            return result

        return replay


def _write_again(places: Any, values: Any) -> None:
    """Put the new results where the recorded ones are, unless they are there already."""
    if isinstance(places, Sequence):
        for place, value in zip(places, values, strict=True):
            _write_again(place, value)
    elif isinstance(places, torch.Tensor) and places.data_ptr() != values.data_ptr():
        places.copy_(values)
