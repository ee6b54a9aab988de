"""Telling a person how far a corpus build is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Display


class Progress(Protocol):
    """Called as work goes on: what is being done, and how many of how many steps are."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show this state."""


@contextmanager
def terminal_progress(console: Console | None = None) -> Iterator[Progress]:
    """A progress bar on standard error while the block runs; nothing where that is not a terminal."""
    console = console or Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Display(*columns, console=console, disable=not console.is_terminal) as display:
        task = display.add_task("corpus", total=None)

        def show(stage: str, done: int, total: int) -> None:
            display.update(task, description=stage, completed=done, total=total)

        yield show
