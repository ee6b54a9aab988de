from __future__ import annotations

import csv
import os
import socket
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.multiprocessing import start_processes

from mim_lsp.errors import ModelError
from mim_lsp.model.folder import WEIGHTS
from mim_lsp.model.weights import load_weights
from mim_lsp.training.budget import Budget, Intervals
from mim_lsp.training.export import load_bf16, write_model
from mim_lsp.training.forward import batch_losses
from mim_lsp.training.loop import Means, Trainer
from mim_lsp.training.optimizer import clip_gradients, learning_rate_factor, make_optimizers, set_learning_rate
from mim_lsp.training.settings import with_settings
from mim_lsp.training.sharded_checkpoint import load_sharded
from mim_lsp.training.workers import Workers
from tests.tiny import tiny_config, tiny_model, tiny_tokenizer
from tests.training.apart import START_METHOD, processes_apart
from tests.training.test_loop import RECIPE, source

STEPS = 2
CONSTANT = ("micro_batches=4", "warm_up=0", "decay=0")
"""A rate that does not depend on how long the run is to be."""


def run_processes(folder: Path, n: int, steps: int, *settings: str, shard: bool = False, resume: bool = False) -> None:
    """Train in `n` processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir(exist_ok=True)
    arguments = (n, port, folder, steps, settings, shard, resume)
    processes_apart()
    start_processes(one_of_them, arguments, nprocs=n, daemon=True, start_method=START_METHOD)


def one_of_them(
    rank: int, n: int, port: int, folder: Path, steps: int, settings: tuple[str, ...], shard: bool, resume: bool
) -> None:
    """What each process does."""
    launched = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(n), "RANK": str(rank)}
    os.environ.update(launched)
    torch.set_num_threads(1)
    workers, recipe = Workers(), with_settings(RECIPE, settings)
    workers.join(torch.device("cpu"))
    means, intervals = Means(bf16=False, sharded=shard), Intervals(log_steps=1)
    model, heldout = tiny_model(3 if resume else 0), [source().batch(9)]
    trainer = Trainer(recipe, model, source(), heldout, folder, means=means, intervals=intervals, workers=workers)
    if resume:
        trainer.resume()
    trainer.run(Budget(steps=steps))
    write_model(folder / "model", recipe, tiny_tokenizer(), trainer.model, workers)
    workers.leave()
    if not shard:
        save_file(dict(trainer.model.named_parameters()), folder / f"{workers.rank}.safetensors")


def curve(folder: Path) -> list[tuple[str, int, float, float]]:
    """What is logged of each step that does not depend on time."""
    with (folder / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [(row["split"], int(row["tokens"]), float(row["loss"]), float(row["grad_norm"])) for row in rows]


def test_one_process_alone_needs_no_group() -> None:
    workers = Workers()
    assert (workers.rank, workers.size, workers.is_first) == (0, 1, True)
    workers.join(torch.device("cpu"))
    assert not torch.distributed.is_initialized()
    assert workers.agreed([0.25, 1]) == [0.25, 1]
    workers.leave()


def test_the_launcher_says_who_is_who(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", "1")
    workers = Workers()
    assert (workers.rank, workers.size, workers.local_rank, workers.is_first) == (2, 4, 1, False)


@pytest.mark.slow
def test_two_processes_stay_alike_and_learn_from_both_their_batches(tmp_path: Path) -> None:
    run_processes(tmp_path, 2, STEPS)
    first, second = (load_file(tmp_path / f"{rank}.safetensors") for rank in (0, 1))
    for name, weight in first.items():
        assert torch.equal(weight, second[name]), name
    for name, weight in expected_weights().items():
        torch.testing.assert_close(first[name], weight, rtol=1e-4, atol=1e-5, msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("shard", [False, True], ids=["replicated", "sharded"])
def test_two_processes_learn_what_one_learns_and_resume(tmp_path: Path, shard: bool) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    run_processes(one, 1, 4, *CONSTANT)
    run_processes(two, 2, 3, *CONSTANT, shard=shard)
    assert (two / "checkpoint" / ".metadata").exists() == shard
    run_processes(two, 2, 4, *CONSTANT, shard=shard, resume=True)
    expected, found = ([row for row in curve(folder) if row[0] == "train"] for folder in (one, two))
    assert [row[1] for row in found] == [row[1] for row in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours[2:] == pytest.approx(theirs[2:], rel=1e-3)
    models = [load_weights(tiny_config(), folder / "model" / WEIGHTS) for folder in (one, two)]
    for ours, theirs in zip(*(model.parameters() for model in models), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0.02)


@pytest.mark.slow
def test_a_sharded_checkpoint_of_another_recipe_is_an_error(tmp_path: Path) -> None:
    run_processes(tmp_path, 2, 1, shard=True)
    model = tiny_model(n_layers=3)
    with pytest.raises(ModelError, match="of another recipe"):
        load_sharded(tmp_path / "checkpoint", model, make_optimizers(model, RECIPE, bf16=False))
    with pytest.raises(ModelError, match="cannot resume"):
        load_sharded(tmp_path / "nothing", model, make_optimizers(model, RECIPE, bf16=False))


@pytest.mark.slow
def test_one_process_goes_on_with_a_sharded_run(tmp_path: Path) -> None:
    run_processes(tmp_path, 2, 2, *CONSTANT, shard=True)
    written = load_bf16(tiny_config(), tmp_path / "model")
    recipe = with_settings(RECIPE, CONSTANT)
    alone = Trainer(recipe, tiny_model(5), source(), [source().batch(9)], tmp_path, means=Means(bf16=False))
    alone.resume()
    assert written is not None
    assert alone.progress.step == 2
    for ours, theirs in zip(alone.model.parameters(), written.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=2**-8, atol=0)
    alone.run(Budget(steps=3))
    assert not (tmp_path / "checkpoint" / ".metadata").exists()
    straight = tmp_path / "straight"
    run_processes(straight, 1, 3, *CONSTANT)
    expected, found = (float(log[-1][2]) for log in (curve(straight), curve(tmp_path)))
    assert found == pytest.approx(expected, rel=1e-3)


def expected_weights() -> dict[str, Tensor]:
    """One process that learns from the mean of both batches' gradients in each step."""
    model = tiny_model()
    optimizers = make_optimizers(model, RECIPE, bf16=False)
    for step in range(STEPS):
        for number in (2 * step, 2 * step + 1):
            (batch_losses(model, source().batch(number), RECIPE.beta, bf16=False).loss / 2).backward()
        clip_gradients(model, RECIPE.clip_norm)
        set_learning_rate(optimizers, learning_rate_factor(step / STEPS, RECIPE))
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    return dict(model.named_parameters())
