from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.manifest import Manifest, load_manifest
from mim_lsp.training.corpus.wheels import count_python_files, fetch_wheel, python_files, read_metadata
from tests.training.corpus.conftest import Workshop


@pytest.fixture
def plan(workshop: Workshop) -> Manifest:
    workshop.wheel("one", {"one/b.py": "b = 1\n", "one/a.py": "a = 1\n", "one/data.txt": "no", "one/c.pyi": "no"})
    return load_manifest(workshop.manifest())


def fake_pip(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str) -> None:
    """Let `python -m pip` be a program of ours."""
    module = folder / "fake" / "pip.py"
    module.parent.mkdir()
    module.write_text("import sys, pathlib\nargs = sys.argv[1:]\n" + body, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(module.parent))


def test_a_cached_wheel_needs_no_pip(plan: Manifest, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    path = fetch_wheel(plan.packages[0], plan, workshop.cache)
    assert path == workshop.cache / "one-1.0-py3-none-any.whl"


def test_pip_downloads_the_pinned_wheel_and_nothing_else(
    plan: Manifest, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workshop.cache / plan.packages[0].wheel
    data = path.read_bytes()
    path.unlink()
    fake_pip(
        monkeypatch,
        workshop.folder,
        "folder = pathlib.Path(args[args.index('--dest') + 1])\n"
        "assert args[0] == 'download' and '--no-deps' in args and '--only-binary=:all:' in args\n"
        "assert args[args.index('--platform') + 1] == 'any' and args[args.index('--python-version') + 1] == '3.11'\n"
        f"(folder / args[-1].replace('==', '-')).with_name({path.name!r}).write_bytes({data!r})\n",
    )
    assert fetch_wheel(plan.packages[0], plan, workshop.cache).read_bytes() == data


def test_a_package_that_cannot_be_had_is_told_in_pips_last_words(
    plan: Manifest, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workshop.cache / plan.packages[0].wheel).unlink()
    fake_pip(monkeypatch, workshop.folder, "sys.exit('ERROR: first\\nERROR: No matching distribution found')\n")
    with pytest.raises(CorpusError, match=r"^one==1.0 cannot be downloaded: ERROR: No matching distribution found$"):
        fetch_wheel(plan.packages[0], plan, workshop.cache)


def test_another_file_than_the_pinned_one_is_refused(
    plan: Manifest, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workshop.cache / plan.packages[0].wheel).unlink()
    fake_pip(monkeypatch, workshop.folder, "")
    with pytest.raises(CorpusError, match="pip chose another file"):
        fetch_wheel(plan.packages[0], plan, workshop.cache)


def test_a_changed_wheel_is_refused(plan: Manifest, workshop: Workshop) -> None:
    path = workshop.cache / plan.packages[0].wheel
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(CorpusError, match=r"sha256 of .*one-1\.0-py3-none-any\.whl is [0-9a-f]{64}, the manifest says"):
        fetch_wheel(plan.packages[0], plan, workshop.cache)


def test_metadata_must_be_of_the_package(plan: Manifest, workshop: Workshop) -> None:
    path = workshop.cache / plan.packages[0].wheel
    assert read_metadata(path, plan.packages[0])["License-Expression"] == "MIT"
    with pytest.raises(CorpusError, match=r"holds one 1\.0, the manifest says two==1\.0"):
        read_metadata(path, replace(plan.packages[0], name="two"))
    with pytest.raises(CorpusError, match=r"holds one 1\.0, the manifest says one==2\.0"):
        read_metadata(path, replace(plan.packages[0], version="2.0"))


def test_what_is_no_wheel_is_refused(plan: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "one.whl"
    path.write_bytes(b"not a zip file")
    with pytest.raises(CorpusError, match="is not a wheel"):
        read_metadata(path, plan.packages[0])


def test_only_python_files_come_out_in_order_and_large_ones_unread(plan: Manifest, workshop: Workshop) -> None:
    path = workshop.wheel("two", {"two/z.py": "z" * 50, "two/a.py": "a = 1\n", "two/n.txt": "", "two/d.py/": ""})
    assert [(f.path, f.size, f.data) for f in python_files(path, max_bytes=20)] == [
        ("two/a.py", 6, b"a = 1\n"),
        ("two/z.py", 50, None),
    ]
    assert count_python_files(path) == 2


def test_nothing_of_a_wheel_is_written_to_disk(workshop: Workshop) -> None:
    path = workshop.wheel("evil", {"../../evil.py": "raise SystemExit\n", "/tmp/evil.py": "raise SystemExit\n"})
    before = sorted(workshop.folder.rglob("*"))
    assert len(list(python_files(path, max_bytes=100))) == 2
    assert sorted(workshop.folder.rglob("*")) == before
