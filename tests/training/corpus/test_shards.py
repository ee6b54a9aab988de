from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus import shards
from mim_lsp.training.corpus.reader import Document, read_documents
from mim_lsp.training.corpus.shards import COLUMNS, Row, write_shards


def row(number: int, package: str = "one") -> Row:
    return Row(f"x = {number}  # 😀\n", f"{package}/m{number}.py", package, "1.0", "MIT")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_shards([row(1)], tmp_path, "train")
    assert read_documents(tmp_path, "train") == [Document("x = 1  # 😀\n", "one/m1.py", "one", "MIT")]
    file = pq.ParquetFile(tmp_path / "train-00000.parquet")
    assert tuple(file.schema_arrow.names) == COLUMNS
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_order_and_bytes_do_not_depend_on_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = [row(number, package) for package in ("one", "two") for number in range(20)]
    (first,) = write_shards(rows, tmp_path / "a", "train")
    (second,) = write_shards(rows[::-1], tmp_path / "b", "train")
    assert first.read_bytes() == second.read_bytes()


def test_packages_are_mixed(tmp_path: Path) -> None:
    write_shards([row(number, package) for package in ("one", "two") for number in range(40)], tmp_path, "train")
    first = {document.package for document in read_documents(tmp_path, "train", limit=15)}
    assert first == {"one", "two"}


def test_shards_are_cut_by_size_and_stale_ones_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 28)
    rows = [row(number) for number in range(5)]
    assert [path.name for path in write_shards(rows, tmp_path, "train")] == [f"train-0000{n}.parquet" for n in range(3)]
    assert len(read_documents(tmp_path, "train")) == 5
    write_shards(rows[:1], tmp_path, "train")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train-00000.parquet"]


def test_splits_do_not_touch_each_other(tmp_path: Path) -> None:
    write_shards([row(1)], tmp_path, "heldout")
    write_shards([row(2)], tmp_path, "train")
    assert [document.path for document in read_documents(tmp_path, "heldout")] == ["one/m1.py"]


@pytest.mark.parametrize(("limit", "count"), [(None, 7), (0, 0), (3, 3), (99, 7)])
def test_the_limit_is_kept_across_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int | None, count: int
) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 28)
    write_shards([row(number) for number in range(7)], tmp_path, "train")
    everything = read_documents(tmp_path, "train")
    assert read_documents(tmp_path, "train", limit=limit) == everything[:count]


def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no train-\*\.parquet in"):
        read_documents(tmp_path, "train")
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "train-0.parquet")
    with pytest.raises(CorpusError, match="has no 'content' column"):
        read_documents(tmp_path, "train")
    pq.write_table(pa.table({"content": [1]}), tmp_path / "train-0.parquet")
    with pytest.raises(CorpusError, match="'content' is not text"):
        read_documents(tmp_path, "train")
    (tmp_path / "train-0.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(CorpusError, match="cannot read corpus shard"):
        read_documents(tmp_path, "train")
