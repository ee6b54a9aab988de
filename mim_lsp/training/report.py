"""What a person sees of a run: a bar in a terminal, else a line now and then, as fits the log of a detached run."""

from __future__ import annotations

import math
import sys
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TextColumn

from mim_lsp.training.budget import Every
from mim_lsp.training.log import Entry, say

LINE_SECONDS = 30


class Reporter:
    """Shows how far a run is, in one process of it."""

    def __init__(self, *, visible: bool, line_seconds: float = LINE_SECONDS) -> None:
        self._lines = visible and not sys.stdout.isatty()
        self._is_time = Every(line_seconds)
        columns = (TextColumn("{task.percentage:5.1f} %"), BarColumn(), TextColumn("{task.fields[note]}"))
        self._bar = Progress(*columns, refresh_per_second=1, disable=self._lines or not visible)
        self._task = self._bar.add_task("training", total=1.0, note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, share: float, entry: Entry, seconds_left: float) -> None:
        """Show an entry of the log; `share` of the budget is gone."""
        note = _note(entry, seconds_left)
        self._bar.update(self._task, completed=share, note=note)
        if self._lines and self._is_time():
            say(f"{100 * share:5.1f} %  {note}")


def _note(entry: Entry, seconds_left: float) -> str:
    m, pace = entry.metrics, entry.pace
    mfu = "" if math.isnan(pace.mfu) else f"  MFU {100 * pace.mfu:.0f} %"
    return (
        f"step {entry.step}  NLL {m.nll_forward:.3f} -> {m.nll_backward:.3f} <-  TV {m.tv_middle:.2f}"
        f"  {pace.tokens_per_second:,.0f} tok/s{mfu}  {_duration(seconds_left)} left"
    )


def _duration(seconds: float) -> str:
    if math.isnan(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
