"""Reading a packed corpus: `FILE.000`, `FILE.001` and on, which together are one xz file of JSON lines.

First comes what the corpus is, then the report's files, then the documents, those of a package side by side. Nothing
but Python is needed, and `cat FILE.* | xz -d` shows it.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.row import Row

FORMAT = "mim-lsp corpus 1"
_READ_BYTES = 1 << 20


def find_parts(out: Path) -> list[Path]:
    """The parts of a packed corpus, in their order."""
    return sorted(out.parent.glob(f"{out.name}.[0-9][0-9][0-9]"))


def read_packed(packed: Path) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """What a packed corpus is, and its other records.

    Raises:
        CorpusError: the parts are missing or damaged, or something else; damage is found while records are read.
    """
    parts = find_parts(packed)
    if not parts:
        raise CorpusError(f"there is no {packed}.000")
    records = _records(packed, parts)
    head = next(records, {})
    if head.get("format") != FORMAT:
        raise CorpusError(f"{packed} is no packed corpus of this version")
    return head, records


def read_split(packed: Path, split: str) -> list[Row]:
    """One split's rows of a packed corpus, in the order in which its folder has them.

    Raises:
        CorpusError: as `read_packed`, or documents are missing.
    """
    head, records = read_packed(packed)
    rows = []
    n_documents = 0
    for record in records:
        n_documents += "split" in record
        if record.pop("split", None) == split:
            rows.append(Row(**record))
    if n_documents != head["documents"]:
        raise CorpusError(f"{packed} is not whole: it lacks its last parts")
    return sorted(rows, key=Row.order)


def _records(packed: Path, parts: Iterable[Path]) -> Iterator[dict[str, Any]]:
    rest = b""
    try:
        for data in _decompressed(parts):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield json.loads(line)
    except (OSError, lzma.LZMAError, EOFError, ValueError) as error:
        raise CorpusError(f"{packed} is damaged: {error}") from error


def _decompressed(parts: Iterable[Path]) -> Iterator[bytes]:
    decompressor = lzma.LZMADecompressor()
    for part in parts:
        with part.open("rb") as file:
            while data := file.read(_READ_BYTES):
                while data:
                    if decompressor.eof:  # the next block
                        decompressor = lzma.LZMADecompressor()
                    yield decompressor.decompress(data)
                    data = decompressor.unused_data
