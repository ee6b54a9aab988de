"""The manifest of a corpus: which packages, pinned to one file each.

A manifest is a TOML file:

    name = "py-nano"
    prose = true                       # optional: documentation too, false when left out
    docstring_share = 0.25             # optional: share of modules whose docstrings enter as prose, 0 when left out

    [[package]]
    name = "networkx"
    version = "3.6.1"
    wheel = "networkx-3.6.1-py3-none-any.whl"      # or: sdist = "networkx-3.6.1.tar.gz"
    sha256 = "..."
    license = "BSD-3-Clause"
    held_out = true                    # optional, false when left out
    exclude = ["networkx/drawing/*"]   # optional, glob patterns of paths inside the archive; * also matches "/"
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mim_lsp.errors import CorpusError

_TEXT_KEYS = ("name", "version", "sha256", "license")
_ARCHIVE_KEYS = ("wheel", "sdist")
_PATTERNS = {
    "name": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    "version": re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*"),
    "wheel": re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl"),
    "sdist": re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*\.tar\.gz"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
    "license": re.compile(r"[A-Za-z0-9].*"),
}


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned archive: its licence is an SPDX expression; `held_out` packages are never trained on."""

    name: str
    version: str
    archive: str
    """File name."""
    sha256: str
    license: str
    held_out: bool = False
    exclude: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        """The exact requirement, as pip writes it."""
        return f"{self.name}=={self.version}"

    @property
    def is_wheel(self) -> bool:
        """Whether the archive is a wheel."""
        return self.archive.endswith(".whl")

    @property
    def kind_of_archive(self) -> str:
        """What to call the archive."""
        return "wheel" if self.is_wheel else "source distribution"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A named list of packages."""

    name: str
    packages: tuple[Package, ...]
    prose: bool = False
    """Whether documentation enters the corpus too, as prose."""
    docstring_share: float = 0.0
    """Share of the modules whose docstrings enter the corpus as prose too."""


def load_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        CorpusError: the file cannot be read, is no TOML, or an entry is missing, unknown or malformed.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"cannot read corpus manifest {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise CorpusError(f"corpus manifest {path} is not valid TOML: {error}") from error
    try:
        return _parse_manifest(table)
    except CorpusError as error:
        raise CorpusError(f"corpus manifest {path}: {error}") from error


def _parse_manifest(table: dict[str, Any]) -> Manifest:
    _refuse_unknown_keys(table, {"name", "prose", "docstring_share", "package"}, "the manifest")
    entries = table.get("package")
    if not isinstance(entries, list) or not entries:
        raise CorpusError("it lists no packages; add [[package]] tables")
    packages = tuple(_parse_package(entry, number) for number, entry in enumerate(entries, start=1))
    _refuse_repeated_names(packages)
    return Manifest(
        name=_text(table, "name", "the manifest"),
        packages=packages,
        prose=_flag(table, "prose", "the manifest"),
        docstring_share=_share(table, "docstring_share", "the manifest"),
    )


def _parse_package(entry: Any, number: int) -> Package:
    if not isinstance(entry, dict):
        raise CorpusError(f"package {number} is not a table")
    where = f"package {number} ({entry.get('name', 'without a name')})"
    _refuse_unknown_keys(entry, {*_TEXT_KEYS, *_ARCHIVE_KEYS, "held_out", "exclude"}, where)
    kinds = [key for key in _ARCHIVE_KEYS if key in entry]
    if len(kinds) != 1:
        raise CorpusError(f"{where} needs either 'wheel' or 'sdist'")
    values = {key: _text(entry, key, where) for key in (*_TEXT_KEYS, *kinds)}
    for key, value in values.items():
        if not _PATTERNS[key].fullmatch(value):
            raise CorpusError(f"{where} has a malformed '{key}': {value!r}")
    archive = values.pop(kinds[0])
    exclude = _texts(entry, "exclude", where) if "exclude" in entry else ()
    return Package(**values, archive=archive, held_out=_flag(entry, "held_out", where), exclude=exclude)


def _flag(table: dict[str, Any], key: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise CorpusError(f"{where}: '{key}' must be true or false")
    return value


def _share(table: dict[str, Any], key: str, where: str) -> float:
    value = table.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise CorpusError(f"{where}: '{key}' must be a number from 0 to 1")
    return float(value)


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise CorpusError(f"{where} needs '{key}' as text")
    return value


def _texts(table: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = table.get(key)
    if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
        raise CorpusError(f"{where} needs '{key}' as a list of texts")
    return tuple(values)


def _refuse_unknown_keys(table: dict[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise CorpusError(f"{where} has an unknown key '{unknown[0]}'")


def _refuse_repeated_names(packages: tuple[Package, ...]) -> None:
    seen: set[str] = set()
    for package in packages:
        name = normalize_name(package.name)
        if name in seen:
            raise CorpusError(f"package {package.name} is listed twice")
        seen.add(name)


def normalize_name(name: str) -> str:
    """The form in which two spellings of one package's name are equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
