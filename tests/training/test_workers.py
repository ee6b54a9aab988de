from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from mim_lsp.training.forward import batch_losses
from mim_lsp.training.optimizer import clip_gradients, learning_rate_factor, make_optimizers, set_learning_rate
from mim_lsp.training.workers import Workers
from tests.tiny import tiny_model
from tests.training.test_loop import RECIPE, source

STEPS = 2
RUN = """
import sys
from pathlib import Path
from tests.training.test_loop import RECIPE, source
from tests.tiny import tiny_model
from mim_lsp.training.loop import Budget, Trainer
from mim_lsp.training.workers import Workers
from safetensors.torch import save_file
import torch

torch.set_num_threads(1)
folder, workers = Path(sys.argv[1]), Workers()
workers.join(torch.device("cpu"))
trainer = Trainer(RECIPE, tiny_model(), source(), [source().batch(9)], folder, bf16=False)
trainer.run(Budget(steps=int(sys.argv[2])))
workers.leave()
save_file(dict(trainer.model.named_parameters()), folder / f"{workers.rank}.safetensors")
"""


def test_one_process_alone_needs_no_group() -> None:
    workers, model = Workers(), tiny_model()
    assert (workers.rank, workers.size, workers.is_first) == (0, 1, True)
    workers.join(torch.device("cpu"))
    assert not torch.distributed.is_initialized()
    assert workers.agreed(0.25) == 0.25
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 3.0)
    workers.average_gradients(model)
    assert all((parameter.grad == 3).all() for parameter in model.parameters())
    workers.leave()


def test_the_launcher_says_who_is_who(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "4")
    workers = Workers()
    assert (workers.rank, workers.size, workers.is_first) == (2, 4, False)


@pytest.mark.slow
def test_two_processes_stay_alike_and_learn_from_both_their_batches(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", RUN, str(tmp_path), str(STEPS)]
    shared = os.environ | {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "2",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    processes = [subprocess.Popen(command, env=shared | {"RANK": str(rank)}) for rank in (0, 1)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]

    first, second = (load_file(tmp_path / f"{rank}.safetensors") for rank in (0, 1))
    for name, weight in first.items():
        assert torch.equal(weight, second[name]), name
    for name, weight in expected_weights().items():
        torch.testing.assert_close(first[name], weight, rtol=1e-4, atol=1e-5, msg=name)


def expected_weights() -> dict[str, Tensor]:
    """One process that learns from the mean of both batches' gradients in each step."""
    model = tiny_model()
    optimizers = make_optimizers(model, RECIPE, bf16=False)
    for step in range(STEPS):
        for number in (2 * step, 2 * step + 1):
            (batch_losses(model, source().batch(number), RECIPE.beta, bf16=False).loss / 2).backward()
        clip_gradients(model, RECIPE.clip_norm)
        set_learning_rate(optimizers, learning_rate_factor(step / STEPS, RECIPE.warm_up, RECIPE.decay))
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    return dict(model.named_parameters())
