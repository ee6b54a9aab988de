from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from mim_lsp.training.corpus.reader import Document
from mim_lsp.training.corpus.text_file import TextFile, write_texts
from mim_lsp.training.prose import Prose

TEXTS = ["a = 1\n", "ü😀\r\n\0", Prose("Words.\n"), "\ud800 lone", "x"]


@pytest.fixture
def texts(tmp_path: Path) -> TextFile:
    documents = [Document(""), *(Document(text) for text in TEXTS), Document("")]
    return write_texts(tmp_path / "texts", iter(documents))


def test_texts_come_back_without_the_empty_ones(texts: TextFile) -> None:
    assert list(texts) == TEXTS
    assert len(texts) == len(TEXTS)
    assert [type(text) for text in texts] == [type(text) for text in TEXTS]
    assert texts[1:4:2] == TEXTS[1:4:2]
    assert texts[::-1] == TEXTS[::-1]
    with pytest.raises(IndexError):
        texts[len(TEXTS)]


def test_another_process_gets_no_copy(texts: TextFile) -> None:
    pickled = pickle.dumps(texts)
    assert b"Words" not in pickled
    assert list(pickle.loads(pickled)) == TEXTS


def test_no_texts(tmp_path: Path) -> None:
    assert list(write_texts(tmp_path / "none", [])) == []
