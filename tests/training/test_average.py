"""One model from several."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mim_lsp.errors import ModelError, SettingsError
from mim_lsp.model.folder import WEIGHTS, read_config, read_tokenizer, write_shape
from mim_lsp.model.weights import load_weights, save_weights
from mim_lsp.training.average import average_models
from mim_lsp.training.export import load_bf16, save_bf16
from tests.tiny import tiny_config, tiny_model, tiny_tokenizer


def folder_of(folder: Path, seed: int, *, bf16: bool = True, n_layers: int = 2) -> Path:
    model = tiny_model(seed, n_layers=n_layers)
    write_shape(folder, model.config, tiny_tokenizer())
    save_weights(model, folder / WEIGHTS)
    if bf16:
        save_bf16(model, folder)
    return folder


def test_weights_are_the_mean_of_those_in_bf16(tmp_path: Path) -> None:
    sources = [folder_of(tmp_path / str(seed), seed) for seed in range(3)]
    average_models(sources, tmp_path / "mean")
    mean, models = load_bf16(tiny_config(), tmp_path / "mean"), [load_bf16(tiny_config(), each) for each in sources]
    assert mean is not None
    for ours, *theirs in zip(mean.parameters(), *(each.parameters() for each in models if each), strict=True):
        torch.testing.assert_close(ours, torch.stack(theirs).mean(0), rtol=2**-8, atol=1e-6)
    assert read_config(tmp_path / "mean") == read_config(sources[0])
    assert read_tokenizer(tmp_path / "mean").token_bytes == tiny_tokenizer().token_bytes


def test_models_without_bf16_are_read_from_what_they_have(tmp_path: Path) -> None:
    one = folder_of(tmp_path / "one", 1, bf16=False)
    average_models([one, one], tmp_path / "mean")
    before, after = (load_weights(tiny_config(), each / WEIGHTS) for each in (one, tmp_path / "mean"))
    for ours, theirs in zip(after.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0.002)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    one, deeper = folder_of(tmp_path / "one", 1), folder_of(tmp_path / "deeper", 1, n_layers=3)
    with pytest.raises(SettingsError, match="of different shapes or tokenizers"):
        average_models([one, deeper], tmp_path / "mean")
    with pytest.raises(SettingsError, match="nothing to average: name two models or more"):
        average_models([one], tmp_path / "mean")
    with pytest.raises(SettingsError, match="one exists already"):
        average_models([one, one], one)
    with pytest.raises(ModelError):
        average_models([one, tmp_path / "nothing"], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
