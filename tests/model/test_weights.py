from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mim_lsp.errors import ModelError
from mim_lsp.model.weights import load_weights, quantize_rows, save_weights
from tests.tiny import tiny_config, tiny_model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A sound `model.safetensors`."""
    path = tmp_path / "model.safetensors"
    save_weights(tiny_model(), path)
    return path


def change(path: Path, name: str, tensor: Tensor | None) -> None:
    """Replace a tensor of the file, or remove it."""
    tensors = load_file(path)
    tensors.pop(name, None)
    save_file(tensors | ({} if tensor is None else {name: tensor}), path)


def assert_refused(path: Path, reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as raised:
        load_weights(tiny_config(), path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


def test_rows_are_rounded_to_the_nearest_step() -> None:
    rows = quantize_rows(torch.tensor([[254.0, -1.1, 2.9, 0.0], [-0.5, 0.25, 0.0, 0.5]]))
    assert rows.values.format == "b"
    assert rows.values.tolist() == [[127, -1, 1, 0], [-127, 64, 0, 127]]
    np.testing.assert_allclose(rows.scales, [2.0, 0.5 / 127])


def test_a_row_of_zeros_stays_zero() -> None:
    rows = quantize_rows(torch.zeros(2, 3))
    assert rows.values.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert np.isfinite(np.asarray(rows.scales)).all()


def test_loaded_weights_are_within_half_a_step(path: Path) -> None:
    original = dict(tiny_model().named_parameters())
    loaded = dict(load_weights(tiny_config(), path).named_parameters())
    assert loaded.keys() == original.keys()
    for name, weight in original.items():
        assert loaded[name].dtype == torch.float32
        if weight.ndim == 1:
            assert torch.equal(loaded[name], weight)
        else:
            step = weight.abs().amax(1, keepdim=True) / 127
            assert ((loaded[name] - weight).abs() <= 0.5001 * step).all()
            assert not torch.equal(loaded[name], weight)


def test_what_was_loaded_can_be_saved_without_loss(path: Path, tmp_path: Path) -> None:
    once = load_weights(tiny_config(), path)
    save_weights(once, tmp_path / "again.safetensors")
    twice = load_weights(tiny_config(), tmp_path / "again.safetensors")
    for (name, first), second in zip(once.named_parameters(), twice.parameters(), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-6, atol=0, msg=name)


def test_the_model_is_ready_for_inference(path: Path) -> None:
    model = load_weights(tiny_config(), path)
    assert not model.training
    assert not any(parameter.requires_grad or parameter.is_meta for parameter in model.parameters())


def test_matrices_take_a_byte_for_each_weight(path: Path) -> None:
    matrices = sum(p.numel() for p in tiny_model().parameters() if p.ndim == 2)
    assert matrices < path.stat().st_size < 1.3 * matrices


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    assert_refused(tmp_path / "model.safetensors", "cannot read")
    assert_refused(tmp_path, "cannot read")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.05, 0.5, 0.999])
def test_a_truncated_file_is_an_error(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert_refused(path, "cannot read")


def test_a_file_of_something_else_is_an_error(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    assert_refused(path, "cannot read")


@pytest.mark.parametrize("name", ["norm.weight", "embedding.weight", "blocks.1.feed_forward.down.weight"])
def test_a_missing_tensor_is_an_error(path: Path, name: str) -> None:
    change(path, name, None)
    assert_refused(path, f"does not fit.*{name}")


def test_a_missing_scale_is_an_error(path: Path) -> None:
    change(path, "blocks.0.attention.q.weight.scale", None)
    assert_refused(path, r"attention\.q\.weight needs a scale for each row")


@pytest.mark.parametrize("scale", [torch.tensor(1.0), torch.ones(3), torch.ones(48, 1)])
def test_a_scale_of_the_wrong_shape_is_an_error(path: Path, scale: Tensor) -> None:
    change(path, "blocks.0.attention.q.weight.scale", scale)
    assert_refused(path, r"attention\.q\.weight needs a scale for each row")


def test_a_tensor_of_the_wrong_shape_is_an_error(path: Path) -> None:
    change(path, "norm.weight", torch.ones(31))
    assert_refused(path, r"does not fit.*norm\.weight")


def test_an_unknown_tensor_is_an_error(path: Path) -> None:
    change(path, "blocks.2.attention.q.weight", torch.zeros(48, 32))
    assert_refused(path, "does not fit")


def test_matrices_that_are_not_quantized_load_too(path: Path) -> None:
    weight = torch.randn(48, 32)
    change(path, "blocks.0.attention.q.weight.scale", None)
    change(path, "blocks.0.attention.q.weight", weight)
    assert torch.equal(load_weights(tiny_config(), path).blocks[0].attention.q.weight, weight)


def test_weights_of_another_shape_of_model_are_an_error(path: Path) -> None:
    with pytest.raises(ModelError, match="does not fit its config"):
        load_weights(tiny_config(d_ff=64), path)
