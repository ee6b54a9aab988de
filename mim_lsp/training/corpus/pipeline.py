"""Building a corpus: from a manifest to Parquet shards and a report."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mim_lsp.training.corpus.decontaminate import read_tasks
from mim_lsp.training.corpus.filters import MAX_BYTES, DropReason
from mim_lsp.training.corpus.licenses import check_license
from mim_lsp.training.corpus.manifest import Manifest, Package, load_manifest
from mim_lsp.training.corpus.progress import Progress, silent
from mim_lsp.training.corpus.reader import Split
from mim_lsp.training.corpus.report import CorpusReport, PackageReport, Shard
from mim_lsp.training.corpus.selection import Selector
from mim_lsp.training.corpus.shards import Row, write_shards
from mim_lsp.training.corpus.wheels import count_python_files, fetch_wheel, file_sha256, python_files, read_metadata


@dataclass(frozen=True, slots=True)
class _Dropped:
    package: str
    path: str
    reason: DropReason
    size: int


def build(
    manifest: Path, out: Path, *, cache: Path, decontaminate: Sequence[Path] = (), progress: Progress = silent
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
        progress: told how far the build is.

    Raises:
        CorpusError: the manifest is malformed, a package cannot be had, is not the pinned file or has a licence
            that is not allowed, or evaluation tasks cannot be read.
    """
    plan = load_manifest(manifest)
    tasks = read_tasks(decontaminate)
    wheels = _fetch_all(plan, cache, progress)
    total = sum(count_python_files(wheel) for _, wheel in wheels)
    selector = Selector(tasks)
    rows: dict[Split, list[Row]] = {"train": [], "heldout": []}
    reports, dropped = [], list[_Dropped]()
    for package, wheel in wheels:
        report = PackageReport(package)
        _select(selector, report, wheel, rows["heldout" if package.held_out else "train"], dropped)
        reports.append(report)
        progress(f"select {package.name}", sum(_examined(each) for each in reports), total)
    result = CorpusReport(plan.name, len(tasks), tuple(reports), tuple(_write_splits(rows, out)))
    _write_accounts(result, dropped, out)
    return result


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


def _select(selector: Selector, report: PackageReport, wheel: Path, rows: list[Row], dropped: list[_Dropped]) -> None:
    for source in python_files(wheel, MAX_BYTES):
        verdict = selector.examine(report.package, source)
        if isinstance(verdict, DropReason):
            report.drop(verdict, source.size)
            dropped.append(_Dropped(report.package.name, source.path, verdict, source.size))
        else:
            rows.append(verdict.row)
            report.kept.add(len(verdict.row.content.encode("utf-8")))
            report.masked_addresses += verdict.masked_addresses


def _examined(report: PackageReport) -> int:
    return report.kept.files + sum(tally.files for tally in report.dropped.values())


def _write_splits(rows: dict[Split, list[Row]], out: Path) -> list[Shard]:
    paths = [path for split, kept in rows.items() for path in write_shards(kept, out, split)]
    return [Shard(path.name, file_sha256(path), path.stat().st_size) for path in paths]


def _write_accounts(report: CorpusReport, dropped: Iterable[_Dropped], out: Path) -> None:
    (out / "report.json").write_text(report.to_json(), encoding="utf-8")
    (out / "report.md").write_text(report.to_markdown(), encoding="utf-8")
    with (out / "dropped.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["package", "path", "reason", "bytes"])
        writer.writerows([each.package, each.path, each.reason.value, each.size] for each in dropped)
