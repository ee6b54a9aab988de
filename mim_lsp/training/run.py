"""`mim-lsp train`: from a corpus folder to a model folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mim_lsp.errors import CorpusError, ModelError, SettingsError
from mim_lsp.model.folder import TOKENIZER, read_config
from mim_lsp.model.network import Decoder
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.training.batches import Batch, BatchSource
from mim_lsp.training.bf16 import has_bf16
from mim_lsp.training.budget import Budget, Intervals
from mim_lsp.training.checkpoint import whole_checkpoint
from mim_lsp.training.corpus.reader import Document, Split, how_to_build, read_documents
from mim_lsp.training.example_shards import drawn_batches
from mim_lsp.training.export import load_trained, write_model
from mim_lsp.training.flops import peak_flops
from mim_lsp.training.log import say
from mim_lsp.training.loop import CHECKPOINT, Means, Trainer
from mim_lsp.training.memory import keep_freed_memory
from mim_lsp.training.recipe import Recipe
from mim_lsp.training.recipes import find_recipe
from mim_lsp.training.settings import read_recipe, with_settings, write_recipe
from mim_lsp.training.vocabulary import learn_tokenizer
from mim_lsp.training.windows import ExampleBuilder
from mim_lsp.training.workers import Workers

HELDOUT_BATCHES = 8
FIXED_HELDOUT_BATCHES = 2
"""Of batches with `rows`, which are large."""
OVERDRAWN = 1.5
"""Windows for a batch with `rows`, of what would fill it if all were as long as they are meant to be: many are shorter,
at the end of a file say, and what does not fit is left out. Measured: 97 % full for `base` (docs/experiments.md)."""
MOST_FEEDERS = 8


@dataclass(frozen=True)
class Machine:
    """What a run is given to compute with."""

    device: str = "auto"
    """`auto`, `cpu` or `cuda`."""
    threads: int | None = None
    """CPU threads; torch's default if None."""
    shard: bool = False
    """Each of several processes keeps a part of the model only."""
    feeders: int | None = None
    """Processes that draw windows; if None, what suits the device."""
    drawn: Path | None = None
    """Folder of windows that `mim-lsp corpus draw` drew for this run, to be read instead."""


def train(
    recipe: str,
    *,
    corpus: Path,
    out: Path,
    minutes: float | None = None,
    steps: int | None = None,
    resume: bool = False,
    start: Path | None = None,
    branch: Path | None = None,
    settings: Sequence[str] = (),
    machine: Machine | None = None,
) -> Path:
    """Train `recipe` on the corpus and write the model folder `out/<model name>`.

    Args:
        recipe: a name in `recipes.RECIPES`.
        corpus: folder that `mim-lsp corpus build` wrote.
        out: folder for checkpoint, log and model.
        minutes: time budget; the recipe's own if neither this nor `steps` is given.
        steps: end after so many steps instead.
        resume: go on from the checkpoint in `out`, by the recipe and settings that are kept there.
        start: folder of a model of the recipe's shape, whose tokenizer and weights the run begins with.
        branch: folder of another run, from whose checkpoint this one begins by its own recipe: weights, optimizer,
            steps and time so far.
        settings: `NAME=VALUE`, changes to the recipe.
        machine: what to compute with.

    Raises:
        SettingsError: unknown recipe or setting, no such device, no budget, a `start` of another shape, drawn windows
            of another run, a run in `out` that is not to be resumed, or too little memory.
        CorpusError: the corpus is missing or empty.
        ModelError: `resume` or `branch` without a checkpoint that fits.
    """
    machine, workers = machine or Machine(), Workers()
    target = _device(machine.device, workers)
    chosen = _with_length(with_settings(_recipe(recipe, out, resume=resume), settings), minutes, steps)
    if start is not None:
        chosen = _going_on(chosen, start, settings)
    budget = Budget(steps=chosen.steps) if chosen.steps else Budget(chosen.minutes)
    _look_for_checkpoints(out, origin=out if resume else branch)
    if machine.shard and workers.size == 1:
        raise SettingsError("only several processes can share a model out: start them with torchrun, see --help.")
    _set_up(target, machine.threads, chosen.seed)
    documents, heldout = _documents(corpus, "train"), _documents(corpus, "heldout")
    out.mkdir(parents=True, exist_ok=True)
    workers.join(target)
    origin = out if resume else branch or start
    tokenizer = _tokenizer(chosen, documents, origin, workers)
    if workers.is_first and not resume:
        tokenizer.save(out / TOKENIZER)
    builder = _builder(chosen, tokenizer)
    source, measured = _source(documents, builder, chosen), heldout_batches(heldout, builder, chosen)
    model = (Decoder(chosen.config) if start is None else _started(chosen, start)).to(target)
    means = _means(machine, chosen, target, workers)
    batches = source if machine.drawn is None else drawn_batches(machine.drawn, source)
    trainer = Trainer(chosen, model, batches, measured, out, means=means, intervals=_intervals(budget), workers=workers)
    if resume:
        trainer.resume()
    elif branch is not None:
        trainer.resume(branch / CHECKPOINT)
        if budget.share_used(trainer.progress) >= 1:
            raise SettingsError(f"the run in {branch} is as long as this one is to be: give more --steps or --minutes.")
    if workers.is_first:
        write_recipe(chosen, out)
        say(f"{chosen.name}: {chosen.config.n_parameters / 1e6:.1f}M parameters on {target}{_speed(means)}")
        if target.type == "cuda" and not chosen.rows:
            say(f"{chosen.name} is made for CPUs, and a GPU waits most of the time: try --set rows=128")
    trainer.run(budget)
    folder = write_model(out / chosen.model_name, chosen, tokenizer, model, workers)
    workers.leave()
    return folder


