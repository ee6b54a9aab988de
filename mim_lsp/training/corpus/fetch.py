"""Packages' files by name from the package index, as pip is set up to reach it, without running what is in them.

`pip download` runs a source distribution's own build to learn its metadata, so it is not used here.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import urllib.error
import urllib.request
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.manifest import Package, normalize_name

_TIMEOUT = 180  # seconds without an answer


def fetch_archive(package: Package, cache: Path) -> Path:
    """The package's archive in the folder `cache`, downloaded if it is not there, with its hash verified.

    Raises:
        CorpusError: the package cannot be had, or the file is not the one that the manifest pins.
    """
    path = cache / package.archive
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        _download(package, path)
    actual = file_sha256(path)
    if actual != package.sha256:
        raise CorpusError(
            f"{package.requirement}: sha256 of {path} is {actual}, the manifest says {package.sha256}; "
            "delete the file to download it again, or pin the archive anew"
        )
    return path


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(package: Package, path: Path) -> None:
    page = f"{_index()}/{normalize_name(package.name)}/"
    try:
        with urllib.request.urlopen(page, timeout=_TIMEOUT) as answer:
            links = _Links(answer.geturl())
            links.feed(answer.read().decode("utf-8"))
        if package.archive not in links.by_name:
            raise CorpusError(f"{package.requirement}: the package index has no {package.archive}; pin another file")
        unfinished = path.with_name(path.name + ".tmp")
        with urllib.request.urlopen(links.by_name[package.archive], timeout=_TIMEOUT) as answer:
            unfinished.write_bytes(answer.read())
        unfinished.rename(path)
    except (OSError, ValueError) as error:
        raise CorpusError(f"{package.requirement} cannot be downloaded: {error}") from error


@cache
def _index() -> str:
    """The address of the package index."""
    address = os.environ.get("PIP_INDEX_URL", "")
    if not address:
        command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
        address = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return (address or _default_index()).rstrip("/")


def _default_index() -> str:
    try:
        from pip._internal.models.index import PyPI  # so that pip alone says where packages come from
    except ImportError as error:
        raise CorpusError("packages come from pip's index: install pip, or set PIP_INDEX_URL") from error
    return str(PyPI.simple_url)


class _Links(HTMLParser):
    """The files that an index page links to (PEP 503)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page
        self.by_name: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember where a link goes, under the name of its file."""
        address = dict(attrs).get("href") if tag == "a" else None
        if address:
            whole = urljoin(self._page, address)
            self.by_name[unquote(urlsplit(whole).path.rpartition("/")[2])] = whole
