"""The summary as tables for a terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table

from mim_lsp.stats.summary import Summary


def tables(summary: Summary) -> Group:
    """What `mim-lsp stats` prints."""
    return Group(_main(summary), _latency(summary), _silence(summary))


def _main(summary: Summary) -> Table:
    table = Table(title="Suggestions", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    rows = {
        "days": str(summary.days),
        "requests answered": str(summary.answers),
        "with a suggestion": str(summary.offered),
        "shown": str(summary.shown),
        "accepted": str(summary.accepted),
        "accepted in part": str(summary.partly_accepted),
        "acceptance": _percent(summary.acceptance),
        "accepted characters": str(summary.accepted_characters),
        "answered from the cache": _percent(summary.cache_hit_share),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _latency(summary: Summary) -> Table:
    table = Table("from", title="Milliseconds to the answer", title_justify="left")
    for column in ("answers", "p50", "p95"):
        table.add_column(column, justify="right")
    for source, latency in summary.latency.items():
        table.add_row(source, str(latency.answers), f"{latency.p50_ms:.1f}", f"{latency.p95_ms:.1f}")
    return table


def _silence(summary: Summary) -> Table:
    table = Table("reason", title="Why nothing was offered", title_justify="left")
    table.add_column("answers", justify="right")
    for reason, count in summary.silence.items():
        table.add_row(reason, str(count))
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
