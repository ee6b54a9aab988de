"""`mim-lsp tune`: a shipped model goes on learning from a person's own code, and is kept if it got better at it.

Better means: on files that it did not learn from, with the weights as they are written, int8.
"""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mim_lsp.errors import DocumentError, SettingsError
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.folder import WEIGHTS, copy_fitted, read_config, read_tokenizer, write_shape
from mim_lsp.model.network import Decoder
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.model.weights import load_weights, save_weights
from mim_lsp.training.batches import Batch, BatchSource
from mim_lsp.training.bf16 import has_bf16
from mim_lsp.training.budget import Budget, Intervals
from mim_lsp.training.corpus.filters import path_reason
from mim_lsp.training.corpus.secrets import has_secret
from mim_lsp.training.forward import Metrics
from mim_lsp.training.learner import Learner
from mim_lsp.training.log import say
from mim_lsp.training.loop import CHECKPOINT, Means, Trainer, measure
from mim_lsp.training.quantization.calibration import library_files, read_texts
from mim_lsp.training.recipe import Recipe
from mim_lsp.training.tune_card import write_tune_card
from mim_lsp.training.windows import ExampleBuilder

LEAST_FILES = 5
LEAST_CHARS = 20_000
HELDOUT_SHARE = 0.1
"""Of the characters, in whole files, that the model is measured on and does not learn from."""
HELDOUT_BATCHES = 12
LOOKS = 6
"""How often the held-out files are looked at; the best weights are kept."""
_RUN = "training"


@dataclass(frozen=True)
class TuneSettings:
    """How a model goes on learning."""

    minutes: float = 10.0
    matrix_lr: float = 0.001
    """Peak learning rate of Muon; falls to zero over the run."""
    other_lr: float = 0.0005
    """Peak learning rate of AdamW."""
    threads: int | None = None
    """CPU threads; PyTorch's choice if None."""


@dataclass(frozen=True)
class Measured:
    """Mean NLL of both directions, nats per token."""

    own: float
    """On the person's held-out files."""
    library: float
    """On Python's own library: what was forgotten of Python in general."""


@dataclass(frozen=True)
class TuneReport:
    """What came of it."""

    folder: Path | None
    """The new model; None if it got worse and was thrown away."""
    n_files: int
    n_heldout_files: int
    n_chars: int
    tokens: int
    """That were predicted in training, both directions counted."""
    minutes: float
    before: Measured
    after: Measured


@dataclass(frozen=True)
class SourceText:
    """A file to learn from."""

    path: str
    text: str


