"""The card of a tuned model."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from mim_lsp.model.folder import CARD

if TYPE_CHECKING:
    from mim_lsp.training.tune import TuneReport


def write_tune_card(folder: Path, base: Path, report: TuneReport) -> None:
    """Write the card of a model that was tuned from `base`, whose own card follows."""
    assert report.folder is not None
    lines = [
        f"# {report.folder.name}",
        "",
        f"{base.name}, tuned on {report.n_files} files of your own ({report.n_chars / 1e6:.1f} MB).",
        "",
        f"{date.today().isoformat()}, {report.minutes:.1f} minutes, {report.tokens:,} tokens, both directions counted. "
        f"{report.n_heldout_files} files were held out. NLL, nats per token:",
        "",
        "| | before | after |",
        "|---|---|---|",
        f"| held-out files | {report.before.own:.3f} | {report.after.own:.3f} |",
        f"| Python's own library | {report.before.library:.3f} | {report.after.library:.3f} |",
        "",
        f"What follows is the card of {base.name}: its numbers are those of its own weights.",
        "",
    ]
    if (base / CARD).is_file():
        lines += (base / CARD).read_text(encoding="utf-8").splitlines()
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")
