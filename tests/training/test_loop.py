from __future__ import annotations

import csv
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mim_lsp.errors import ModelError, SettingsError
from mim_lsp.training.batches import Batch, BatchSource
from mim_lsp.training.budget import Budget, Every, Intervals
from mim_lsp.training.checkpoint import Progress
from mim_lsp.training.forward import Metrics
from mim_lsp.training.guard import LEAST_STEPS
from mim_lsp.training.loop import Means, Trainer, measure, on_device
from mim_lsp.training.recipes import find_recipe
from mim_lsp.training.windows import ExampleBuilder, WindowSettings
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer

RECIPE = replace(find_recipe("smoke"), config=tiny_config(), examples_per_step=2)


class StoppedSource(BatchSource):
    """A source that fails at a step, as a killed run would end there."""

    last = 10**9

    def batch(self, step: int) -> Batch:
        if step > self.last:
            raise InterruptedError
        return super().batch(step)


def source() -> StoppedSource:
    builder = ExampleBuilder(tiny_config(), tiny_tokenizer(), WindowSettings(tokens=64))
    return StoppedSource([SOURCE], builder, examples_per_batch=2, stride=200, seed=1)


def trainer(folder: Path, *, recipe: Any = RECIPE, seed: int = 0, **intervals: float) -> Trainer:
    heldout = [source().batch(1000)]
    chosen = Intervals(**({"log_steps": 2, "heldout_seconds": 1e9} | intervals))
    return Trainer(recipe, tiny_model(seed), source(), heldout, folder, means=Means(bf16=False), intervals=chosen)


def weights(of: Trainer) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in of.model.named_parameters()}


def log_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_resumed_run_is_bit_by_bit_the_run_that_was_not_stopped(tmp_path: Path) -> None:
    (tmp_path / "straight").mkdir()
    straight = trainer(tmp_path / "straight")
    straight.run(Budget(steps=6))

    stopped = trainer(tmp_path, checkpoint_seconds=0)
    stopped.source.last = 3
    with pytest.raises(InterruptedError):
        stopped.run(Budget(steps=6))
    resumed = trainer(tmp_path, seed=5)
    resumed.resume()
    assert 0 < resumed.progress.step < 6
    resumed.run(Budget(steps=6))

    assert (resumed.progress.step, resumed.progress.tokens) == (6, straight.progress.tokens)
    for name, weight in weights(straight).items():
        assert torch.equal(weights(resumed)[name], weight), name
    columns = ("split", "step", "tokens", "loss", "tv_text")
    logs = [[[row[c] for c in columns] for row in log_rows(folder)] for folder in (tmp_path, tmp_path / "straight")]
    assert logs[0][-2:] == logs[1][-2:]


def test_a_run_that_goes_on_with_other_steps_learns_from_what_it_has_not_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[int]()
    batch = StoppedSource.batch
    monkeypatch.setattr(StoppedSource, "batch", lambda self, number: seen.append(number) or batch(self, number))
    trainer(tmp_path, recipe=replace(RECIPE, micro_batches=3)).run(Budget(steps=2))
    seen.clear()
    resumed = trainer(tmp_path, recipe=replace(RECIPE, micro_batches=2))
    resumed.resume()
    seen.clear()
    resumed.run(Budget(steps=4))
    assert seen[:4] == [6, 7, 8, 9]
    assert resumed.progress.batches == 10


def test_a_finished_run_that_is_resumed_has_nothing_to_do(tmp_path: Path) -> None:
    first = trainer(tmp_path)
    first.run(Budget(steps=2))
    second = trainer(tmp_path, seed=1)
    second.resume()
    second.run(Budget(steps=2))
    assert second.progress.step == 2
    assert torch.equal(weights(second)["embedding.weight"], weights(first)["embedding.weight"])


def test_resuming_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot resume"):
        trainer(tmp_path).resume()


def test_learning_works(tmp_path: Path) -> None:
    learner = trainer(tmp_path)
    torch.manual_seed(0)
    batch = source().batch(0)
    before = measure(learner.learner, [batch]).loss
    for _ in range(30):
        learner.learn([batch], lr_factor=1.0)
    after = measure(learner.learner, [batch])
    assert after.loss < before / 2
    assert after.nll_forward < before / 2
    assert after.nll_backward < before / 2


def test_a_rate_of_zero_changes_nothing(tmp_path: Path) -> None:
    learner = trainer(tmp_path)
    before = weights(learner)
    learner.learn([source().batch(0)], lr_factor=0.0)
    for name, weight in weights(learner).items():
        assert torch.equal(weight, before[name]), name


def test_a_step_whose_gradient_is_not_finite_is_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learner = trainer(tmp_path)
    learner.learn([source().batch(0)], lr_factor=1.0)
    before = weights(learner)
    learner.learner.recipe = replace(RECIPE, beta=math.nan)
    _, norm = learner.learn([source().batch(1)], lr_factor=1.0)
    assert math.isnan(norm)
    assert "gradient norm is nan; step skipped" in capsys.readouterr().out
    for name, weight in weights(learner).items():
        assert torch.equal(weight, before[name]), name
    learner.learner.recipe = RECIPE
    metrics, norm = learner.learn([source().batch(2)], lr_factor=1.0)
    assert math.isfinite(metrics.loss)
    assert norm > 0
    assert all(weight.isfinite().all() for weight in weights(learner).values())
    assert not torch.equal(weights(learner)["norm.weight"], before["norm.weight"])


