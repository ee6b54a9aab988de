"""The training loop: learn from a batch, log, look at held-out text, keep checkpoints, end on time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from mim_lsp.errors import SettingsError
from mim_lsp.model.network import Decoder
from mim_lsp.training.batches import Batch, BatchSource, Prefetcher
from mim_lsp.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from mim_lsp.training.forward import Metrics, average, batch_losses, metrics
from mim_lsp.training.log import Entry, RunLog, say
from mim_lsp.training.optimizer import clip_gradients, learning_rate_factor, make_optimizers, set_learning_rate
from mim_lsp.training.recipes import Recipe
from mim_lsp.training.workers import Workers

CHECKPOINT = "checkpoint"
"""Folder inside a run's folder."""


@dataclass(frozen=True)
class Budget:
    """When a run ends: after so many minutes of training, or after so many steps. Exactly one is set.

    Raises:
        SettingsError: nothing can be done in the budget.
    """

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        assert (self.minutes is None) != (self.steps is None)
        if (self.minutes or self.steps or 0) <= 0:
            raise SettingsError("a run needs a positive number of minutes or steps.")

    def share_used(self, progress: Progress) -> float:
        """How much of the budget is gone, from 0 to 1 and more."""
        if self.steps is not None:
            return progress.step / self.steps
        assert self.minutes is not None
        return progress.seconds / (60 * self.minutes)


@dataclass(frozen=True)
class Intervals:
    """How often the loop does what costs time."""

    log_steps: int = 10
    checkpoint_seconds: float = 120
    heldout_seconds: float = 300


class Trainer:
    """Trains one decoder by one recipe."""

    def __init__(
        self,
        recipe: Recipe,
        model: Decoder,
        source: BatchSource,
        heldout: list[Batch],
        folder: Path,
        *,
        bf16: bool,
        intervals: Intervals | None = None,
        workers: Workers | None = None,
    ) -> None:
        self.recipe, self.model, self.source, self.heldout, self.folder = recipe, model, source, heldout, folder
        self.bf16, self.intervals, self.workers = bf16, intervals or Intervals(), workers or Workers()
        self.device = next(model.parameters()).device
        self.optimizers = make_optimizers(model, recipe, bf16=bf16)
        self.progress = Progress()
        self.checkpoint = folder / CHECKPOINT
        self.watch: Callable[[Metrics], None] = lambda _: None
        """Is shown what each look at the held-out batches found."""

    def resume(self) -> None:
        """Go on from the last checkpoint; raises `ModelError` when there is none that fits."""
        self.progress = load_checkpoint(self.checkpoint, self.model, self.optimizers)

    def run(self, budget: Budget) -> None:
        """Train until the budget is used, then write the last checkpoint and held-out line."""
        log = RunLog(self.folder, step=self.progress.step) if self.workers.is_first else None
        prefetcher = Prefetcher(self.source, stride=self.workers.size)
        try:
            with _progress_bar(visible=self.workers.is_first) as bar:
                self._steps(budget, prefetcher, log, bar)
        finally:
            prefetcher.close()
        if log is not None:
            self._look_at_heldout(log, 0.0)
            save_checkpoint(self.checkpoint, self.model, self.optimizers, self.progress)

    def _steps(self, budget: Budget, prefetcher: Prefetcher, log: RunLog | None, bar: ProgressBar) -> None:
        """Learn until the budget is used; only the process with a log writes files."""
        task = bar.add_task("training", total=1.0, note="")
        bar.update(task, completed=budget.share_used(self.progress))
        save_now, look_now = Every(self.intervals.checkpoint_seconds), Every(self.intervals.heldout_seconds)
        recent: list[Metrics] = []
        while (share := self.workers.agreed(budget.share_used(self.progress))) < 1:
            factor = learning_rate_factor(share, self.recipe.warm_up, self.recipe.decay)
            started = time.perf_counter()
            number = self.progress.step * self.workers.size + self.workers.rank
            measured, n_tokens = self.learn(prefetcher.batch(number), factor)
            self._count(n_tokens * self.workers.size, time.perf_counter() - started)
            if log is None:
                continue
            recent.append(measured)
            if self.progress.step % self.intervals.log_steps == 0:
                entry = self._entry("train", average(recent), factor)
                log.add(entry)
                recent.clear()
                bar.update(task, completed=budget.share_used(self.progress), note=_note(entry))
            if save_now():
                save_checkpoint(self.checkpoint, self.model, self.optimizers, self.progress)
            if look_now():
                self._look_at_heldout(log, factor)
        bar.update(task, completed=1.0)

    def learn(self, batch: Batch, lr_factor: float) -> tuple[Metrics, int]:
        """One optimizer step on `batch`; a step whose gradient is not finite is skipped, and said so."""
        self.model.train()
        batch = on_device(batch, self.device)
        losses = batch_losses(self.model, batch, self.recipe.beta, bf16=self.bf16)
        losses.loss.backward()  # type: ignore[no-untyped-call]
        self.workers.average_gradients(self.model)
        norm = clip_gradients(self.model, self.recipe.clip_norm)
        if math.isfinite(norm):
            set_learning_rate(self.optimizers, lr_factor)
            for optimizer in self.optimizers:
                optimizer.step()
        else:
            say(f"step {self.progress.step}: gradient norm is {norm}; step skipped")
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        return metrics(losses, batch), batch.n_tokens

    def measure(self, batches: list[Batch]) -> Metrics:
        """Mean metrics without learning."""
        self.model.eval()
        with torch.no_grad():
            moved = (on_device(batch, self.device) for batch in batches)
            return average(
                metrics(batch_losses(self.model, batch, self.recipe.beta, bf16=self.bf16), batch) for batch in moved
            )

    def _look_at_heldout(self, log: RunLog, lr_factor: float) -> None:
        measured = self.measure(self.heldout)
        log.add(self._entry("heldout", measured, lr_factor))
        log.plot()
        self.watch(measured)

    def _count(self, n_tokens: int, seconds: float) -> None:
        self.progress.step += 1
        self.progress.tokens += n_tokens
        self.progress.seconds += seconds

    def _entry(self, split: str, measured: Metrics, lr_factor: float) -> Entry:
        done = self.progress
        speed = done.tokens / done.seconds if done.seconds else 0.0
        return Entry(split, done.step, done.tokens, done.seconds / 60, lr_factor, speed, measured)


class Every:
    """True once per so many seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._last = clock()

    def __call__(self) -> bool:
        """Whether the time has come again."""
        now = self._clock()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True


def on_device(batch: Batch, device: torch.device) -> Batch:
    """The batch with its tensors moved."""
    return Batch(**{name: tensor.to(device, non_blocking=True) for name, tensor in vars(batch).items()})


def _progress_bar(*, visible: bool) -> ProgressBar:
    columns = (
        TextColumn("{task.percentage:5.1f} %"),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    return ProgressBar(*columns, refresh_per_second=1, disable=not visible)


def _note(entry: Entry) -> str:
    m = entry.metrics
    return (
        f"step {entry.step}  NLL {m.nll_forward:.3f} -> {m.nll_backward:.3f} <-  TV {m.tv_middle:.2f}"
        f"  {entry.tokens_per_second:,.0f} tok/s"
    )
