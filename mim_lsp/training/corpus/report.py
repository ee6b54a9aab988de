"""What a corpus build kept and dropped, as numbers (`report.json`) and for people (`report.md`).

Neither holds a date or a path of the machine: building again gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mim_lsp.training.corpus.examine import Kind
from mim_lsp.training.corpus.filters import DropReason
from mim_lsp.training.corpus.manifest import Package
from mim_lsp.training.corpus.reader import Split


@dataclass(slots=True)
class Tally:
    """A number of files and their bytes: as written for kept files, as found in the archive for dropped ones."""

    files: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """Count one file of `size` bytes."""
        self.files += 1
        self.bytes += size


@dataclass(slots=True)
class PackageReport:
    """What became of one package's files."""

    package: Package
    kept: Tally = field(default_factory=Tally)
    kept_prose: Tally = field(default_factory=Tally)
    """Those of them that are natural language."""
    dropped: dict[DropReason, Tally] = field(default_factory=dict)
    masked_addresses: int = 0

    def keep(self, kind: Kind, size: int) -> None:
        """Count one kept file of `size` bytes."""
        self.kept.add(size)
        if kind == "text":
            self.kept_prose.add(size)

    def drop(self, reason: DropReason, size: int) -> None:
        """Count one dropped file of `size` bytes."""
        self.dropped.setdefault(reason, Tally()).add(size)


@dataclass(frozen=True, slots=True)
class Shard:
    """One written Parquet file."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """The whole account of one build."""

    name: str
    evaluation_tasks: int
    packages: tuple[PackageReport, ...]
    shards: tuple[Shard, ...]

    def kept(self, split: Split) -> Tally:
        """Files and bytes of one split."""
        return _sum(report.kept for report in self._of(split))

    def kept_prose(self, split: Split) -> Tally:
        """Those of one split's files that are natural language."""
        return _sum(report.kept_prose for report in self._of(split))

    def dropped(self) -> dict[DropReason, Tally]:
        """Files and bytes by reason, in the order in which the rules are listed."""
        totals = {
            reason: _sum(report.dropped[reason] for report in self.packages if reason in report.dropped)
            for reason in DropReason
        }
        return {reason: tally for reason, tally in totals.items() if tally.files}

    def licenses(self) -> dict[str, Tally]:
        """Kept files and bytes by licence."""
        names = sorted({report.package.license for report in self.packages})
        return {name: _sum(report.kept for report in self.packages if report.package.license == name) for name in names}

    def _of(self, split: Split) -> list[PackageReport]:
        return [report for report in self.packages if report.package.held_out == (split == "heldout")]

    def to_json(self) -> str:
        """The report as one JSON object."""
        fields: dict[str, Any] = {
            "name": self.name,
            "evaluation_tasks": self.evaluation_tasks,
            "kept": {"train": _tally_fields(self.kept("train")), "heldout": _tally_fields(self.kept("heldout"))},
            "kept_prose": {
                "train": _tally_fields(self.kept_prose("train")),
                "heldout": _tally_fields(self.kept_prose("heldout")),
            },
            "dropped": {reason.value: _tally_fields(tally) for reason, tally in self.dropped().items()},
            "licenses": {name: _tally_fields(tally) for name, tally in self.licenses().items()},
            "packages": [_package_fields(report) for report in self.packages],
            "shards": [{"name": s.name, "sha256": s.sha256, "bytes": s.bytes} for s in self.shards],
        }
        return json.dumps(fields, indent=2) + "\n"

    def to_markdown(self) -> str:
        """The report as Markdown tables."""
        return (
            "\n\n".join(
                [
                    f"# Corpus {self.name}",
                    self.summary(),
                    "## Dropped files, by reason",
                    _table(["reason", "files", "MB"], [[r.value, *_cells(t)] for r, t in self.dropped().items()]),
                    "## Kept files, by package",
                    _table(_PACKAGE_HEAD, [_package_cells(report) for report in self.packages]),
                    "## Kept files, by licence",
                    _table(["licence", "files", "MB"], [[name, *_cells(t)] for name, t in self.licenses().items()]),
                    "## Shards",
                    _table(["file", "sha256"], [[shard.name, shard.sha256] for shard in self.shards]),
                ]
            )
            + "\n"
        )

    def summary(self) -> str:
        """What was kept, in a few sentences on one line."""
        train, heldout = self.kept("train"), self.kept("heldout")
        masked = sum(report.masked_addresses for report in self.packages)
        return (
            f"Kept for training: {train.files:,} files, {train.bytes / 1e6:.1f} MB{self._prose('train')}. "
            f"Held out by package: {heldout.files:,} files, {heldout.bytes / 1e6:.1f} MB{self._prose('heldout')}. "
            f"Decontaminated against {self.evaluation_tasks:,} evaluation tasks. E-mail addresses masked: {masked:,}."
        )

    def _prose(self, split: Split) -> str:
        prose = self.kept_prose(split)
        return f", {prose.files:,} files and {prose.bytes / 1e6:.1f} MB of them natural language" if prose.files else ""


_PACKAGE_HEAD = [
    "package",
    "version",
    "licence",
    "split",
    "kept files",
    "kept MB",
    "prose files",
    "prose MB",
    "dropped files",
    "dropped MB",
]


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.files += tally.files
        total.bytes += tally.bytes
    return total


def _tally_fields(tally: Tally) -> dict[str, int]:
    return {"files": tally.files, "bytes": tally.bytes}


def _package_fields(report: PackageReport) -> dict[str, Any]:
    package = report.package
    return {
        "name": package.name,
        "version": package.version,
        "license": package.license,
        "wheel" if package.is_wheel else "sdist": package.archive,
        "sha256": package.sha256,
        "held_out": package.held_out,
        "kept": _tally_fields(report.kept),
        "kept_prose": _tally_fields(report.kept_prose),
        "dropped": {r.value: _tally_fields(report.dropped[r]) for r in DropReason if r in report.dropped},
        "masked_addresses": report.masked_addresses,
    }


def _package_cells(report: PackageReport) -> list[str]:
    package = report.package
    split = "held out" if package.held_out else "train"
    dropped = _sum(report.dropped.values())
    kept = [*_cells(report.kept), *_cells(report.kept_prose)]
    return [package.name, package.version, package.license, split, *kept, *_cells(dropped)]


def _cells(tally: Tally) -> list[str]:
    return [f"{tally.files:,}", f"{tally.bytes / 1e6:.2f}"]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
