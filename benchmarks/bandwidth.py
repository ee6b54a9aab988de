"""How fast this machine's memory can be read, which no decode step over weights in memory can beat."""

from __future__ import annotations

import time

GIGABYTE = 1e9
_BYTES = 256 << 20
"""Far more than any cache holds."""


class MemoryProbe:
    """The native core's streaming read, on a number of threads."""

    def __init__(self, threads: int) -> None:
        from mim_lsp.runtime.native import _native  # not everywhere; the probe then takes no part

        self._threads, self._read_bandwidth = threads, _native.read_bandwidth

    def burst(self, seconds: float) -> list[float]:
        """Milliseconds that a gigabyte takes, measured again and again for about `seconds`."""
        times: list[float] = []
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            times.append(1000 * GIGABYTE / self._read_bandwidth(self._threads, _BYTES))
        return times
