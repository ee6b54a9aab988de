"""How near a decode step comes to what the machine's memory allows."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from mim_lsp.runtime.native import _native
from mim_lsp.runtime.native.runtime import NativeRuntime
from mim_lsp.runtime.protocol import Feed

STEPS = 40
CONTEXT = 255
"""Tokens that both rows hold while they are stepped: with the one that is fed, whole pages of the caches."""
PROBE_BYTES = 256 << 20
"""More than any last-level cache holds."""


@dataclass(frozen=True)
class StepSpeed:
    """What a step for both directions costs, and what it reads."""

    ms: float
    """Median of one step, in milliseconds."""
    bytes: int
    """Of the weights and of both rows' caches, each read once in a step."""
    bandwidth: float
    """Bytes that a streaming read of memory takes in per second, with as many threads."""

    @property
    def share(self) -> float:
        """The step's bytes per second as a share of `bandwidth`; above 1 where the weights stay in the processor."""
        return self.bytes / (self.ms / 1000) / self.bandwidth


def measure_step(runtime: NativeRuntime) -> StepSpeed:
    """Time steps of two new rows, which are closed again."""
    rows = [runtime.open_row(), runtime.open_row()]
    runtime.step([Feed(row, [0] * CONTEXT) for row in rows])
    times = []
    for _ in range(STEPS):
        start = time.perf_counter()
        runtime.step([Feed(row, [0]) for row in rows])
        times.append(time.perf_counter() - start)
        for row in rows:
            runtime.truncate(row, CONTEXT)
    n_bytes = runtime.core.weight_bytes + runtime.core.cache_bytes
    for row in rows:
        runtime.close_row(row)
    bandwidth = _native.read_bandwidth(runtime.core.step_threads, PROBE_BYTES)
    return StepSpeed(statistics.median(times) * 1000, n_bytes, bandwidth)
