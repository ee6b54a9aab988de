from __future__ import annotations

import lzma
import subprocess
import sys
from pathlib import Path

import pytest

from mim_lsp.errors import CorpusError, SettingsError
from mim_lsp.training.corpus import pack as packing
from mim_lsp.training.corpus import packed as reading
from mim_lsp.training.corpus.pack import pack, unpack
from mim_lsp.training.corpus.packed import find_parts, read_packed
from mim_lsp.training.corpus.pipeline import build
from mim_lsp.training.corpus.reader import SPLITS, read_documents
from tests.training.corpus.conftest import Workshop
from tests.training.corpus.test_pipeline import ENGLISH, source


def nothing(stage: str, done: int, total: int) -> None:
    """No progress is shown."""


@pytest.fixture
def corpus(workshop: Workshop) -> Path:
    """A built corpus of 31 documents."""
    workshop.sdist(
        "app", {f"app/m{number}.py": source(f"m{number}é😀") for number in range(20)} | {"README.md": ENGLISH}
    )
    workshop.wheel("apart", {f"apart/m{number}.py": source(f"a{number}") for number in range(10)}, held_out=True)
    out = workshop.folder / "corpus"
    build(workshop.manifest("prose = true\n"), out, cache=workshop.cache, processes=1)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_corpus_comes_back_byte_for_byte(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_BLOCK_CHARS", 5_000)
    monkeypatch.setattr(reading, "_READ_BYTES", 333)
    parts = pack(corpus, tmp_path / "moved" / "tiny.jsonl.xz", part_bytes=1_000, progress=nothing)
    assert [part.name for part in parts] == [f"tiny.jsonl.xz.{number:03d}" for number in range(len(parts))]
    assert len(parts) > 3
    assert {part.stat().st_size for part in parts[:-1]} == {1_000}
    assert 0 < parts[-1].stat().st_size <= 1_000
    assert unpack(tmp_path / "moved" / "tiny.jsonl.xz", tmp_path / "back", progress=nothing)
    assert contents(tmp_path / "back") == contents(corpus)


def test_packing_again_gives_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    (first,) = pack(corpus, tmp_path / "a", progress=nothing)
    (second,) = pack(corpus, tmp_path / "b", progress=nothing)
    assert first.read_bytes() == second.read_bytes()


def test_the_parts_together_are_an_xz_file_of_lines(corpus: Path, tmp_path: Path) -> None:
    parts = pack(corpus, tmp_path / "tiny", part_bytes=700, progress=nothing)
    text = lzma.decompress(b"".join(part.read_bytes() for part in parts)).decode("ascii")
    assert text.count("\n") == 1 + 3 + 31
    head, records = read_packed(tmp_path / "tiny")
    assert (head["name"], head["documents"], len(list(records))) == ("tiny", 31, 34)


def test_a_packed_corpus_is_read_like_its_folder_without_pyarrow(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {split: read_documents(corpus, split, prose=True) for split in SPLITS}
    pack(corpus, tmp_path / "tiny", part_bytes=700, progress=nothing)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    for split in SPLITS:
        assert read_documents(tmp_path / "tiny", split, prose=True) == folders[split]
        assert [d.kind for d in read_documents(tmp_path / "tiny", split, prose=True)] == [
            d.kind for d in folders[split]
        ]
    assert len(read_documents(tmp_path / "tiny", "train")) == 20


def test_reading_needs_no_library_for_building() -> None:
    program = "import sys, mim_lsp.training.corpus.reader; print({'pyarrow', 'datasketch', 'torch'} & {*sys.modules})"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


def test_nothing_is_written_over(corpus: Path, tmp_path: Path) -> None:
    parts = pack(corpus, tmp_path / "tiny", progress=nothing)
    before = parts[0].read_bytes()
    with pytest.raises(SettingsError, match=r"tiny\.000 exists already"):
        pack(corpus, tmp_path / "tiny", progress=nothing)
    with pytest.raises(SettingsError, match="exists already"):
        unpack(tmp_path / "tiny", corpus, progress=nothing)
    assert parts[0].read_bytes() == before


def test_what_is_missing_or_damaged_is_told(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is not what 'mim-lsp corpus build' wrote"):
        pack(tmp_path, tmp_path / "x", progress=nothing)
    with pytest.raises(CorpusError, match=r"there is no .*absent\.000"):
        unpack(tmp_path / "absent", tmp_path / "out", progress=nothing)
    pack(corpus, tmp_path / "tiny", part_bytes=700, progress=nothing)
    *_, last = find_parts(tmp_path / "tiny")
    last.unlink()
    with pytest.raises(CorpusError, match="it lacks its last parts"):
        unpack(tmp_path / "tiny", tmp_path / "out", progress=nothing)
    with pytest.raises(CorpusError, match="it lacks its last parts"):
        read_documents(tmp_path / "tiny", "train")
    (tmp_path / "tiny.000").write_bytes(b"no xz")
    with pytest.raises(CorpusError, match="is damaged"):
        unpack(tmp_path / "tiny", tmp_path / "out", progress=nothing)
    (tmp_path / "other.000").write_bytes(lzma.compress(b'{"format": "another"}\n'))
    with pytest.raises(CorpusError, match="is no packed corpus"):
        unpack(tmp_path / "other", tmp_path / "out", progress=nothing)
    assert not (tmp_path / "out").exists()


def test_other_bytes_from_another_writer_are_told(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(corpus, tmp_path / "tiny", progress=nothing)
    monkeypatch.setattr(packing, "file_sha256", lambda path: "0" * 64)
    assert not unpack(tmp_path / "tiny", tmp_path / "back", progress=nothing)
