"""Files and places in them, as a person names them: `PATH:LINE:COLUMN`, both counted from 1."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from mim_lsp.completion.exclusion import Exclusions, unfit
from mim_lsp.completion.reasons import REASONS
from mim_lsp.errors import DocumentError, SettingsError

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
# Greedy on the left, so that colons in the path (a Windows drive, say) stay there.
_LOCATION = re.compile(r"(?P<path>.+):(?P<line>-?\d{1,9}):(?P<column>-?\d{1,9})", re.ASCII | re.DOTALL)
_SNIFFED_BYTES = 8192


@dataclass(frozen=True)
class Location:
    """A cursor's place: line and column count from 1, as editors show them, and columns count code points."""

    path: Path
    line: int
    column: int


def parse_location(text: str) -> Location:
    """Read `PATH:LINE:COLUMN`.

    Raises:
        SettingsError: `text` does not have that form.
    """
    found = _LOCATION.fullmatch(text)
    if found is None:
        raise SettingsError(f"expected PATH:LINE:COLUMN, for example src/app.py:12:8, but got {text!r}")
    return Location(Path(found["path"]), int(found["line"]), int(found["column"]))


def read_document(path: Path) -> str:
    """Read a UTF-8 text file with its line endings as they are; a byte order mark is left out, as editors do.

    Raises:
        DocumentError: there is no such file, it cannot be read, or it is not UTF-8 text.
    """
    if path.is_dir():
        raise DocumentError(f"{path} is a folder; name a file in it")
    if not path.exists():
        raise DocumentError(f"{path} does not exist; check the path")
    if not path.is_file():
        raise DocumentError(f"{path} is not a regular file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}") from error
    if b"\0" in content[:_SNIFFED_BYTES]:
        raise DocumentError(f"{path} is a binary file; only UTF-8 text can be completed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8 first") from error


def read_cursor(place: str) -> tuple[str, int]:
    """The text of the file in `PATH:LINE:COLUMN`, and the cursor as an offset into it.

    Raises:
        SettingsError: `place` does not have that form.
        DocumentError: the file cannot be read or is one that is left alone, or it has no such place.
    """
    location = parse_location(place)
    if Exclusions().names(str(location.path.absolute())) or Exclusions().names(os.path.realpath(location.path)):
        raise DocumentError(f"{location.path} is on the list of files that are never read; docs/settings.md has it")
    text = read_document(location.path)
    if (reason := unfit(text)) is not None:
        raise DocumentError(f"{location.path} is not completed: {REASONS[reason]}")
    return text, offset_at(text, location.line, location.column)


def offset_at(text: str, line: int, column: int) -> int:
    r"""Turn a line and a column, both from 1, into an offset into `text`.

    Lines end at `\n`, `\r\n` or `\r`, as in editors; the column after a line's last character is its end.

    Raises:
        DocumentError: the place lies outside `text`; the message names the valid range.
    """
    starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]
    if not 1 <= line <= len(starts):
        raise DocumentError(f"line {line} lies outside the file; valid lines are 1 to {len(starts)}")
    start = starts[line - 1]
    line_break = _LINE_BREAK.search(text, start)
    last_column = (line_break.start() if line_break else len(text)) - start + 1
    if not 1 <= column <= last_column:
        raise DocumentError(f"column {column} lies outside line {line}; valid columns there are 1 to {last_column}")
    return start + column - 1
