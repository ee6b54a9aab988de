"""The progress bar."""

from __future__ import annotations

import io

from rich.console import Console

from mim_lsp.evaluation.progress import progress_bar


def test_counts_the_steps_on_a_terminal() -> None:
    screen = io.StringIO()
    with progress_bar("tasks", 3, Console(file=screen, force_terminal=True, width=100)) as advance:
        advance()
        advance()
    assert "tasks" in screen.getvalue()
    assert "2/3" in screen.getvalue()


def test_writes_nothing_elsewhere() -> None:
    screen = io.StringIO()
    with progress_bar("tasks", 1, Console(file=screen)) as advance:
        advance()
    assert screen.getvalue() == ""
