"""How many threads are worth it on this machine.

Reading many tokens at once is bound by arithmetic, and every core helps. A decode step is bound by memory, and so short
that handing work over may cost more than it saves: how many threads it is worth is found out by trying.
"""

from __future__ import annotations

import os
import time
from math import ceil
from pathlib import Path

from mim_lsp.runtime.native._native import Model

MOST = 8
"""Beyond this, little is gained: a few cores saturate the memory."""
STEPS = 3
"""Timed steps for each number of threads; the best one counts, since other programs only ever slow one down."""
WORTH_IT = 0.9
"""A thread more must bring a step down to this share of its time."""


def most_threads() -> int:
    """The cores that this process may use, at most `MOST`."""
    return min(MOST, available_cores())


def choose_step_threads(model: Model) -> int:
    """Set how many of the model's threads take part in decode steps: as many as decode fastest; returns it.

    Measured in steps for both directions, on rows that are closed again.
    """
    best, best_time = 1, _step_seconds(model, 1)
    for threads in range(2, model.threads + 1):
        seconds = _step_seconds(model, threads)
        if seconds > WORTH_IT * best_time:
            break
        best, best_time = threads, seconds
    model.set_step_threads(best)
    return best


def available_cores() -> int:
    """Cores that this process may run on, or whose time it may use: a container may be given a share of all."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _quota(Path("/sys/fs/cgroup")) or cores)


def _quota(control_groups: Path) -> int | None:
    """The limit of this process's control group, in cores, rounded up; None if there is none. Linux only."""
    try:
        quota, period = (control_groups / "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else max(1, ceil(int(quota) / int(period)))


def _step_seconds(model: Model, threads: int) -> float:
    """The best of a few steps that feed one token to each of two rows."""
    model.set_step_threads(threads)
    rows = [model.open_row(), model.open_row()]
    model.step(rows, [0, 0], [1, 1], [1, 1])  # brings the threads and the working memory up
    times = []
    for _ in range(STEPS):
        start = time.perf_counter()
        model.step(rows, [0, 0], [1, 1], [1, 1])
        times.append(time.perf_counter() - start)
    for row in rows:
        model.close_row(row)
    return min(times)
