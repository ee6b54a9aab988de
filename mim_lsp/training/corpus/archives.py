"""Wheels and source distributions: checked against their pinned hash, and read as archives. Nothing in them is run."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.manifest import Package, normalize_name

_BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of an archive: its path inside, its size in bytes, and its bytes unless it is over the size limit.

    The path in a source distribution is without the archive's own top folder.
    """

    path: str
    size: int
    data: bytes | None


def read_metadata(path: Path, package: Package) -> Message:
    """The metadata of the archive at `path`: a wheel's METADATA, a source distribution's PKG-INFO.

    Raises:
        CorpusError: the file is no such archive, or its metadata is of another package or version.
    """
    wanted = _is_metadata_of_wheel if package.is_wheel else _is_metadata_of_sdist
    with _naming(path, package):
        found = next(_read(path, package, wanted), None)
        if found is None:
            raise CorpusError(f"{path} is not a {package.kind_of_archive}: it has no metadata")
        metadata = HeaderParser().parsestr((found.data or b"").decode("utf-8"))
    name, version = str(metadata.get("Name", "")), str(metadata.get("Version", ""))
    if normalize_name(name) != normalize_name(package.name) or version != package.version:
        raise CorpusError(f"{path} holds {name} {version}, the manifest says {package.requirement}")
    return metadata


def source_files(path: Path, package: Package, wanted: Callable[[str], bool], max_bytes: int) -> list[SourceFile]:
    """The archive's files whose path is wanted, by path; those over `max_bytes` come without their data.

    Raises:
        CorpusError: the file is no such archive.
    """
    with _naming(path, package):
        files = _read(path, package, wanted, max_bytes)
        return sorted(files, key=lambda file: file.path)


def _is_metadata_of_wheel(path: str) -> bool:
    return path.count("/") == 1 and path.endswith(".dist-info/METADATA")


def _is_metadata_of_sdist(path: str) -> bool:
    return path == "PKG-INFO"


@contextmanager
def _naming(path: Path, package: Package) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise CorpusError(f"{path} is not a {package.kind_of_archive}: {error}") from error


def _read(
    path: Path, package: Package, wanted: Callable[[str], bool], max_bytes: int | None = None
) -> Iterator[SourceFile]:
    read = _read_wheel if package.is_wheel else _read_sdist
    return read(path, wanted, max_bytes)


def _read_wheel(path: Path, wanted: Callable[[str], bool], max_bytes: int | None) -> Iterator[SourceFile]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir() and wanted(info.filename):
                fits = max_bytes is None or info.file_size <= max_bytes
                yield SourceFile(info.filename, info.file_size, archive.read(info) if fits else None)


def _read_sdist(path: Path, wanted: Callable[[str], bool], max_bytes: int | None) -> Iterator[SourceFile]:
    with tarfile.open(path, "r|gz") as archive:  # as a stream: nothing is written, and nothing read twice
        for info in archive:
            inner = info.name.removeprefix("./").partition("/")[2]
            if info.isreg() and wanted(inner):
                fits = max_bytes is None or info.size <= max_bytes
                file = archive.extractfile(info) if fits else None
                yield SourceFile(inner, info.size, file.read() if file else None)
