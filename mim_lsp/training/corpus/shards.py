"""Parquet shards: the columns of `Row`, the same bytes for the same documents."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mim_lsp.training.corpus.row import Row

SHARD_BYTES = 64_000_000  # of text, before compression
ROW_GROUP_ROWS = 1_000
COLUMNS = ("content", "path", "package", "version", "license", "kind")


def write_shards(rows: Sequence[Row], folder: Path, split: str) -> list[Path]:
    """Write `<split>-00000.parquet` and on; only when all are complete do they replace the split's former shards."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = list(_cut(sorted(rows, key=Row.order)))
    unfinished = [folder / f"{split}-{number:05d}.parquet.tmp" for number in range(len(parts))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # threads: most of the time is spent compressing
        list(pool.map(_write, parts, unfinished))
    for stale in folder.glob(f"{split}-*.parquet"):
        stale.unlink()
    return [path.rename(path.with_suffix("")) for path in unfinished]


def read_rows(folder: Path, split: str) -> Iterator[Row]:
    """What `write_shards` wrote."""
    for path in sorted(folder.glob(f"{split}-*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROW_GROUP_ROWS):
                for row in batch.to_pylist():
                    yield Row(**row)


def _cut(rows: Sequence[Row]) -> Iterator[list[Row]]:
    shard: list[Row] = []
    size = 0
    for row in rows:
        shard.append(row)
        size += len(row.content.encode("utf-8"))
        if size >= SHARD_BYTES:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _write(rows: Sequence[Row], path: Path) -> None:
    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    table = pa.table({column: [getattr(row, column) for row in rows] for column in COLUMNS}, schema=schema)
    pq.write_table(table, path, compression="zstd", compression_level=9, row_group_size=ROW_GROUP_ROWS)
