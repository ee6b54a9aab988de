"""How a pass of a fixed shape is run again and again: by its captured CUDA graph, or by calling it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Pass = Callable[[], Tensor]
"""Reads and writes tensors that stay where they are; its result is overwritten when it is called again."""
Capture = Callable[[Pass], Pass]
"""Runs a pass, and returns what runs it from now on."""

WARM_UPS = 2
"""Runs before a capture, in which libraries choose their kernels and allocate their workspaces."""


class DirectCalls:
    """Captures nothing, wherever there are no graphs."""

    def __call__(self, run: Pass) -> Pass:
        """`run` itself."""
        return run


class CudaGraphs:
    """Captures passes. One runs at a time, so all share the memory of their intermediate results."""

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, run: Pass) -> Pass:
        """The graph of `run`, which writes the same each time that it is called on the same inputs."""
        for _ in range(WARM_UPS):
            run()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            result = run()

        def replay() -> Tensor:
            graph.replay()
            return result

        return replay
