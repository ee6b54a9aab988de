"""Corpora of others, as the library `datasets` writes them and as The Stack is laid out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus import reader
from mim_lsp.training.corpus.reader import Document, read_documents
from mim_lsp.training.prose import Prose


def write(path: Path, columns: dict[str, Any], **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **options)


def write_like_datasets(path: Path, columns: dict[str, Any]) -> None:
    """A file as `Dataset.to_parquet` writes it: with the features in the schema, in small row groups."""
    features = '{"info": {"features": {"content": {"dtype": "string", "_type": "Value"}}}}'
    table = pa.table(columns).replace_schema_metadata({"huggingface": features})
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, table.schema) as writer:
        for start in range(0, len(table), 2):
            writer.write_table(table.slice(start, 2))


def contents(folder: Path, split: reader.Split) -> list[str]:
    return [document.content for document in read_documents(folder, split)]


def test_the_stack_is_read_as_it_is(tmp_path: Path) -> None:
    write_like_datasets(
        tmp_path / "data" / "python" / "train-00000-of-00002.parquet",
        {
            "hexsha": ["aa", "bb", "cc"],
            "size": [6, 6, 6],
            "content": ["a = 1\n", "b = 2\n", None],
            "max_stars_repo_path": ["x/a.py", "x/b.py", "x/c.py"],
            "max_stars_repo_name": ["me/one", "me/two", "me/two"],
            "max_stars_repo_licenses": [["MIT"], ["MIT", "ISC"], []],
            "license": [["MIT"], ["ISC"], []],
        },
    )
    write_like_datasets(tmp_path / "data" / "python" / "train-00001-of-00002.parquet", {"content": ["d = 4\n"]})
    write_like_datasets(tmp_path / "data" / "python" / "test-00000-of-00001.parquet", {"content": ["t = 5\n"]})
    assert read_documents(tmp_path, "train") == [
        Document("a = 1\n", "x/a.py", "me/one"),
        Document("b = 2\n", "x/b.py", "me/two"),
        Document("", "x/c.py", "me/two"),
        Document("d = 4\n"),
    ]
    assert contents(tmp_path, "heldout") == ["t = 5\n"]


@pytest.mark.parametrize(
    ("train", "heldout"),
    [
        ("train-x.parquet", "heldout-x.parquet"),
        ("train/0000.parquet", "validation/0000.parquet"),
        ("train.parquet", "test.parquet"),
        ("part-0.parquet", "default/test/0.parquet"),
    ],
)
def test_splits_are_told_by_the_names_of_files_or_folders(train: str, heldout: str, tmp_path: Path) -> None:
    write(tmp_path / train, {"content": ["a\n"]})
    write(tmp_path / heldout, {"content": ["b\n"]})
    write(tmp_path / ".hidden" / "train-9.parquet", {"content": ["no\n"]})
    assert contents(tmp_path, "train") == ["a\n"]
    assert contents(tmp_path, "heldout") == ["b\n"]


def test_without_a_held_out_split_repositories_are_held_out(tmp_path: Path) -> None:
    n = 6000
    columns = {"content": [f"x = {i}\n" for i in range(n)], "repo_name": [f"repo{i // 10}" for i in range(n)]}
    write(tmp_path / "code.parquet", columns)
    train, heldout = (read_documents(tmp_path, split) for split in reader.SPLITS)
    assert len(train) + len(heldout) == n
    assert 0.01 * n < len(heldout) < 0.03 * n
    assert not {d.package for d in train} & {d.package for d in heldout}
    write(tmp_path / "code.parquet", {"content": columns["content"]})
    train, heldout = (read_documents(tmp_path, split) for split in reader.SPLITS)
    assert sorted(d.content for d in train + heldout) == sorted(columns["content"])
    assert 0.01 * n < len(heldout) < 0.03 * n


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_texts_may_be_stored_in_any_way(kind: pa.DataType, tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", {"content": pa.array(["ü = 1\n", "b\n"]).cast(kind)})
    assert contents(tmp_path, "train") == ["ü = 1\n", "b\n"]


def test_columns_of_other_types_are_not_ours(tmp_path: Path) -> None:
    table = {"content": ["a = 1\n"], "path": [3], "license": pa.array([None], pa.string()), "package": [["x"]]}
    write(tmp_path / "train-x.parquet", table)
    assert read_documents(tmp_path, "train") == [Document("a = 1\n")]


def test_natural_language_comes_on_demand(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", {"content": ["a = 1\n", "Words.\n"], "kind": ["code", "text"]})
    assert contents(tmp_path, "train") == ["a = 1\n"]
    code, text = read_documents(tmp_path, "train", prose=True)
    assert (type(code.content), code.kind) == (str, "code")
    assert (type(text.content), text.kind) == (Prose, "text")


def test_a_folder_without_the_split_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no train-\*\.parquet in .*mim-lsp corpus build corpora/py-own\.toml"):
        read_documents(tmp_path / "py-own", "train")
    write(tmp_path / "test-0.parquet", {"content": ["a"]})
    with pytest.raises(CorpusError, match=r"no train-\*\.parquet in"):
        read_documents(tmp_path, "train")
