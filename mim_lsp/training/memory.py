"""How the C library keeps memory, which decides much of the speed of training on a CPU."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import psutil

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
_NEVER = -1

SCARCE = 0.25
"""Share of the machine's memory; with less at hand, freed memory is given back."""


def keep_freed_memory() -> None:
    """Let glibc keep what is freed instead of giving it back to the system after every large tensor.

    Otherwise each step faults in and zeroes gigabytes of fresh pages: measured 40,000 faults a second, and training a
    third faster without them. Does nothing where the C library is another.
    """
    mallopt = _of_c_library("mallopt")
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _NEVER)
        mallopt(_M_ARENA_MAX, 1)


def give_back_freed_memory() -> None:
    """Let the system have what is free at the moment, where it has little else; for every few minutes.

    Batches differ in their shapes, so that what is kept falls to pieces: measured, a process grew from 4.6 to 7.5 GB in
    35 minutes. Not while there is enough, since getting it again is dear: 30 us a page on a virtual machine that hands
    unused memory back to its host, ten seconds for each trim (docs/experiments.md). Does nothing where the C library is
    another.
    """
    trim = _of_c_library("malloc_trim")
    if trim is not None and _is_scarce():
        trim(0)


def _is_scarce() -> bool:
    """Whether little of the machine's memory can be had."""
    memory = psutil.virtual_memory()
    return bool(memory.available < SCARCE * memory.total)


def _of_c_library(name: str) -> Any:
    """A function of glibc; None where there is none."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None
