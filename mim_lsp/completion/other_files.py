"""Which other files a model's memory holds: those that are open beside a document, and those that lie near it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from mim_lsp.completion.exclusion import Exclusions
from mim_lsp.completion.line_endings import normalize
from mim_lsp.completion.uris import local_path
from mim_lsp.syntax.languages import PLAIN, language_of

MOST_FILES = 12
MOST_CHARS = 400_000
"""Of all files together; an index of so much takes a tenth of a second to make, in idle time."""
MOST_CHARS_OF_ONE = 100_000
"""Larger files are left out."""
MOST_LISTED = 1_000
"""Files of one folder that are looked at."""


class _Read(NamedTuple):
    """A file as it was at a time; without a text if it is not to be read."""

    stamp: tuple[int, int]
    text: str | None


class OtherFiles:
    """Chooses what is remembered beside each document. Any thread may call it; `refresh` reads files."""

    def __init__(self, exclusions: Exclusions) -> None:
        """No file outside the roots of `exclusions` is read, and none that they exclude."""
        self._exclusions = exclusions
        self._looking = Lock()  # for as long as files are read
        self._lock = Lock()  # around what follows, for a moment
        self._open: dict[str, str] = {}  # texts by URI, the one that was changed last at the end
        self._chosen: dict[str, tuple[str, ...]] = {}
        self._read: dict[Path, _Read] = {}  # of `refresh` alone

    def update(self, uri: str, text: str) -> None:
        """Take note of an open document's text. Costs nothing."""
        if len(text) <= MOST_CHARS_OF_ONE and not self._exclusions.excludes(uri):
            with self._lock:
                self._open.pop(uri, None)
                self._open[uri] = text

    def close(self, uri: str) -> None:
        """Forget an open document; as a file near by it may still be remembered."""
        with self._lock:
            self._open.pop(uri, None)
            self._chosen.pop(uri, None)

    def beside(self, uri: str) -> tuple[str, ...]:
        """What is remembered beside an open document; nothing before the first `refresh`."""
        with self._lock:
            return self._chosen.get(uri, ())

    def refresh(self, uri: str) -> None:
        """Choose anew for an open document: other open ones, the last changed first, then files near by, the newest."""
        with self._lock:
            opened = {other: text for other, text in reversed(self._open.items()) if other != uri}
            is_open = uri in self._open
        language, path = language_of(local_path(uri) or uri), local_path(uri)
        if not is_open or language == PLAIN.id:
            return
        others = (
            normalize(text, 0)[0]
            for other, text in opened.items()
            if language_of(local_path(other) or other) == language
        )
        known = {found for other in (uri, *opened) if (found := local_path(other)) is not None}
        with self._looking:
            near = self._near(path, language, known) if path is not None else ()
            chosen = tuple(_within_bounds(chain(others, near)))
        with self._lock:
            if uri in self._open:
                self._chosen[uri] = chosen

    def _near(self, path: Path, language: str, known: set[Path]) -> Iterator[str]:
        """The texts of files of that language in the document's folder, then in the one above, the newest first."""
        for folder in path.parents[:2]:
            for stamp, file in sorted(_files_of(folder, language), reverse=True):
                text = None if file in known else self._text(file, stamp)
                if text is not None:
                    yield text

    def _text(self, path: Path, stamp: tuple[int, int]) -> str | None:
        """What a file holds, read again if it has changed; None if it is not to be read."""
        held = self._read.get(path)
        if held is None or held.stamp != stamp:
            text = self._exclusions.read_allowed(path) if stamp[1] <= MOST_CHARS_OF_ONE else None
            held = _Read(stamp, text if text is None else normalize(text, 0)[0])
        self._read.pop(path, None)
        self._read[path] = held
        while len(self._read) > 4 * MOST_FILES:
            del self._read[next(iter(self._read))]
        return held.text


def _within_bounds(texts: Iterable[str]) -> Iterator[str]:
    """As many texts as are to be remembered; no more of them are asked for."""
    chars = 0
    for text in islice(texts, MOST_FILES):
        chars += len(text)
        if chars > MOST_CHARS:
            break
        yield text


def _files_of(folder: Path, language: str) -> Iterator[tuple[tuple[int, int], Path]]:
    """When each file of a language in a folder was changed and its size, and its path; links are left out."""
    try:
        entries = [entry for _, entry in zip(range(MOST_LISTED), folder.iterdir(), strict=False)]
    except OSError:
        return
    for entry in entries:
        if language_of(entry) != language or entry.is_symlink():
            continue
        try:
            status = entry.stat()
        except OSError:  # it is gone
            continue
        yield (status.st_mtime_ns, status.st_size), entry
