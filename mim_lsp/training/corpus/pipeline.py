"""Building a corpus: from a manifest to Parquet shards and a report."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from mim_lsp.training.corpus.decontaminate import read_tasks
from mim_lsp.training.corpus.filters import MAX_BYTES, DropReason
from mim_lsp.training.corpus.licenses import check_license
from mim_lsp.training.corpus.manifest import Manifest, Package, load_manifest
from mim_lsp.training.corpus.progress import Progress, terminal_progress
from mim_lsp.training.corpus.reader import Split
from mim_lsp.training.corpus.report import CorpusReport, PackageReport, Shard
from mim_lsp.training.corpus.selection import Kept, Selector
from mim_lsp.training.corpus.shards import Row, write_shards
from mim_lsp.training.corpus.wheels import (
    SourceFile,
    count_python_files,
    fetch_wheel,
    file_sha256,
    python_files,
    read_metadata,
)


@dataclass(frozen=True, slots=True)
class _Dropped:
    path: str
    reason: DropReason
    size: int


@dataclass(slots=True)
class _Selection:
    """One package's files, kept and dropped."""

    report: PackageReport
    rows: list[Row] = field(default_factory=list)
    dropped: list[_Dropped] = field(default_factory=list)


def build(
    manifest: Path, out: Path, *, cache: Path, decontaminate: Sequence[Path] = (), progress: Progress | None = None
) -> CorpusReport:
    """Build the corpus that a manifest describes in the folder `out`.

    Writes `train-*.parquet` and `heldout-*.parquet` (replacing former ones), `report.json`, `report.md`, and
    `dropped.csv` with every file that was left out and why. The same inputs give the same bytes. Every package is
    fetched and checked before anything is written.

    Args:
        manifest: the manifest, a TOML file.
        out: folder of the corpus, made if it is not there.
        cache: folder in which downloaded wheels stay.
        decontaminate: JSON-lines files of evaluation tasks, plain or gzip.
        progress: told how far the build is; without one, a bar shows it where standard error is a terminal.

    Raises:
        CorpusError: the manifest is malformed, a package cannot be had, is not the pinned file or has a licence
            that is not allowed, or evaluation tasks cannot be read.
    """
    plan = load_manifest(manifest)
    tasks = read_tasks(decontaminate)
    with nullcontext(progress) if progress else terminal_progress() as show:
        wheels = _fetch_all(plan, cache, show)
        selections = _select_all(wheels, Selector(tasks), show)
    shards = [*_write_split(selections, out, "train"), *_write_split(selections, out, "heldout")]
    report = CorpusReport(plan.name, len(tasks), tuple(selection.report for selection in selections), tuple(shards))
    _write_accounts(report, selections, out)
    return report


def _fetch_all(plan: Manifest, cache: Path, progress: Progress) -> list[tuple[Package, Path]]:
    """Every package with its checked wheel, held-out packages first: of two duplicates the held-out one stays."""
    wheels = []
    packages = sorted(plan.packages, key=lambda package: not package.held_out)
    for done, package in enumerate(packages):
        progress(f"fetch {package.name}", done, len(packages))
        wheel = fetch_wheel(package, plan, cache)
        check_license(package.requirement, package.license, read_metadata(wheel, package))
        wheels.append((package, wheel))
    return wheels


def _select_all(wheels: Sequence[tuple[Package, Path]], selector: Selector, progress: Progress) -> list[_Selection]:
    total = sum(count_python_files(wheel) for _, wheel in wheels)
    done = 0
    selections = []
    for package, wheel in wheels:
        selection = _Selection(PackageReport(package))
        for source in python_files(wheel, MAX_BYTES):
            progress(f"select {package.name}", done, total)
            _place(selection, source, selector.examine(package, source))
            done += 1
        selections.append(selection)
    progress("write", done, total)
    return selections


def _place(selection: _Selection, source: SourceFile, verdict: Kept | DropReason) -> None:
    if isinstance(verdict, DropReason):
        selection.report.drop(verdict, source.size)
        selection.dropped.append(_Dropped(source.path, verdict, source.size))
        return
    selection.rows.append(verdict.row)
    selection.report.kept.add(len(verdict.row.content.encode("utf-8")))
    selection.report.masked_addresses += verdict.masked_addresses


def _write_split(selections: Sequence[_Selection], out: Path, split: Split) -> list[Shard]:
    chosen = [each for each in selections if each.report.package.held_out == (split == "heldout")]
    paths = write_shards([row for each in chosen for row in each.rows], out, split)
    return [Shard(path.name, file_sha256(path), path.stat().st_size) for path in paths]


def _write_accounts(report: CorpusReport, selections: Sequence[_Selection], out: Path) -> None:
    (out / "report.json").write_text(report.to_json(), encoding="utf-8")
    (out / "report.md").write_text(report.to_markdown(), encoding="utf-8")
    with (out / "dropped.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["package", "path", "reason", "bytes"])
        for selection in selections:
            name = selection.report.package.name
            writer.writerows([name, each.path, each.reason.value, each.size] for each in selection.dropped)
