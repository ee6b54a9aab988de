"""The training loop: learn from batches, log, look at held-out text, keep checkpoints, end on time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from mim_lsp.model.network import Decoder
from mim_lsp.training.batches import Batch, Batches
from mim_lsp.training.budget import Budget, Every, Intervals
from mim_lsp.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from mim_lsp.training.feed import Feed, open_feed
from mim_lsp.training.flops import batch_flops
from mim_lsp.training.forward import Metrics, average, metrics
from mim_lsp.training.learner import Learner
from mim_lsp.training.log import Entry, Pace, RunLog, say
from mim_lsp.training.memory import give_back_freed_memory
from mim_lsp.training.objective import Losses
from mim_lsp.training.optimizer import clip_gradients, learning_rate_factor, make_optimizers, set_learning_rate
from mim_lsp.training.out_of_memory import clear_out_of_memory
from mim_lsp.training.parallel import gradients_shared, replicated, sharded
from mim_lsp.training.recipe import Recipe
from mim_lsp.training.report import Reporter
from mim_lsp.training.sharded_checkpoint import is_sharded, load_sharded, save_sharded
from mim_lsp.training.workers import Workers

CHECKPOINT = "checkpoint"
"""Folder inside a run's folder."""


@dataclass(frozen=True)
class Means:
    """What a run computes with."""

    bf16: bool
    """Multiply in bf16."""
    compiled: bool = False
    """Compile blocks and objective."""
    sharded: bool = False
    """Each process keeps a part of the model only."""
    feeders: int = 0
    """Processes that draw windows; 0: a thread."""
    peak_flops: float = float("nan")
    """What the device could do, in FLOP/s."""


