from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mim_lsp.errors import ModelError
from mim_lsp.model.folder import CONFIG, TOKENIZER, WEIGHTS, read_config, read_tokenizer, write_shape
from mim_lsp.model.weights import load_weights, save_weights
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer


def test_a_folder_gives_back_what_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "mim-py-test"
    write_shape(folder, tiny_config(), tiny_tokenizer())
    save_weights(tiny_model(), folder / WEIGHTS)
    assert {path.name for path in folder.iterdir()} == {CONFIG, TOKENIZER, WEIGHTS}
    assert read_config(folder) == tiny_config()
    assert read_tokenizer(folder).encode(SOURCE) == tiny_tokenizer().encode(SOURCE)
    assert torch.equal(load_weights(read_config(folder), folder / WEIGHTS).norm.weight, tiny_model().norm.weight)


def test_a_folder_that_is_no_models_is_an_error(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelError, match=r"config\.json"):
            read_config(folder)
        with pytest.raises(ModelError, match=r"tokenizer\.json"):
            read_tokenizer(folder)


def test_no_file_of_a_model_is_a_pickle(tmp_path: Path) -> None:
    write_shape(tmp_path, tiny_config(), tiny_tokenizer())
    save_weights(tiny_model(), tmp_path / WEIGHTS)
    for path in tmp_path.iterdir():
        assert not path.read_bytes().startswith((b"\x80", b"PK"))
