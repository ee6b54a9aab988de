"""Which files are never read, completed, or used as context: secrets, what a user excludes, large, binary, generated.

A document that an editor has opened, whose text came from the client, is judged by `Exclusions.excludes` and `unfit`.
A file on disk is read only by `Exclusions.read_allowed`: it must lie in the workspace, with all links resolved, and its
name, size and text must allow it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mim_lsp.completion.deny_list import is_denied
from mim_lsp.completion.uris import local_path, path_in

MOST_BYTES = 2_000_000
"""Larger files are left alone."""
MOST_WILDCARDS = 4
"""Runs of `*` in one pattern."""
_SNIFFED = 8192
_HEAD_LINES = 30
_COMMENT = re.compile(r"""\s*(?:\#|//|/\*|\*|--|;|<!--|"{3}|'{3}|%)""")
_GENERATED = re.compile(
    r"@generated\b"
    r"|\bgenerated\b.{0,200}\bdo not (?:edit|modify|change)\b"
    r"|\bdo not (?:edit|modify|change)\b.{0,200}\bgenerated\b"
    r"|\b(?:auto(?:matically)?[- ]?generated)\b (?:by|from|file|code)\b",
    re.IGNORECASE | re.DOTALL,
)


class Exclusions:
    """The built-in deny list with a user's own patterns over it."""

    def __init__(self, patterns: Iterable[str] = (), roots: Sequence[Path] = ()) -> None:
        """`patterns` as in `.gitignore` (see `is_pattern`), of which the last that fits decides; `roots`: folders."""
        self._own = _matcher(tuple(patterns))
        self._roots = tuple(roots)

    def names(self, path: str) -> bool:
        """Whether a path or URI is excluded by its name."""
        inner = self._relative(path_in(path))
        own = self._own(inner)
        return is_denied(inner) if own is None else own

    def excludes(self, uri: str) -> bool:
        """Whether an open document is excluded by its name, or by that of the file that it is a link to."""
        path = local_path(uri)
        return self.names(uri) or (path is not None and self.names(os.path.realpath(path)))

    def read_allowed(self, path: Path) -> str | None:
        """The text of a file of the workspace; None if it may not be read, is unfit, or is not UTF-8 text."""
        real = Path(os.path.realpath(path))
        if not self.is_inside(real) or self.names(str(path)) or self.names(str(real)):
            return None
        try:
            if not real.is_file() or real.stat().st_size > MOST_BYTES:
                return None
            text = real.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None
        return text if unfit(text) is None else None

    def is_inside(self, real: Path) -> bool:
        """Whether a path without links lies in the workspace."""
        return any(real.is_relative_to(os.path.realpath(root)) for root in self._roots)

    def _relative(self, path: str) -> str:
        """A path as patterns see it: from its root folder on, or without what makes it absolute."""
        for root in self._roots:
            for start in {path_in(str(root)), path_in(os.path.realpath(root))}:
                if path.startswith(start.rstrip("/") + "/"):
                    return path[len(start.rstrip("/")) + 1 :]
        return re.sub(r"^(?:[a-z]:)?/*", "", path)


def is_pattern(text: str) -> bool:
    """Whether `Exclusions` can take a text as a pattern: one of `.gitignore` that cannot take long to compare."""
    from pathspec import GitIgnoreSpec

    # Patterns come with projects, too. Each wildcard more makes the worst path fifty times slower: 0.5 s with four.
    if len(re.findall(r"\*+", text)) > MOST_WILDCARDS:
        return False
    try:
        GitIgnoreSpec.from_lines([text])
    except (ValueError, re.error):
        return False
    return True


def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool | None]:
    """Whether patterns exclude a path (True), allow it again (False), or do not fit it (None)."""
    if not patterns:
        return lambda path: None
    # Few people have patterns of their own, and the library takes its time to load.
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(patterns)
    return lambda path: spec.check_file(path).include


def unfit(text: str) -> str | None:
    """Why a text is left alone whatever its name, `too_large`, `binary` or `generated`; None if it is not."""
    if len(text) > MOST_BYTES or (len(text) * 4 > MOST_BYTES and len(text.encode("utf-8", "replace")) > MOST_BYTES):
        return "too_large"
    if "\0" in text[:_SNIFFED]:
        return "binary"
    return "generated" if is_generated(text) else None


def is_generated(text: str) -> bool:
    """Whether the comments at the head of a text say that a program wrote it."""
    head = text[:_SNIFFED].splitlines()[:_HEAD_LINES]
    return _GENERATED.search("\n".join(line for line in head if _COMMENT.match(line))) is not None