class Trainer:
    """Trains one decoder by one recipe."""

    def __init__(
        self,
        recipe: Recipe,
        model: Decoder,
        source: Batches,
        heldout: list[Batch],
        folder: Path,
        *,
        means: Means,
        intervals: Intervals | None = None,
        workers: Workers | None = None,
    ) -> None:
        self.recipe, self.model, self.source, self.heldout, self.folder = recipe, model, source, heldout, folder
        self.means, self.intervals, self.workers = means, intervals or Intervals(), workers or Workers()
        self.device = next(model.parameters()).device
        self.learner = Learner(model, recipe, bf16=means.bf16, compiled=means.compiled)
        self.module = self._shared()
        self.optimizers = make_optimizers(model, recipe, bf16=means.bf16)
        self.progress = Progress()
        self.checkpoint = folder / CHECKPOINT
        self.watch: Callable[[Metrics], None] = lambda _: None
        """Is shown what each look at the held-out batches found."""

    def _shared(self) -> nn.Module:
        if self.means.sharded:
            return sharded(self.learner)
        return replicated(self.learner) if self.workers.size > 1 else self.learner

    @property
    def micro_batches(self) -> int:
        """That this process learns from in each step."""
        return -(-self.recipe.micro_batches // self.workers.size)

    def resume(self, checkpoint: Path | None = None) -> None:
        """Go on from a checkpoint, by default the run's own; raises `ModelError` when there is none that fits."""
        origin = checkpoint or self.checkpoint
        load = load_sharded if self.means.sharded or is_sharded(origin) else load_checkpoint
        self.progress = load(origin, self.model, self.optimizers)

    def save(self) -> None:
        """Write a checkpoint; of a sharded run every process must."""
        if self.means.sharded:
            save_sharded(self.checkpoint, self.model, self.optimizers, self.progress)
        elif self.workers.is_first:
            save_checkpoint(self.checkpoint, self.model, self.optimizers, self.progress)

    def run(self, budget: Budget) -> None:
        """Train until the budget is used, then write the last checkpoint and held-out line."""
        log = RunLog(self.folder, step=self.progress.step) if self.workers.is_first else None
        if self.progress.batches is None:
            self.progress.batches = self.progress.step * self.micro_batches * self.workers.size
        first = self.progress.batches + self.workers.rank
        pin = self.device.type == "cuda"
        feed = open_feed(self.source, first, self.workers.size, self.means.feeders, pin=pin)
        try:
            with Reporter(visible=self.workers.is_first) as reporter, clear_out_of_memory(self.recipe):
                self._steps(budget, feed, log, reporter)
                self._look_at_heldout(log, 0.0)
        finally:
            feed.close()
        self.save()

    def _steps(self, budget: Budget, feed: Feed, log: RunLog | None, reporter: Reporter) -> None:
        """Learn until the budget is used; only the process with a log writes files."""
        save_now, look_now = Every(self.intervals.checkpoint_seconds), Every(self.intervals.heldout_seconds)
        recent, clock, is_compiling = _Recent(), time.perf_counter(), self.means.compiled
        while True:
            wanted = [budget.share_used(self.progress), save_now(), look_now()]
            share, save, look = self.workers.agreed(wanted)
            factor = learning_rate_factor(share, self.recipe)
            if save:
                self.save()
            if look:
                self._look_at_heldout(log, factor)
                give_back_freed_memory()
            if share >= 1:
                return
            started = time.perf_counter()  # waiting for a batch counts: where it takes long, the log is to show it
            batches = [next(feed) for _ in range(self.micro_batches)]
            measured, norm = self.learn(batches, factor)
            n_tokens = self.workers.total(sum(batch.n_tokens for batch in batches))
            flops = sum(batch_flops(self.model.config, batch) for batch in batches)
            now = time.perf_counter()
            recent.add(measured, norm, n_tokens, flops, now - started)
            self._count(n_tokens, 0.0 if is_compiling else now - clock)
            clock, is_compiling = now, False
            if self.progress.step % self.intervals.log_steps == 0:
                self._log_training(recent, factor, budget, log, reporter)
                recent = _Recent()

    def _log_training(
        self, recent: _Recent, factor: float, budget: Budget, log: RunLog | None, reporter: Reporter
    ) -> None:
        """Write a line about the last steps of all processes, each of which must take part."""
        measured = average(self.workers.gathered(recent.measured))
        if log is not None:
            entry = self._entry("train", measured, factor, self._pace(recent))
            log.add(entry)
            reporter.show(budget.share_used(self.progress), entry, budget.seconds_left(self.progress))

    def learn(self, batches: Sequence[Batch], lr_factor: float) -> tuple[Metrics, float]:
        """One optimizer step on the mean of `batches`, or none, which is said; what was measured, and the norm of the
        gradient, NaN for a step that was skipped.
        """
        self.module.train()
        measured = [self._backward(batch, len(batches), last=i == len(batches) - 1) for i, batch in enumerate(batches)]
        norm = clip_gradients(self.model, self.recipe.clip_norm)
        refusal = self.progress.guard.refusal(norm, self.recipe.spike_factor)
        if refusal is None:
            set_learning_rate(self.optimizers, lr_factor)
            for optimizer in self.optimizers:
                optimizer.step()
        elif self.workers.is_first:
            say(f"step {self.progress.step}: {refusal}; step skipped")
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        return average(measured), norm if refusal is None else float("nan")

    def _backward(self, batch: Batch, n_batches: int, *, last: bool) -> Metrics:
        """Add a batch's share to the gradients."""
        batch = on_device(batch, self.device)
        with gradients_shared(self.module, now=last):
            loss, nll_N, tv_K = self.module(batch)
            (loss / n_batches).backward()
        return metrics(Losses(loss, nll_N, tv_K), batch)

    def _look_at_heldout(self, log: RunLog | None, lr_factor: float) -> None:
        if log is None and not self.means.sharded:
            return
        measured = measure(self.learner, self.heldout)
        if log is not None:
            log.add(
                self._entry("heldout", measured, lr_factor, Pace(self._speed(), skipped=self.progress.guard.skipped))
            )
            log.plot()
        self.watch(measured)

    def _count(self, n_tokens: int, seconds: float) -> None:
        """A step is done. The one in which everything is compiled takes no time: it would be most of a warm-up."""
        self.progress.step += 1
        self.progress.batches = (self.progress.batches or 0) + self.micro_batches * self.workers.size
        self.progress.tokens += n_tokens
        self.progress.seconds += seconds

    def _speed(self) -> float:
        """Tokens per second since the beginning."""
        return self.progress.tokens / self.progress.seconds if self.progress.seconds else 0.0

    def _pace(self, recent: _Recent) -> Pace:
        """Of the last steps; the other processes are taken to be as fast as this one."""
        mfu = recent.flops / recent.seconds / self.means.peak_flops
        norms = [norm for norm in recent.norms if norm == norm]
        norm = sum(norms) / len(norms) if norms else float("nan")
        return Pace(recent.n_tokens / recent.seconds, mfu, norm, self.progress.guard.skipped)

    def _entry(self, split: str, measured: Metrics, lr_factor: float, pace: Pace) -> Entry:
        done = self.progress
        return Entry(split, done.step, done.tokens, done.seconds / 60, lr_factor, pace, measured)


@dataclass
class _Recent:
    """The steps since the last line of the log."""

    measured: list[Metrics] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    n_tokens: int = 0
    flops: float = 0.0
    """Of this process."""
    seconds: float = 0.0

    def add(self, measured: Metrics, norm: float, n_tokens: int, flops: float, seconds: float) -> None:
        """Count a step."""
        self.measured.append(measured)
        self.norms.append(norm)
        self.n_tokens += n_tokens
        self.flops += flops
        self.seconds += seconds


def measure(learner: Learner, batches: Sequence[Batch]) -> Metrics:
    """Mean metrics without learning."""
    learner.eval()
    device = next(learner.parameters()).device
    with torch.no_grad():
        moved = (on_device(batch, device) for batch in batches)
        return average(metrics(learner.losses(batch), batch) for batch in moved)


def on_device(batch: Batch, device: torch.device) -> Batch:
    """The batch with its tensors moved."""
    return Batch(**{name: tensor.to(device, non_blocking=True) for name, tensor in vars(batch).items()})
