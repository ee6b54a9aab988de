"""The Python files of a person's own project that may be read: what git would commit, without what is excluded."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mim_lsp.completion.exclusion import Exclusions
from mim_lsp.errors import DocumentError

_NOT_OWN = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__", "venv", "env", "build", "dist"})
"""Folders that hold other people's code, or what was made from one's own; hidden ones are left out too."""


class OwnFile(NamedTuple):
    """One file."""

    path: str
    """From the folder that was named, with slashes; a file that was named itself: its name."""
    text: str


def read_own_code(paths: Sequence[Path]) -> list[OwnFile]:
    """The Python files among `paths` and in the folders among them, in a fixed order.

    Of a folder in a git repository those that git does not ignore; of another one those outside of hidden folders,
    environments and build folders. Secrets, large and generated files are left out (`Exclusions`).

    Raises:
        DocumentError: a path does not exist.
    """
    found: dict[str, OwnFile] = {}
    for path in paths:
        if not path.exists():
            raise DocumentError(f"{path} does not exist")
        folder = path if path.is_dir() else path.parent
        exclusions = Exclusions(roots=[folder])
        for file in _python_files(path) if path.is_dir() else [path]:
            text = exclusions.read_allowed(file)
            if text is not None:
                found[os.path.realpath(file)] = OwnFile(file.relative_to(folder).as_posix(), text)
    return [found[path] for path in sorted(found)]


def _python_files(folder: Path) -> Iterator[Path]:
    names = _known_to_git(folder)
    if names is not None:
        yield from (folder / name for name in names)
        return
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_OWN and not name.startswith(".")]
        yield from (Path(parent, name) for name in files if name.endswith(".py"))


def _known_to_git(folder: Path) -> list[str] | None:
    """What git has of the folder, or would take; None if it is in no repository, or there is no git."""
    command = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
