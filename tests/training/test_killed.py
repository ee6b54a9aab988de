"""What is left of a run that is killed, as by power or by the system: kill -9, at any moment."""

from __future__ import annotations

import csv
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mim_lsp.training.budget import Budget, Intervals
from mim_lsp.training.checkpoint import Progress, whole_checkpoint
from mim_lsp.training.loop import CHECKPOINT, Means, Trainer
from mim_lsp.training.recipes import find_recipe
from tests.tiny import tiny_config, tiny_model
from tests.training.apart import processes_apart
from tests.training.test_loop import source

RECIPE = replace(find_recipe("smoke"), config=tiny_config(), examples_per_step=2)
STEPS = 60
KILLS = 12


def trainer(folder: Path) -> Trainer:
    """Always writes a checkpoint, so that most moments are in the middle of one."""
    intervals = Intervals(log_steps=1, checkpoint_seconds=0, heldout_seconds=1e9)
    made = Trainer(RECIPE, tiny_model(), source(), [], folder, means=Means(bf16=False), intervals=intervals)
    made._look_at_heldout = lambda log, factor: None
    return made


def go_on(folder: Path, steps: int) -> None:
    """Begin, or go on from the last checkpoint."""
    torch.set_num_threads(1)
    made = trainer(folder)
    if whole_checkpoint(made.checkpoint).exists():
        made.resume()
    made.run(Budget(steps=steps))


def killed(run: Callable[[Path, int], None], folder: Path, after: float) -> bool:
    """Whether the run was still going on when it was killed."""
    process = processes_apart().Process(target=run, args=(folder, STEPS), daemon=True)
    process.start()
    process.join(after)
    was_alive = process.is_alive()
    assert process.pid
    if was_alive:
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == (-signal.SIGKILL if was_alive else 0)
    return was_alive


def last_step(folder: Path) -> int:
    """Of the last whole checkpoint; 0 if there is none yet."""
    whole = whole_checkpoint(folder / CHECKPOINT)
    return Progress.from_json((whole / "progress.json").read_text()).step if whole.exists() else 0


def curve(folder: Path) -> list[tuple[str, ...]]:
    with (folder / "log.csv").open(newline="") as file:
        return [(row["step"], row["tokens"], row["loss"], row["grad_norm"]) for row in csv.DictReader(file)]


@pytest.mark.slow
def test_killed_at_any_moment_a_run_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    straight.mkdir()
    stopped.mkdir()
    started = time.perf_counter()
    go_on(straight, STEPS)
    whole = time.perf_counter() - started
    rng, kills, reached = random.Random(7), 0, [0]
    while kills < KILLS and reached[-1] < STEPS - 1:
        kills += killed(go_on, stopped, rng.uniform(0.02, 0.25) * whole)
        reached.append(last_step(stopped))
        assert reached[-1] >= reached[-2]
    assert kills >= 3
    go_on(stopped, STEPS)
    assert curve(stopped) == curve(straight)
    ours, theirs = (load_file(folder / CHECKPOINT / "weights.safetensors") for folder in (stopped, straight))
    for name, weight in theirs.items():
        assert torch.equal(ours[name], weight), name
