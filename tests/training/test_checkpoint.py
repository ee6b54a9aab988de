from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.optim import Optimizer

from mim_lsp.errors import ModelError
from mim_lsp.model.network import Decoder
from mim_lsp.training import checkpoint
from mim_lsp.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from mim_lsp.training.optimizer import make_optimizers
from mim_lsp.training.recipes import find_recipe
from tests.tiny import tiny_model

RECIPE = find_recipe("smoke")


def step(model: Decoder, optimizers: list[Optimizer], n: int) -> None:
    """Learn something that depends on the weights and on `n`."""
    loss = torch.stack([(p * (p + n)).sum() for p in model.parameters()]).sum()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()


def trained(steps: int, seed: int = 0) -> tuple[Decoder, list[Optimizer]]:
    model = tiny_model(seed)
    optimizers = make_optimizers(model, RECIPE, bf16=True)
    for n in range(steps):
        step(model, optimizers, n)
    return model, optimizers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint after three steps."""
    folder = tmp_path / "run" / "checkpoint"
    save_checkpoint(folder, *trained(3), Progress(step=3, tokens=1234, seconds=5.5))
    return folder


def assert_is_step(folder: Path, n: int) -> None:
    """Loading gives the weights after `n` steps."""
    model, optimizers = trained(0, seed=1)
    assert load_checkpoint(folder, model, optimizers).step == n
    for loaded, expected in zip(model.parameters(), trained(n)[0].parameters(), strict=True):
        assert torch.equal(loaded, expected)


def test_a_resumed_run_is_the_run_that_was_not_stopped(folder: Path) -> None:
    model, optimizers = trained(0, seed=1)
    assert load_checkpoint(folder, model, optimizers) == Progress(step=3, tokens=1234, seconds=5.5)
    for n in (3, 4, 5):
        step(model, optimizers, n)
    straight, straight_optimizers = trained(6)
    for resumed, expected in zip(model.parameters(), straight.parameters(), strict=True):
        assert torch.equal(resumed, expected)
    for one, other in zip(optimizers, straight_optimizers, strict=True):
        assert one.state_dict()["param_groups"] == other.state_dict()["param_groups"]


def test_only_the_checkpoint_is_left(folder: Path) -> None:
    save_checkpoint(folder, *trained(4), Progress(step=4))
    assert_is_step(folder, 4)
    assert [path.name for path in folder.parent.iterdir()] == ["checkpoint"]
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".safetensors", ".safetensors"]


@pytest.mark.parametrize("written", [0, 1])
def test_a_write_that_was_interrupted_leaves_the_last_checkpoint(
    folder: Path, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_file, calls = checkpoint.save_file, []

    def stop(tensors: dict[str, torch.Tensor], path: Path) -> None:
        calls.append(path)
        if len(calls) > written:
            path.write_bytes(b"half a file")
            raise KeyboardInterrupt
        save_file(tensors, path)

    monkeypatch.setattr(checkpoint, "save_file", stop)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(folder, *trained(4), Progress(step=4))
    monkeypatch.undo()
    assert_is_step(folder, 3)
    save_checkpoint(folder, *trained(5), Progress(step=5))
    assert_is_step(folder, 5)


def test_a_kill_between_the_two_renames_leaves_the_last_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def stop(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stop)
    for _ in range(2):  # the second time, the last whole one is not in its place to begin with
        with pytest.raises(KeyboardInterrupt):
            save_checkpoint(folder, *trained(4), Progress(step=4))
        assert not folder.exists()
        assert_is_step(folder, 3)
    monkeypatch.undo()
    save_checkpoint(folder, *trained(5), Progress(step=5))
    assert_is_step(folder, 5)
    assert [path.name for path in folder.parent.iterdir()] == ["checkpoint"]


def assert_refused(folder: Path, reason: str, model: Decoder | None = None) -> None:
    model = model or tiny_model()
    with pytest.raises(ModelError, match=reason) as raised:
        load_checkpoint(folder, model, make_optimizers(model, RECIPE, bf16=True))
    assert "\n" not in str(raised.value)


def test_no_checkpoint_is_an_error(tmp_path: Path) -> None:
    assert_refused(tmp_path / "checkpoint", "cannot resume")


@pytest.mark.parametrize("name", ["weights.safetensors", "optimizer.safetensors", "progress.json"])
@pytest.mark.parametrize("share", [None, 0.0, 0.5])
def test_a_checkpoint_that_is_not_whole_is_an_error(folder: Path, name: str, share: float | None) -> None:
    data = (folder / name).read_bytes()
    if share is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data[: int(share * len(data))])
    assert_refused(folder, "cannot resume")


@pytest.mark.parametrize("progress", [[], {"step": 1, "surprise": 2}, None, "3"])
def test_progress_of_another_form_is_an_error(folder: Path, progress: object) -> None:
    (folder / "progress.json").write_text(json.dumps(progress))
    assert_refused(folder, "cannot resume")


@pytest.mark.parametrize("change", [{"n_layers": 1}, {"n_layers": 3}, {"d_ff": 40}, {"vocab_size": 408}])
def test_a_checkpoint_of_another_recipe_is_an_error(folder: Path, change: dict[str, int]) -> None:
    assert_refused(folder, "of another recipe", tiny_model(**change))
