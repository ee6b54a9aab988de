"""Wheels: fetched with pip, checked against their pinned hash, and read as archives. Nothing in them is ever run."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.manifest import Manifest, Package, normalize_name


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A Python file of a wheel: its path inside, its size in bytes, and its bytes unless it is over the size limit."""

    path: str
    size: int
    data: bytes | None


def fetch_wheel(package: Package, manifest: Manifest, cache: Path) -> Path:
    """The package's wheel in the folder `cache`, downloaded if it is not there, with its hash verified.

    Raises:
        CorpusError: the package cannot be had, or the file is not the one that the manifest pins.
    """
    path = cache / package.wheel
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        _download(package, manifest, cache)
    if not path.is_file():
        raise CorpusError(f"{package.requirement}: pip chose another file than {package.wheel}; pin the wheel anew")
    actual = file_sha256(path)
    if actual != package.sha256:
        raise CorpusError(
            f"{package.requirement}: sha256 of {path} is {actual}, the manifest says {package.sha256}; "
            "delete the file to download it again, or pin the wheel anew"
        )
    return path


def _download(package: Package, manifest: Manifest, cache: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary=:all:", "--python-version", manifest.python_version]
    for tag in manifest.platforms:
        command += ["--platform", tag]
    command += ["--dest", str(cache), package.requirement]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"pip ended with code {result.returncode}"]
        raise CorpusError(f"{package.requirement} cannot be downloaded: {lines[-1]}")


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_metadata(path: Path, package: Package) -> Message:
    """The wheel's METADATA.

    Raises:
        CorpusError: the file is no wheel, or its METADATA is of another package or version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            metadata = HeaderParser().parsestr(archive.read(_metadata_name(archive, path)).decode("utf-8"))
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} is not a wheel: {error}") from error
    name, version = str(metadata.get("Name", "")), str(metadata.get("Version", ""))
    if normalize_name(name) != normalize_name(package.name) or version != package.version:
        raise CorpusError(f"{path} holds {name} {version}, the manifest says {package.requirement}")
    return metadata


def _metadata_name(archive: zipfile.ZipFile, path: Path) -> str:
    for name in archive.namelist():
        if name.count("/") == 1 and name.endswith(".dist-info/METADATA"):
            return name
    raise CorpusError(f"{path} is not a wheel: it has no METADATA")


def python_files(path: Path, max_bytes: int) -> Iterator[SourceFile]:
    """The wheel's `.py` files by path; files over `max_bytes` come without their data and are never unpacked."""
    with zipfile.ZipFile(path) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if info.filename.endswith(".py") and not info.is_dir():
                data = archive.read(info) if info.file_size <= max_bytes else None
                yield SourceFile(info.filename, info.file_size, data)


def count_python_files(path: Path) -> int:
    """How many files `python_files` gives."""
    with zipfile.ZipFile(path) as archive:
        return sum(info.filename.endswith(".py") and not info.is_dir() for info in archive.infolist())