def test_an_outlier_is_skipped_and_said_and_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learner, outlier = trainer(tmp_path), LEAST_STEPS + 4
    backward = learner._backward

    def hurt(batch: Batch, n_batches: int, *, last: bool) -> Metrics:
        found = backward(batch, n_batches, last=last)
        if learner.progress.step == outlier:
            before.update(weights(learner))
            for parameter in learner.model.parameters():
                parameter.grad *= 1000
        if learner.progress.step == outlier + 1:
            after.update(weights(learner))
        return found

    before: dict[str, Tensor] = {}
    after: dict[str, Tensor] = {}
    learner._backward = hurt
    learner.run(Budget(steps=outlier + 4))
    assert re.search(rf"step {outlier}: gradient norm .* times the usual; step skipped", capsys.readouterr().out)
    assert before
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
    skipped = {int(row["step"]): row["skipped"] for row in log_rows(tmp_path)}
    assert (skipped[outlier], skipped[outlier + 2]) == ("0", "1")
    assert learner.progress.guard.skipped == 1


def test_micro_batches_add_up_to_the_step_of_their_mean(tmp_path: Path) -> None:
    at_once, in_parts = trainer(tmp_path), trainer(tmp_path, recipe=replace(RECIPE, micro_batches=2))
    assert (at_once.micro_batches, in_parts.micro_batches) == (1, 2)
    batches = [source().batch(0), source().batch(1)]
    for batch in batches:
        (at_once.learner.losses(batch).loss / 2).backward()
    expected = {name: parameter.grad.clone() for name, parameter in at_once.model.named_parameters()}
    in_parts.optimizers = []
    in_parts.learn(batches, lr_factor=1.0)
    norm = sum(float((grad**2).sum()) for grad in expected.values()) ** 0.5
    for name, parameter in in_parts.model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name] * min(1.0, 1 / norm), rtol=1e-4, atol=1e-7, msg=name)
    asked = []
    in_parts.learn = lambda found, factor: asked.append(len(found)) or (measure(in_parts.learner, found), 1.0)
    in_parts.run(Budget(steps=2))
    assert asked == [2, 2]


def test_measuring_changes_nothing(tmp_path: Path) -> None:
    learner = trainer(tmp_path)
    before = weights(learner)
    batches = [source().batch(step) for step in (0, 1)]
    first, second = (measure(learner.learner, [batch]).loss for batch in batches)
    assert measure(learner.learner, batches).loss == pytest.approx((first + second) / 2)
    assert all(parameter.grad is None for parameter in learner.model.parameters())
    assert all(torch.equal(weight, before[name]) for name, weight in weights(learner).items())


def test_a_run_logs_both_splits_and_its_tokens(tmp_path: Path) -> None:
    learner = trainer(tmp_path, heldout_seconds=0)
    learner.run(Budget(steps=4))
    rows = log_rows(tmp_path)
    assert [(row["split"], row["step"]) for row in rows if row["split"] == "train"] == [("train", "2"), ("train", "4")]
    assert [row["step"] for row in rows if row["split"] == "heldout"] == ["0", "1", "2", "3", "4", "4"]
    assert learner.progress.tokens == sum(source().batch(step).n_tokens for step in range(4))
    assert int(rows[-1]["tokens"]) == learner.progress.tokens
    assert float(rows[-1]["tokens_per_second"]) > 0
    assert learner.progress.seconds > 0
    train_rows = [row for row in rows if row["split"] == "train"]
    assert all(float(row["grad_norm"]) > 0 for row in train_rows)
    assert all(math.isnan(float(row["mfu"])) for row in train_rows)  # nothing is known of the device


def test_the_learning_rate_ends_at_zero_inside_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learner, factors = trainer(tmp_path, recipe=replace(RECIPE, warm_up=0.25, decay=0.5)), []
    learn = learner.learn

    def record(batches: list[Batch], lr_factor: float) -> Any:
        factors.append(lr_factor)
        return learn(batches, lr_factor)

    monkeypatch.setattr(learner, "learn", record)
    learner.run(Budget(steps=8))
    assert factors == [0, 0.5, 1, 1, 1, 0.75, 0.5, 0.25]


def test_a_budget_in_minutes_counts_the_time_of_training() -> None:
    budget = Budget(minutes=2)
    assert budget.share_used(Progress(step=99, seconds=30)) == 0.25
    assert budget.share_used(Progress(step=99, seconds=180)) == 1.5
    assert Budget(steps=8).share_used(Progress(step=2, seconds=1e9)) == 0.25


@pytest.mark.parametrize("budget", [{"steps": 0}, {"steps": -1}, {"minutes": 0}, {"minutes": -0.5}])
def test_a_budget_for_nothing_is_an_error(budget: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="positive number"):
        Budget(**budget)


@pytest.mark.parametrize("budget", [{}, {"minutes": 1, "steps": 1}])
def test_a_budget_is_one_of_minutes_and_steps(budget: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        Budget(**budget)


def test_every_is_true_once_in_its_time() -> None:
    times = iter([100, 100, 109.9, 110, 111, 119.9, 120.5, 130, 130.5, 200, 201])
    every = Every(10, clock=lambda: next(times))
    seen = [every() for _ in range(10)]
    assert seen == [False, False, True, False, False, True, False, True, True, False]


def test_a_batch_moves_as_a_whole() -> None:
    moved = on_device(source().batch(0), torch.device("meta"))
    assert all(tensor.is_meta for tensor in vars(moved).values())
