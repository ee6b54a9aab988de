"""`mim-lsp train`: from a corpus folder to a model folder."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import torch

from mim_lsp.errors import CorpusError, SettingsError
from mim_lsp.model.folder import TOKENIZER, WEIGHTS, read_config, write_shape
from mim_lsp.model.network import Decoder
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.model.weights import load_weights, save_weights
from mim_lsp.training.batches import Batch, BatchSource
from mim_lsp.training.bf16 import has_bf16
from mim_lsp.training.corpus.reader import Document, Split, read_documents
from mim_lsp.training.log import say
from mim_lsp.training.loop import CHECKPOINT, Budget, Trainer
from mim_lsp.training.memory import keep_freed_memory
from mim_lsp.training.recipes import Recipe, find_recipe
from mim_lsp.training.vocabulary import learn_tokenizer
from mim_lsp.training.windows import ExampleBuilder
from mim_lsp.training.workers import Workers

CHARS_PER_ANCHOR_TOKEN = 3
"""Characters of text for each token of a row: how far apart the windows over a document start."""
HELDOUT_BATCHES = 8


def train(
    recipe: str,
    *,
    corpus: Path,
    out: Path,
    minutes: float | None = None,
    steps: int | None = None,
    resume: bool = False,
    device: str = "auto",
    threads: int | None = None,
    start: Path | None = None,
    lr_scale: float = 1.0,
) -> Path:
    """Train `recipe` on the corpus and write the model folder `out/<model name>`.

    Args:
        recipe: a name in `recipes.RECIPES`.
        corpus: folder that `mim-lsp corpus build` wrote.
        out: folder for checkpoint, log and model.
        minutes: time budget; the recipe's own if neither this nor `steps` is given.
        steps: end after so many steps instead.
        resume: go on from the checkpoint in `out`.
        device: `auto`, `cpu` or `cuda`.
        threads: CPU threads; torch's default if None.
        start: folder of a model of the recipe's shape, whose tokenizer and weights the run begins with.
        lr_scale: factor on the recipe's learning rates; a trained model goes on better with less.

    Raises:
        SettingsError: unknown recipe, no such device, no budget, a `start` of another shape, or a run in `out` that is
            not to be resumed.
        CorpusError: the corpus is missing or empty.
        ModelError: `resume` without a checkpoint that fits.
    """
    chosen, target, workers = find_recipe(recipe), _device(device), Workers()
    chosen = replace(chosen, matrix_lr=lr_scale * chosen.matrix_lr, other_lr=lr_scale * chosen.other_lr)
    budget = Budget(steps=steps) if steps is not None else Budget(chosen.minutes if minutes is None else minutes)
    if (out / CHECKPOINT).exists() and not resume:
        raise SettingsError(f"{out} holds a run already. Go on with it by --resume, or choose another --out.")
    _set_up(target, threads, chosen.seed)
    documents, heldout = _documents(corpus, "train"), _documents(corpus, "heldout")
    out.mkdir(parents=True, exist_ok=True)
    workers.join(target)
    if start is not None and not resume and workers.is_first:
        shutil.copyfile(start / TOKENIZER, out / TOKENIZER)
    tokenizer = _tokenizer(chosen, documents, out, workers, resume=resume or start is not None)
    builder = _builder(chosen, tokenizer)
    source, measured = _source(documents, builder, chosen), heldout_batches(heldout, builder, chosen)
    model = (Decoder(chosen.config) if start is None else _started(chosen, start)).to(target)
    trainer = Trainer(chosen, model, source, measured, out, bf16=has_bf16(target), workers=workers)
    if resume:
        trainer.resume()
    if workers.is_first:
        say(f"{chosen.name}: {chosen.config.n_parameters / 1e6:.1f}M parameters on {target}")
    trainer.run(budget)
    workers.leave()
    folder = out / chosen.model_name
    return write_model(folder, chosen, tokenizer, model) if workers.is_first else folder


def _set_up(device: torch.device, threads: int | None, seed: int) -> None:
    if threads:
        torch.set_num_threads(threads)
    if device.type == "cpu":
        keep_freed_memory()
    torch.manual_seed(seed)


def _started(recipe: Recipe, start: Path) -> Decoder:
    """The model in `start`, to be trained further."""
    if read_config(start) != replace(recipe.config, end_bias=read_config(start).end_bias):
        raise SettingsError(f"the model in {start} has another shape than the recipe {recipe.name}")
    return load_weights(recipe.config, start / WEIGHTS).train().requires_grad_(True)


def write_model(folder: Path, recipe: Recipe, tokenizer: CodeTokenizer, model: Decoder) -> Path:
    """Write the trained model's folder, all but its card."""
    write_shape(folder, recipe.config, tokenizer)
    save_weights(model, folder / WEIGHTS)
    say(f"model written to {folder}")
    return folder


def heldout_batches(documents: list[Document], builder: ExampleBuilder, recipe: Recipe) -> list[Batch]:
    """The same few held-out batches every time."""
    source = BatchSource([d.content for d in documents], builder, recipe.examples_per_step, stride(recipe), seed=0)
    return [source.batch(step) for step in range(HELDOUT_BATCHES)]


def _documents(corpus: Path, split: Split) -> list[Document]:
    documents = read_documents(corpus, split, prose=split == "train")
    if not any(document.content for document in documents):
        raise CorpusError(f"{corpus} holds no {split} documents. Build it with: mim-lsp corpus build MANIFEST.")
    return documents


def _tokenizer(
    recipe: Recipe, documents: list[Document], out: Path, workers: Workers, *, resume: bool
) -> CodeTokenizer:
    """The run's tokenizer; learned from an even sample of the corpus when the run begins, alike in every process."""
    path = out / TOKENIZER
    if resume and path.exists():
        return CodeTokenizer.from_file(path)
    every = max(1, sum(len(d.content) for d in documents) // recipe.tokenizer_chars)
    if workers.is_first:
        say("learning the tokenizer")
    tokenizer = learn_tokenizer((d.content for d in documents[::every]), recipe.config.vocab_size)
    if workers.is_first:
        tokenizer.save(path)
    return tokenizer


def _builder(recipe: Recipe, tokenizer: CodeTokenizer) -> ExampleBuilder:
    return ExampleBuilder(recipe.config, tokenizer, recipe.windows)


def _source(documents: list[Document], builder: ExampleBuilder, recipe: Recipe) -> BatchSource:
    texts = [document.content for document in documents]
    return BatchSource(texts, builder, recipe.examples_per_step, stride(recipe), recipe.seed)


def stride(recipe: Recipe) -> int:
    """How many characters apart the windows over a document start."""
    return CHARS_PER_ANCHOR_TOKEN * recipe.config.context_length


def _device(name: str) -> torch.device:
    has_gpu = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda") or (name == "cuda" and not has_gpu):
        raise SettingsError(f"cannot train on '{name}' here. Choose one of: auto, cpu{', cuda' if has_gpu else ''}.")
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")
