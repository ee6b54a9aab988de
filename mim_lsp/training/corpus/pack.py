"""A corpus in one compressed file, in parts that are small enough to move, from which its folder is made again.

How it looks inside is told in `packed`.
"""

from __future__ import annotations

import json
import lzma
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mim_lsp.errors import CorpusError, SettingsError
from mim_lsp.training.corpus.fetch import file_sha256
from mim_lsp.training.corpus.packed import FORMAT, find_parts, read_packed
from mim_lsp.training.corpus.progress import Progress
from mim_lsp.training.corpus.reader import SPLITS, Split
from mim_lsp.training.corpus.row import Row
from mim_lsp.training.corpus.shards import read_rows, write_shards

PART_BYTES = 60_000_000
_BLOCK_CHARS = 32_000_000  # compressed by themselves, so that all cores work
_ACCOUNTS = ("report.json", "report.md", "dropped.csv")


def pack(corpus: Path, out: Path, *, part_bytes: int = PART_BYTES, preset: int = 6, progress: Progress) -> list[Path]:
    """Write a built corpus to `OUT.000`, `OUT.001` and on, of at most `part_bytes` bytes each.

    Raises:
        SettingsError: there are such files.
        CorpusError: the folder holds no built corpus.
    """
    parts = _Parts(out, part_bytes)
    lines = _lines(corpus)
    name = json.loads(lines[0])["name"]
    blocks = list(_blocks(lines))
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # threads: compressing lets others run
        for done, data in enumerate(_compressed(blocks, preset, pool)):
            progress(f"pack {name}", done, len(blocks))
            parts.write(data)
    parts.close()
    return parts.paths


def _lines(corpus: Path) -> list[str]:
    try:
        report = json.loads((corpus / "report.json").read_text(encoding="utf-8"))
        accounts = {name: (corpus / name).read_text(encoding="utf-8") for name in _ACCOUNTS}
    except (OSError, ValueError) as error:
        raise CorpusError(f"{corpus} is not what 'mim-lsp corpus build' wrote: {error}") from error
    rows: list[tuple[Split, Row]] = [(split, row) for split in SPLITS for row in read_rows(corpus, split)]
    rows.sort(key=lambda each: (each[0], each[1].package, each[1].kind, each[1].path))
    head: dict[str, Any] = {"format": FORMAT, "name": report["name"], "documents": len(rows)}
    return [
        json.dumps(head),
        *(json.dumps({"file": name, "text": text}) for name, text in accounts.items()),
        *(json.dumps({"split": split, **asdict(row)}) for split, row in rows),
    ]


def _blocks(lines: Iterable[str]) -> Iterator[bytes]:
    block: list[str] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line)
        if size >= _BLOCK_CHARS:
            yield ("\n".join(block) + "\n").encode("ascii")
            block, size = [], 0
    if block:
        yield ("\n".join(block) + "\n").encode("ascii")


def _compressed(blocks: Iterable[bytes], preset: int, pool: ThreadPoolExecutor) -> Iterator[bytes]:
    """Each block compressed, in their order; only so many at a time as there are cores."""
    under_way: deque[Future[bytes]] = deque()
    for block in blocks:
        under_way.append(pool.submit(lzma.compress, block, preset=preset))
        if len(under_way) > (os.cpu_count() or 1):
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


class _Parts:
    """One stream of bytes over several files."""

    def __init__(self, out: Path, part_bytes: int) -> None:
        self.paths: list[Path] = []
        self._out, self._part_bytes = out, part_bytes
        self._file: Any = None
        self._left = 0
        if find_parts(out):
            raise SettingsError(f"{find_parts(out)[0]} exists already; name another file")
        out.parent.mkdir(parents=True, exist_ok=True)

    def write(self, data: bytes) -> None:
        """Add bytes, in a further file where one is full."""
        while data:
            if not self._left:
                self.close()
                self.paths.append(self._out.with_name(f"{self._out.name}.{len(self.paths):03d}"))
                self._file, self._left = self.paths[-1].open("xb"), self._part_bytes
            written = self._file.write(data[: self._left])
            self._left, data = self._left - written, data[written:]

    def close(self) -> None:
        """End the last file."""
        if self._file is not None:
            self._file.close()


def unpack(packed: Path, out: Path, *, progress: Progress) -> bool:
    """Make the folder of a corpus again from `PACKED.000` and on.

    Returns:
        Whether all its bytes are as they were; the documents are, but another version of pyarrow may write them
        otherwise.

    Raises:
        SettingsError: `out` exists.
        CorpusError: the parts are missing, damaged or not all there.
    """
    if out.exists():
        raise SettingsError(f"{out} exists already; name a new folder")
    head, records = read_packed(packed)
    rows: dict[Split, list[Row]] = {split: [] for split in SPLITS}
    accounts: dict[str, str] = {}
    for record in records:
        if "file" in record:
            accounts[record["file"]] = record["text"]
        else:
            rows[record.pop("split")].append(Row(**record))
            progress(f"unpack {head['name']}", sum(map(len, rows.values())), head["documents"])
    if sum(map(len, rows.values())) != head["documents"]:
        raise CorpusError(f"{packed} is not whole: it lacks its last parts")
    for split, members in rows.items():
        write_shards(members, out, split)
    for name in _ACCOUNTS:
        (out / name).write_text(accounts[name], encoding="utf-8", newline="")
    shards = json.loads(accounts["report.json"])["shards"]
    return all((out / s["name"]).is_file() and file_sha256(out / s["name"]) == s["sha256"] for s in shards)
