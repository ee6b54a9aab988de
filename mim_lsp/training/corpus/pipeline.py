"""Building a corpus: from a manifest to Parquet shards and a report."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from mim_lsp.training.corpus.archives import read_metadata
from mim_lsp.training.corpus.decontaminate import Task, read_tasks
from mim_lsp.training.corpus.examine import Examined, Examiner
from mim_lsp.training.corpus.fetch import fetch_archive, file_sha256
from mim_lsp.training.corpus.filters import DropReason
from mim_lsp.training.corpus.licenses import check_license
from mim_lsp.training.corpus.manifest import Manifest, Package, load_manifest
from mim_lsp.training.corpus.progress import Progress, terminal_progress
from mim_lsp.training.corpus.reader import Split
from mim_lsp.training.corpus.report import CorpusReport, PackageReport, Shard
from mim_lsp.training.corpus.row import Row
from mim_lsp.training.corpus.selection import Selector
from mim_lsp.training.corpus.shards import write_shards
from mim_lsp.training.corpus.stage import Stage, read_examined, write_examined
from mim_lsp.training.processes import each

STAGE = ".examined"
"""Folder inside the corpus's that is there while it is built."""
_DOWNLOADS = 4  # at a time


@dataclass(slots=True)
class _Selection:
    """One package's files, kept and dropped."""

    report: PackageReport
    rows: list[Row] = field(default_factory=list)
    dropped: list[tuple[Examined, DropReason]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Job:
    """A package to be examined."""

    package: Package
    archive: Path
    result: Path


def build(
    manifest: Path,
    out: Path,
    *,
    cache: Path,
    decontaminate: Sequence[Path] = (),
    processes: int | None = None,
    progress: Progress | None = None,
) -> CorpusReport:
    """Build the corpus that a manifest describes in the folder `out`.

    Writes `train-*.parquet` and `heldout-*.parquet` (replacing former ones), `report.json`, `report.md`, and
    `dropped.csv` with every file that was left out and why. The same inputs give the same bytes, however many
    processes there are. Every package is fetched and checked before anything is written. A build that was stopped goes
    on: packages that it had examined are not examined again.

    Args:
        manifest: the manifest, a TOML file.
        out: folder of the corpus, made if it is not there.
        cache: folder in which downloaded archives stay.
        decontaminate: JSON-lines files of evaluation tasks, plain or gzip.
        processes: how many work at a time; one for each core if None.
        progress: told how far the build is; without one, a bar shows it where standard error is a terminal.

    Raises:
        CorpusError: the manifest is malformed, a package cannot be had, is not the pinned file or has a licence
            that is not allowed, or evaluation tasks cannot be read.
    """
    plan = load_manifest(manifest)
    tasks = read_tasks(decontaminate)
    stage = Stage(out / STAGE, plan, tasks)
    with nullcontext(progress) if progress else terminal_progress() as show:
        jobs = [_Job(package, path, stage.path_of(package)) for package, path in _fetch_all(plan, cache, show)]
        _examine_all(jobs, plan, tasks, processes, show)
        selections = _select_all(jobs, show)
        show("write", len(jobs), len(jobs))
        shards = [*_write_split(selections, out, "train"), *_write_split(selections, out, "heldout")]
    report = CorpusReport(plan.name, len(tasks), tuple(selection.report for selection in selections), tuple(shards))
    _write_accounts(report, selections, out)
    shutil.rmtree(stage.folder)
    return report


def _fetch_all(plan: Manifest, cache: Path, progress: Progress) -> list[tuple[Package, Path]]:
    """Every package with its checked archive, held-out packages first: of two duplicates the held-out one stays."""
    packages = sorted(plan.packages, key=lambda package: not package.held_out)
    archives = []
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        fetched = pool.map(partial(_fetch, cache=cache), packages)
        for done, package in enumerate(packages):
            progress(f"fetch {package.name}", done, len(packages))
            archives.append((package, next(fetched)))
    return archives


def _fetch(package: Package, cache: Path) -> Path:
    archive = fetch_archive(package, cache)
    check_license(package.requirement, package.license, read_metadata(archive, package))
    return archive


def _examine_all(
    jobs: Sequence[_Job], plan: Manifest, tasks: Sequence[Task], processes: int | None, progress: Progress
) -> None:
    # The largest first, so that none is left to one process in the end.
    todo = sorted((job for job in jobs if not job.result.exists()), key=lambda job: -job.archive.stat().st_size)
    finished = len(jobs) - len(todo)
    progress("examine", finished, len(jobs))
    set_up = partial(Examiner, tasks, prose=plan.prose, docstring_share=plan.docstring_share)
    for done, job in enumerate(each(todo, set_up, _examine, processes), start=finished + 1):
        progress(f"examine {job.package.name}", done, len(jobs))


def _examine(examiner: Examiner, job: _Job) -> None:
    write_examined(examiner.examine(job.package, job.archive), job.result)


def _select_all(jobs: Sequence[_Job], progress: Progress) -> list[_Selection]:
    selector = Selector()
    selections = []
    for done, job in enumerate(jobs):
        progress(f"select {job.package.name}", done, len(jobs))
        selection = _Selection(PackageReport(job.package))
        for file in read_examined(job.result):
            _place(selection, file, selector.reason(job.package.name, file))
        selections.append(selection)
    return selections


def _place(selection: _Selection, file: Examined, reason: DropReason | None) -> None:
    report = selection.report
    if reason is not None:
        report.drop(reason, file.size)
        selection.dropped.append((replace(file, content=""), reason))
        return
    package = report.package
    selection.rows.append(Row(file.content, file.path, package.name, package.version, package.license, file.kind))
    report.keep(file.kind, len(file.content.encode("utf-8")))
    report.masked_addresses += file.masked_addresses


def _write_split(selections: Sequence[_Selection], out: Path, split: Split) -> list[Shard]:
    chosen = [selection for selection in selections if selection.report.package.held_out == (split == "heldout")]
    paths = write_shards([row for selection in chosen for row in selection.rows], out, split)
    return [Shard(path.name, file_sha256(path), path.stat().st_size) for path in paths]


def _write_accounts(report: CorpusReport, selections: Sequence[_Selection], out: Path) -> None:
    (out / "report.json").write_text(report.to_json(), encoding="utf-8")
    (out / "report.md").write_text(report.to_markdown(), encoding="utf-8")
    with (out / "dropped.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["package", "path", "kind", "reason", "bytes"])
        for selection in selections:
            name = selection.report.package.name
            writer.writerows(
                [name, file.path, file.kind, reason.value, file.size] for file, reason in selection.dropped
            )