def tune(base: Path, files: Sequence[SourceText], out: Path, settings: TuneSettings | None = None) -> TuneReport:
    """Train the model in `base` on `files`; write the model folder `out` if that made it better.

    Raises:
        ModelError: `base` is not a model's folder, or is broken.
        DocumentError: there is too little to learn from.
        SettingsError: `out` exists.
    """
    settings = settings or TuneSettings()
    if out.exists():
        raise SettingsError(f"{out} exists already; remove it, or name another folder with --out")
    learned, heldout = split(usable(files))
    aside = out.with_name(f".{out.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    (aside / _RUN).mkdir(parents=True)
    try:
        report = _Tuning(base, learned, heldout, aside, settings).run()
        if report.after.own >= report.before.own:
            return report
        kept = TuneReport(**{**vars(report), "folder": out})
        write_tune_card(aside, base, kept)
        aside.rename(out)
        return kept
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def usable(files: Sequence[SourceText]) -> list[SourceText]:
    """The files without copies, other people's code, secrets, and those too small or large to learn from."""
    once = {file.text: file for file in files}
    found = [
        file
        for file in once.values()
        if path_reason(file.path, len(file.text.encode())) is None and not has_secret(file.text)
    ]
    n_chars = sum(len(file.text) for file in found)
    if len(found) < LEAST_FILES or n_chars < LEAST_CHARS:
        raise DocumentError(
            f"too little to learn from: {len(found)} Python files with {n_chars:,} characters; "
            f"{LEAST_FILES} files and {LEAST_CHARS:,} characters are needed"
        )
    return found


def split(files: Sequence[SourceText]) -> tuple[list[SourceText], list[SourceText]]:
    """Files to learn from, and files to measure on: a tenth, the same ones as long as their names stay the same."""
    ordered = sorted(files, key=lambda file: hashlib.sha256(file.path.encode()).digest())
    wanted = HELDOUT_SHARE * sum(len(file.text) for file in files)
    n, n_chars = 0, 0
    while n_chars < wanted and n < len(ordered) - 1:
        n_chars += len(ordered[n].text)
        n += 1
    return ordered[n:], ordered[:n]


class _Tuning:
    """One run."""

    def __init__(
        self,
        base: Path,
        learned: Sequence[SourceText],
        heldout: Sequence[SourceText],
        folder: Path,
        settings: TuneSettings,
    ) -> None:
        if settings.threads:
            torch.set_num_threads(settings.threads)
        torch.manual_seed(0)
        self.base, self.learned, self.heldout = base, learned, heldout
        self.folder, self.settings = folder, settings
        self.config, self.tokenizer = read_config(base), read_tokenizer(base)
        self.recipe = _recipe(self.config, folder.name, settings)
        self.model = load_weights(self.config, base / WEIGHTS).train().requires_grad_(True)
        self.trainer = self._trainer()
        self.best = _Best(self.model)
        self.trainer.watch = self.best.look

    def run(self) -> TuneReport:
        """Measure, learn, write, and measure what was written."""
        n_chars = sum(len(file.text) for file in self.learned)
        n_files, n_heldout = len(self.learned), len(self.heldout)
        say(f"{self.base.name} learns from {n_files} files ({n_chars / 1e6:.1f} MB), {n_heldout} are held out")
        library = self._batches(read_texts(library_files()))
        before = self._measure(self.model, library)
        self.trainer.run(Budget(minutes=self.settings.minutes))
        shutil.rmtree(self.folder / _RUN / CHECKPOINT)
        self.best.restore(self.model)
        _write(self.folder, self.base, self.config, self.tokenizer, self.model)
        after = self._measure(load_weights(self.config, self.folder / WEIGHTS), library)
        done = self.trainer.progress
        return TuneReport(None, n_files, n_heldout, n_chars, done.tokens, done.seconds / 60, before, after)

    def _trainer(self) -> Trainer:
        source = self._source([file.text for file in self.learned], self.recipe.seed)
        device = torch.device("cpu")
        return Trainer(
            self.recipe,
            self.model,
            source,
            self._batches([file.text for file in self.heldout]),
            self.folder / _RUN,
            means=Means(bf16=has_bf16(device)),
            intervals=Intervals(checkpoint_seconds=math.inf, heldout_seconds=60 * self.settings.minutes / LOOKS),
        )

    def _source(self, texts: Sequence[str], seed: int) -> BatchSource:
        builder = ExampleBuilder(self.config, self.tokenizer, self.recipe.windows)
        return BatchSource(texts, builder, self.recipe.examples_per_step, self.recipe.stride, seed)

    def _batches(self, texts: Sequence[str]) -> list[Batch]:
        source = self._source(texts, seed=0)
        return [source.batch(step) for step in range(HELDOUT_BATCHES)]

    def _measure(self, model: Decoder, library: list[Batch]) -> Measured:
        learner = Learner(model, self.recipe, bf16=self.trainer.means.bf16)
        own, general = (measure(learner, batches) for batches in (self.trainer.heldout, library))
        return Measured(mean_nll(own), mean_nll(general))


class _Best:
    """The weights that did best on the held-out files so far."""

    def __init__(self, model: Decoder) -> None:
        self._model, self._nll = model, math.inf
        self._weights: dict[str, Tensor] = {}

    def look(self, measured: Metrics) -> None:
        """Keep the model's weights if it has never been better."""
        nll = mean_nll(measured)
        if nll < self._nll:
            self._nll = nll
            self._weights = {name: tensor.detach().clone() for name, tensor in self._model.state_dict().items()}

    def restore(self, model: Decoder) -> None:
        """Give the model the best weights."""
        model.load_state_dict(self._weights)


def mean_nll(measured: Metrics) -> float:
    """Of both directions, in nats per token."""
    return (measured.nll_forward + measured.nll_backward) / 2


def _recipe(config: ModelConfig, name: str, settings: TuneSettings) -> Recipe:
    return Recipe(
        name="tune",
        model_name=name,
        config=config,
        minutes=settings.minutes,
        examples_per_step=4,
        matrix_lr=settings.matrix_lr,
        other_lr=settings.other_lr,
        warm_up=0.05,
        decay=0.95,
    )


def _write(folder: Path, base: Path, config: ModelConfig, tokenizer: CodeTokenizer, model: Decoder) -> None:
    write_shape(folder, config, tokenizer)
    save_weights(model, folder / WEIGHTS)
    copy_fitted(base, folder)  # the log-probabilities mean the same
