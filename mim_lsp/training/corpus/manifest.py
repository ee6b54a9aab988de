"""The manifest of a corpus: which packages, pinned to one wheel file each.

A manifest is a TOML file:

    name = "py-nano"
    python_version = "3.11"
    platforms = ["manylinux_2_28_x86_64", "any"]

    [[package]]
    name = "networkx"
    version = "3.6.1"
    wheel = "networkx-3.6.1-py3-none-any.whl"
    sha256 = "..."
    license = "BSD-3-Clause"
    held_out = true                    # optional, false when left out
    exclude = ["networkx/drawing/*"]   # optional, glob patterns of paths inside the wheel; * also matches "/"
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mim_lsp.errors import CorpusError

_TEXT_KEYS = ("name", "version", "wheel", "sha256", "license")
_PATTERNS = {
    "name": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    "version": re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*"),
    "wheel": re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
    "license": re.compile(r"[A-Za-z0-9].*"),
}


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned wheel: its licence is an SPDX expression, `held_out` packages are never trained on."""

    name: str
    version: str
    wheel: str
    sha256: str
    license: str
    held_out: bool = False
    exclude: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        """The exact requirement, as pip writes it."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A named list of packages, with the Python version and the platform tags that their wheels were chosen for."""

    name: str
    python_version: str
    platforms: tuple[str, ...]
    packages: tuple[Package, ...]


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
    _refuse_unknown_keys(table, {"name", "python_version", "platforms", "package"}, "the manifest")
    entries = table.get("package")
    if not isinstance(entries, list) or not entries:
        raise CorpusError("it lists no packages; add [[package]] tables")
    packages = tuple(_parse_package(entry, number) for number, entry in enumerate(entries, start=1))
    _refuse_repeated_names(packages)
    return Manifest(
        name=_text(table, "name", "the manifest"),
        python_version=_text(table, "python_version", "the manifest"),
        platforms=_texts(table, "platforms", "the manifest"),
        packages=packages,
    )


def _parse_package(entry: Any, number: int) -> Package:
    if not isinstance(entry, dict):
        raise CorpusError(f"package {number} is not a table")
    where = f"package {number} ({entry.get('name', 'without a name')})"
    _refuse_unknown_keys(entry, {*_TEXT_KEYS, "held_out", "exclude"}, where)
    values = {key: _text(entry, key, where) for key in _TEXT_KEYS}
    for key, value in values.items():
        if not _PATTERNS[key].fullmatch(value):
            raise CorpusError(f"{where} has a malformed '{key}': {value!r}")
    held_out = entry.get("held_out", False)
    if not isinstance(held_out, bool):
        raise CorpusError(f"{where}: 'held_out' must be true or false")
    return Package(**values, held_out=held_out, exclude=_texts(entry, "exclude", where) if "exclude" in entry else ())


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
