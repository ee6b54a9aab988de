"""Reading a corpus back: any folder of Parquet shards that have a `content` column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from mim_lsp.errors import CorpusError

Split = Literal["train", "heldout"]

_OPTIONAL_COLUMNS = ("path", "package", "license")
_BATCH_ROWS = 256


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a corpus; what a corpus does not record is an empty string."""

    content: str
    path: str = ""
    package: str = ""
    license: str = ""


def read_documents(folder: Path, split: Split, *, limit: int | None = None) -> list[Document]:
    """The documents of `<split>-*.parquet` in the order of the shards, at most `limit` of them.

    Raises:
        CorpusError: there are no such shards, or one cannot be read or has no `content` column of text.
    """
    shards = sorted(folder.glob(f"{split}-*.parquet"))
    if not shards:
        raise CorpusError(f"no {split}-*.parquet in {folder}; build it with 'mim-lsp corpus build MANIFEST'")
    documents: list[Document] = []
    for shard in shards:
        for document in _read_shard(shard):
            if limit is not None and len(documents) >= limit:
                return documents
            documents.append(document)
    return documents


def _read_shard(path: Path) -> Iterator[Document]:
    try:
        with pq.ParquetFile(path) as file:
            columns = _columns(path, file.schema_arrow)
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                for row in batch.to_pylist():
                    yield Document(**{name: value or "" for name, value in row.items()})
    except (OSError, pa.ArrowException) as error:
        raise CorpusError(f"cannot read corpus shard {path}: {error}") from error


def _columns(path: Path, schema: pa.Schema) -> list[str]:
    if "content" not in schema.names:
        raise CorpusError(f"corpus shard {path} has no 'content' column")
    columns = ["content", *(name for name in _OPTIONAL_COLUMNS if name in schema.names)]
    for name in columns:
        if not (pa.types.is_string(schema.field(name).type) or pa.types.is_large_string(schema.field(name).type)):
            raise CorpusError(f"corpus shard {path}: column '{name}' is not text")
    return columns
