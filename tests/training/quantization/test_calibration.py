from __future__ import annotations

from pathlib import Path

import pytest

from mim_lsp.errors import DocumentError
from mim_lsp.training.quantization.calibration import draw_rows, library_files, read_texts
from tests.tiny import SOURCE, tiny_config, tiny_tokenizer


def test_the_library_of_python_is_there_without_its_tests() -> None:
    files = library_files()
    names = {path.name for path in files}
    assert {"argparse.py", "decoder.py"} <= names
    assert not any("test" in path.parts or "site-packages" in path.parts for path in files)


def test_texts_of_files_and_of_folders(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "inner" / "a.py").write_text("a = 1\n")
    (tmp_path / "folder" / "notes.txt").write_text("not Python")
    (tmp_path / "folder" / "latin.py").write_bytes(b"# \xe9\n")
    (tmp_path / "folder" / "blank.py").write_text("\n \n")
    (tmp_path / "single.txt").write_text("b = 2\n")
    assert read_texts([tmp_path / "folder", tmp_path / "single.txt"]) == ["a = 1\n", "b = 2\n"]


def test_paths_without_text(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no text to calibrate on"):
        read_texts([tmp_path])
    with pytest.raises(DocumentError, match="does not exist"):
        read_texts([tmp_path / "missing"])


def test_rows_of_both_directions_with_and_without_holes() -> None:
    config = tiny_config()
    rows = [row.tolist() for row in draw_rows(config, tiny_tokenizer(), [SOURCE], tokens=3000)]
    assert 3000 <= sum(map(len, rows)) < 3000 + 2 * config.context_length
    assert max(map(len, rows)) <= config.context_length
    starts = [row[0] for row in rows]
    assert starts.count(config.special.l2r) == starts.count(config.special.r2l) == len(rows) // 2
    assert 0 < sum(row[1] == config.special.far for row in rows) < len(rows)


def test_the_same_seed_draws_the_same_rows() -> None:
    first, again, other = (
        [row.tolist() for row in draw_rows(tiny_config(), tiny_tokenizer(), [SOURCE], tokens=500, seed=seed)]
        for seed in (1, 1, 2)
    )
    assert first == again != other