def _look_for_checkpoints(out: Path, origin: Path | None) -> None:
    """Raise `ModelError` if there is none in `origin`, `SettingsError` if there is one in `out` that is not wanted."""
    if origin is not None and not whole_checkpoint(origin / CHECKPOINT).exists():
        raise ModelError(f"cannot resume from {origin}: no checkpoint is there. Start without --resume or --branch.")
    if origin != out and whole_checkpoint(out / CHECKPOINT).exists():
        raise SettingsError(f"{out} holds a run already. Go on with it by --resume, or choose another --out.")


def _recipe(name: str, out: Path, *, resume: bool) -> Recipe:
    """The recipe of that name, or what the run that goes on made of it."""
    named, kept = find_recipe(name), read_recipe(out) if resume else None
    if kept is not None and kept.name != name:
        raise SettingsError(
            f"the run in {out} is of the recipe {kept.name}, not {name}. Choose another --out, and --branch {out} to "
            "begin with its checkpoint."
        )
    return kept or named


def _with_length(recipe: Recipe, minutes: float | None, steps: int | None) -> Recipe:
    if steps is not None:
        Budget(steps=steps)  # raises where there is nothing to do
        return replace(recipe, steps=steps)
    return recipe if minutes is None else replace(recipe, minutes=minutes, steps=0)


def _set_up(device: torch.device, threads: int | None, seed: int) -> None:
    if threads:
        torch.set_num_threads(threads)
    if device.type == "cpu":
        keep_freed_memory()
    else:
        torch.cuda.set_device(device)
        torch.set_float32_matmul_precision("high")
    torch.manual_seed(seed)


def _means(machine: Machine, recipe: Recipe, device: torch.device, workers: Workers) -> Means:
    bf16, on_gpu = has_bf16(device), device.type == "cuda"
    most = max(1, ((os.cpu_count() or 1) - 1) // max(1, workers.size)) if on_gpu else 0
    return Means(
        bf16=bf16,
        compiled=on_gpu and recipe.compile and bool(recipe.rows),
        sharded=machine.shard,
        feeders=min(MOST_FEEDERS, most) if machine.feeders is None else machine.feeders,
        peak_flops=peak_flops(device, bf16=bf16),
    )


def _intervals(budget: Budget) -> Intervals:
    """The usual ones, but a few looks at held-out files in a short run too."""
    usual = Intervals()
    if budget.minutes is None:
        return usual
    return replace(usual, heldout_seconds=min(usual.heldout_seconds, 60 * budget.minutes / 4))


def _speed(means: Means) -> str:
    peak = f", which reaches {means.peak_flops / 1e12:.2f} TFLOP/s in matrix products"
    return f"{peak}{', compiled' if means.compiled else ''}"


def _going_on(recipe: Recipe, start: Path, settings: Sequence[str]) -> Recipe:
    """The recipe with the `end_bias` of the model in `start`, which has learned with it or been given it, unless the
    settings name another one.
    """
    config, given = recipe.config, read_config(start)
    if replace(given, end_bias=config.end_bias) != config:
        raise SettingsError(f"the model in {start} has another shape than the recipe {recipe.name}")
    if any(setting.startswith("end_bias=") for setting in settings):
        return recipe
    return replace(recipe, config=given)


def _started(recipe: Recipe, start: Path) -> Decoder:
    """The model in `start`, to be trained further."""
    return load_trained(recipe.config, start).train().requires_grad_(True)


def heldout_batches(documents: list[Document], builder: ExampleBuilder, recipe: Recipe) -> list[Batch]:
    """The same few held-out batches every time."""
    source = _source(documents, builder, replace(recipe, seed=0))
    return [source.batch(step) for step in range(FIXED_HELDOUT_BATCHES if recipe.rows else HELDOUT_BATCHES)]


def _documents(corpus: Path, split: Split) -> list[Document]:
    documents = read_documents(corpus, split, prose=split == "train")
    if not any(document.content for document in documents):
        raise CorpusError(f"{corpus} holds no {split} documents. {how_to_build(corpus)}")
    return documents


def _tokenizer(recipe: Recipe, documents: list[Document], origin: Path | None, workers: Workers) -> CodeTokenizer:
    """That of the run or model in `origin`, else one learned from an even sample of the corpus; alike in every process.

    Raises:
        ModelError: `origin` has none.
    """
    if origin is not None:
        return CodeTokenizer.from_file(origin / TOKENIZER)
    every = max(1, sum(len(d.content) for d in documents) // recipe.tokenizer_chars)
    if workers.is_first:
        say("learning the tokenizer")
    return learn_tokenizer((d.content for d in documents[::every]), recipe.config.vocab_size)


def _builder(recipe: Recipe, tokenizer: CodeTokenizer) -> ExampleBuilder:
    return ExampleBuilder(recipe.config, tokenizer, recipe.windows)


def _source(documents: list[Document], builder: ExampleBuilder, recipe: Recipe) -> BatchSource:
    texts = [document.content for document in documents]
    if recipe.rows:
        each = recipe.n_directions * sum(recipe.lengths) / len(recipe.lengths)
        n_examples = max(1, round(OVERDRAWN * recipe.rows / each))
        return BatchSource(texts, builder, n_examples, recipe.stride, recipe.seed, recipe.rows)
    return BatchSource(texts, builder, recipe.examples_per_step, recipe.stride, recipe.seed)


def _device(name: str, workers: Workers) -> torch.device:
    has_gpu = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda") or (name == "cuda" and not has_gpu):
        raise SettingsError(f"cannot train on '{name}' here. Choose one of: auto, cpu{', cuda' if has_gpu else ''}.")
    return torch.device("cuda", workers.local_rank) if has_gpu and name != "cpu" else torch.device("cpu")
