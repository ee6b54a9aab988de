from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.archives import SourceFile, read_metadata, source_files
from mim_lsp.training.corpus.manifest import Package, load_manifest
from tests.training.corpus.conftest import Workshop


def is_python(path: str) -> bool:
    return path.endswith(".py")


def only_package(workshop: Workshop) -> Package:
    (package,) = load_manifest(workshop.manifest()).packages
    return package


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_metadata_must_be_of_the_package(kind: str, workshop: Workshop) -> None:
    path = getattr(workshop, kind)("one", {"one/a.py": "a = 1\n"})
    package = only_package(workshop)
    assert read_metadata(path, package)["License-Expression"] == "MIT"
    with pytest.raises(CorpusError, match=r"holds one 1\.0, the manifest says two==1\.0"):
        read_metadata(path, replace(package, name="two"))
    with pytest.raises(CorpusError, match=r"holds one 1\.0, the manifest says one==2\.0"):
        read_metadata(path, replace(package, version="2.0"))


@pytest.mark.parametrize(("kind", "called"), [("wheel", "wheel"), ("sdist", "source distribution")])
@pytest.mark.parametrize("data", [b"no archive", b"PK\x05\x06" + bytes(18), b""])
def test_what_is_no_archive_is_refused(kind: str, called: str, data: bytes, workshop: Workshop) -> None:
    path = getattr(workshop, kind)("one", {"one/a.py": "a = 1\n"})
    package = only_package(workshop)
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=f"is not a {called}"):
        read_metadata(path, package)


def test_a_truncated_source_distribution_is_refused(workshop: Workshop) -> None:
    path = workshop.sdist("one", {f"one/m{number}.py": bytes(range(256)) * 40 for number in range(20)})
    package = only_package(workshop)
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(CorpusError, match="is not a source distribution"):
        source_files(path, package, is_python, 10**6)


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_only_wanted_files_come_out_in_order_and_large_ones_unread(kind: str, workshop: Workshop) -> None:
    path = getattr(workshop, kind)("two", {"two/z.py": "z" * 50, "two/a.py": "a = 1\n", "two/n.txt": ""})
    assert source_files(path, only_package(workshop), is_python, max_bytes=20) == [
        SourceFile("two/a.py", 6, b"a = 1\n"),
        SourceFile("two/z.py", 50, None),
    ]


def test_links_and_folders_of_a_source_distribution_are_left_alone(workshop: Workshop) -> None:
    path = workshop.sdist("one", {})
    package = only_package(workshop)
    with tarfile.open(path, "w:gz") as archive:
        for name, kind in (("link.py", tarfile.SYMTYPE), ("hard.py", tarfile.LNKTYPE), ("folder.py", tarfile.DIRTYPE)):
            info = tarfile.TarInfo(f"one-1.0/{name}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("one-1.0/real.py")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"x\n"))
    assert source_files(path, package, is_python, 100) == [SourceFile("real.py", 2, b"x\n")]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_nothing_of_an_archive_is_written_to_disk(kind: str, workshop: Workshop) -> None:
    path: Path = getattr(workshop, kind)("evil", {"../../evil.py": "raise SystemExit\n", "/tmp/evil.py": "exit()\n"})
    package = only_package(workshop)
    before = sorted(workshop.folder.rglob("*"))
    assert len(source_files(path, package, is_python, max_bytes=100)) == 2
    assert sorted(workshop.folder.rglob("*")) == before
