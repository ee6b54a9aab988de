from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus import fetch
from mim_lsp.training.corpus.fetch import fetch_archive
from mim_lsp.training.corpus.manifest import Package

DATA = b"what the archive holds"
PACKAGE = Package("The_Package", "1.0", "the_package-1.0.tar.gz", hashlib.sha256(DATA).hexdigest(), "MIT")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a package index that pip is set up to use."""
    folder = tmp_path / "served"
    (folder / "simple" / "the-package").mkdir(parents=True)
    (folder / "files").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    address = fetch._index
    address.cache_clear()
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()
    address.cache_clear()


def offer(index: Path, name: str, data: bytes) -> None:
    (index / "files" / name).write_bytes(data)
    page = f'<a href="../../files/{name}#sha256=00">{name}</a><a href="../other.whl">other</a><a>no link</a>'
    (index / "simple" / "the-package" / "index.html").write_text(page)


def test_the_pinned_file_comes_from_pips_index(index: Path, tmp_path: Path) -> None:
    offer(index, PACKAGE.archive, DATA)
    path = fetch_archive(PACKAGE, tmp_path / "cache")
    assert path == tmp_path / "cache" / "the_package-1.0.tar.gz"
    assert path.read_bytes() == DATA
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_cached_file_needs_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_index", lambda: "http://127.0.0.1:1/nowhere")
    (tmp_path / PACKAGE.archive).write_bytes(DATA)
    assert fetch_archive(PACKAGE, tmp_path).read_bytes() == DATA


def test_a_file_that_the_index_lacks_is_told(index: Path, tmp_path: Path) -> None:
    offer(index, "the_package-1.0-py3-none-any.whl", DATA)
    with pytest.raises(CorpusError, match=r"The_Package==1\.0: the package index has no the_package-1\.0\.tar\.gz"):
        fetch_archive(PACKAGE, tmp_path / "cache")


def test_a_package_or_an_index_that_is_not_there_is_told(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (index / "simple" / "the-package").rmdir()
    with pytest.raises(CorpusError, match=r"^The_Package==1\.0 cannot be downloaded: .*404"):
        fetch_archive(PACKAGE, tmp_path / "cache")
    monkeypatch.setattr(fetch, "_index", lambda: "http://127.0.0.1:1/nowhere")
    with pytest.raises(CorpusError, match=r"^The_Package==1\.0 cannot be downloaded"):
        fetch_archive(PACKAGE, tmp_path / "cache")


def test_a_changed_file_is_refused(index: Path, tmp_path: Path) -> None:
    offer(index, PACKAGE.archive, DATA + b"!")
    with pytest.raises(CorpusError, match=r"sha256 of .*the_package-1\.0\.tar\.gz is [0-9a-f]{64}, the manifest says"):
        fetch_archive(PACKAGE, tmp_path / "cache")


def test_pips_own_index_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    fetch._index.cache_clear()
    assert fetch._index().startswith("https://")
    assert not fetch._index().endswith("/")
    fetch._index.cache_clear()
