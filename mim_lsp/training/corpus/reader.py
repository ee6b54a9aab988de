"""Reading a corpus back: any folder of Parquet files that have a `content` column of text, or a packed corpus.

That is what `mim-lsp corpus build` writes, and what others write too: files may lie in folders, have other columns,
and be named as the library `datasets` names them (`train-00000-of-00206.parquet`, `test-...`, `train/0000.parquet`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.packed import find_parts, read_split
from mim_lsp.training.prose import Prose

if TYPE_CHECKING:
    import pyarrow as pa

Split = Literal["train", "heldout"]
SPLITS: tuple[Split, ...] = ("train", "heldout")

_SPLIT_NAMES: dict[Split, tuple[str, ...]] = {
    "train": ("train",),
    "heldout": ("heldout", "test", "validation", "valid"),
}
# Where documents keep what we want to know, the first that is there: our own column, then those of known data sets.
_COLUMNS = {
    "content": ("content",),
    "path": ("path", "file_path", "max_stars_repo_path"),
    "package": ("package", "repo_name", "repository_name", "max_stars_repo_name", "repo"),
    "license": ("license",),
    "kind": ("kind",),
}
_BATCH_ROWS = 256
HELDOUT_ONE_IN = 50
"""Where no file is of a held-out split, one in so many packages (or repositories, or else documents) is held out."""


def how_to_build(corpus: Path) -> str:
    """The command that makes the corpus which is missing in that folder: the manifest has the folder's name."""
    return f"Build it with: mim-lsp corpus build corpora/{corpus.name}.toml --out {corpus}"


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a corpus; what a corpus does not record is an empty string."""

    content: str
    path: str = ""
    package: str = ""
    license: str = ""

    @property
    def kind(self) -> str:
        """`code`, or `text`: natural language, whose content is a `Prose`."""
        return "text" if isinstance(self.content, Prose) else "code"


def read_documents(folder: Path, split: Split, *, limit: int | None = None, prose: bool = False) -> list[Document]:
    """The split's documents in the order of the files, at most `limit` of them.

    Raises:
        CorpusError: there are no such files, or one cannot be read or has no `content` column of text.
    """
    documents: list[Document] = []
    for document in iterate_documents(folder, split, prose=prose):
        if limit is not None and len(documents) >= limit:
            break
        documents.append(document)
    return documents


def iterate_documents(folder: Path, split: Split, *, prose: bool = False) -> Iterator[Document]:
    """The same documents one after the other, for corpora that do not fit into memory.

    Natural language, whose content is then a `Prose`, is among them only with `prose`.

    Raises:
        CorpusError: as `read_documents`.
    """
    for document in _packed(folder, split) if find_parts(folder) else _unpacked(folder, split):
        if prose or not isinstance(document.content, Prose):
            yield document


def _packed(corpus: Path, split: Split) -> Iterator[Document]:
    for row in read_split(corpus, split):
        yield Document(_text(row.content, row.kind), row.path, row.package, row.license)


def _unpacked(folder: Path, split: Split) -> Iterator[Document]:
    paths, is_divided = _files(folder, split)
    for path in paths:
        for document in _read_file(path):
            if not is_divided or _is_held_out(document) == (split == "heldout"):
                yield document


def _text(content: str, kind: str | None) -> str:
    return Prose(content) if kind == "text" else content


def _files(folder: Path, split: Split) -> tuple[list[Path], bool]:
    """The files with the split's documents, and whether the other split's are among them."""
    names = sorted(path.relative_to(folder) for path in folder.rglob("*.parquet"))
    names = [name for name in names if not any(part.startswith(".") for part in name.parts)]
    by_split = {each: [name for name in names if _is_of(name, each)] for each in _SPLIT_NAMES}
    named = [name for found in by_split.values() for name in found]
    train = by_split["train"] or [name for name in names if name not in named]
    if not (train if split == "train" or not by_split["heldout"] else by_split["heldout"]):
        raise CorpusError(f"no {split}-*.parquet in {folder}. {how_to_build(folder)}")
    chosen = train if split == "train" else by_split["heldout"] or train
    return [folder / name for name in chosen], not by_split["heldout"]


def _is_of(name: Path, split: Split) -> bool:
    """Whether a file is of a split by its name, or by that of a folder that it is in."""
    parts = [*name.parts[:-1], name.name.partition("-")[0].partition(".")[0]]
    return any(part in _SPLIT_NAMES[split] for part in parts)


def _is_held_out(document: Document) -> bool:
    digest = hashlib.sha256((document.package or document.content).encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "little") % HELDOUT_ONE_IN == 0


def _read_file(path: Path) -> Iterator[Document]:
    import pyarrow as pa  # here: a packed corpus is read where there is none
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            columns = _columns(path, file.schema_arrow)
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=[*columns.values()]):
                for row in batch.to_pylist():
                    values = {name: row[column] for name, column in columns.items()}
                    text = _text(values.pop("content") or "", values.pop("kind", None))
                    yield Document(text, **{name: value for name, value in values.items() if value})
    except (OSError, pa.ArrowException) as error:
        raise CorpusError(f"cannot read corpus shard {path}: {error}") from error


def _columns(path: Path, schema: pa.Schema) -> dict[str, str]:
    """The column of each field of a document that the file has."""
    if "content" not in schema.names:
        raise CorpusError(f"corpus shard {path} has no 'content' column")
    if not _is_text(schema.field("content").type):
        raise CorpusError(f"corpus shard {path}: column 'content' is not text")
    texts = {name for name in schema.names if _is_text(schema.field(name).type)}
    found = {field: next((name for name in names if name in texts), "") for field, names in _COLUMNS.items()}
    return {field: column for field, column in found.items() if column}


def _is_text(type_: pa.DataType) -> bool:
    import pyarrow as pa

    plain = type_.value_type if pa.types.is_dictionary(type_) else type_
    return plain in (pa.string(), pa.large_string(), pa.string_view())
