"""What was examined, kept on disk per package until the corpus is whole, so that a killed build goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mim_lsp.training.corpus.decontaminate import Task
from mim_lsp.training.corpus.examine import Examined
from mim_lsp.training.corpus.filters import DropReason
from mim_lsp.training.corpus.manifest import Manifest, Package

_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("kind", pa.string()),
        ("size", pa.int64()),
        ("reason", pa.string()),
        ("content", pa.string()),
        ("masked_addresses", pa.int64()),
        ("digest", pa.binary()),
        ("signature", pa.binary()),
        ("is_contaminated", pa.bool_()),
    ]
)
_ROWS = 500
_RULES = ("archives", "decontaminate", "dedup", "examine", "filters", "prose", "secrets", "words")


class Stage:
    """The folder of what was examined by one manifest's settings, evaluation tasks and rules."""

    def __init__(self, folder: Path, plan: Manifest, tasks: Sequence[Task]) -> None:
        self.folder = folder
        self._circumstances = json.dumps(
            [plan.prose, plan.docstring_share, [asdict(task) for task in tasks], _rules(), version("datasketch")]
        )

    def path_of(self, package: Package) -> Path:
        """The file of one package: another one if anything changed on which its content depends."""
        key = json.dumps([self._circumstances, package.archive, package.sha256, package.exclude])
        return self.folder / f"{package.name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.parquet"


def write_examined(files: Iterable[Examined], path: Path) -> None:
    """Write a package's file, all at once as far as others see."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    with pq.ParquetWriter(unfinished, _SCHEMA, compression="zstd", compression_level=1) as writer:
        rows: list[dict[str, Any]] = []
        for file in files:
            rows.append({field.name: getattr(file, field.name) for field in fields(file)})
            if len(rows) == _ROWS:
                writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))
                rows.clear()
        writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))
    unfinished.rename(path)


def read_examined(path: Path) -> Iterator[Examined]:
    """Read it back."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS):
            for row in batch.to_pylist():
                yield Examined(**{**row, "reason": DropReason(row["reason"]) if row["reason"] else None})


def _rules() -> str:
    """A digest of the programs that decide what `Examined` holds."""
    digest = hashlib.sha256()
    for name in _RULES:
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()
