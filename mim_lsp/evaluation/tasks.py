"""Infilling tasks: HumanEval-Infilling's JSON lines (Bavarian et al. 2022), and the same format with a `kind`."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from mim_lsp.errors import DocumentError

_GZIP_MAGIC = b"\x1f\x8b"
_NEEDED = ("task_id", "prompt", "suffix", "canonical_solution")
_OPTIONAL = ("test", "entry_point", "kind")


@dataclass(frozen=True)
class InfillingTask:
    """A text with a hole: `prompt` and `suffix` meet at the cursor, with nothing between them."""

    task_id: str
    prompt: str
    suffix: str
    canonical_solution: str
    """What was taken out, with its own line break where it had one."""
    test: str | None = None
    """Code that defines `check(candidate)`; None: the task cannot be executed."""
    entry_point: str | None = None
    """Name of the function that `check` is called with."""
    kind: str | None = None
    """What was taken out, as `mim-lsp corpus tasks` calls it; HumanEval-Infilling does not say."""
    elsewhere: tuple[str, ...] = ()
    """Other files of the same package, for models that remember them."""

    @property
    def can_run(self) -> bool:
        """Whether the task brings a test."""
        return self.test is not None and self.entry_point is not None


def read_tasks(path: Path, limit: int | None = None) -> list[InfillingTask]:
    """The tasks of a JSON-lines file, plain or gzip whatever it is called; only the first `limit`, if given.

    Raises:
        DocumentError: the file cannot be read, holds no task, or has a line (the message names it) that is none.
    """
    try:
        with _open(path) as file:
            tasks = list(islice(_parse_lines(file, path), limit))
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DocumentError(f"cannot read {path}: {reason}") from error
    if not tasks:
        raise DocumentError(f"{path} holds no tasks")
    return tasks


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked if they begin as gzip does."""
    with path.open("rb") as file:
        is_gzip = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        if is_gzip:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked  # type: ignore[misc]  # a GzipFile reads like any binary file
        else:
            yield file


def _parse_lines(file: IO[bytes], path: Path) -> Iterator[InfillingTask]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield _parse(line, f"{path}, line {number}")


def _parse(line: bytes, where: str) -> InfillingTask:
    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{where} is not JSON ({error})") from error
    if not isinstance(fields, dict):
        raise DocumentError(f"{where} is not a JSON object")
    needed = {name: _text(fields, name, where) for name in _NEEDED}
    optional = {name: _text(fields, name, where) for name in _OPTIONAL if fields.get(name) is not None}
    elsewhere = fields.get("elsewhere", [])
    if not isinstance(elsewhere, list) or not all(isinstance(text, str) for text in elsewhere):
        raise DocumentError(f"{where} is not an infilling task: 'elsewhere' must be a list of texts")
    return InfillingTask(**needed, **optional, elsewhere=tuple(elsewhere))


def _text(fields: dict[str, Any], name: str, where: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise DocumentError(f"{where} is not an infilling task: '{name}' must be a text")
    return value
