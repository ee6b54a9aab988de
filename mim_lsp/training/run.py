"""`mim-lsp train`: from a corpus folder to a model folder."""

from __future__ import annotations

from pathlib import Path

import torch

from mim_lsp.errors import CorpusError
from mim_lsp.model.folder import TOKENIZER, WEIGHTS, write_shape
from mim_lsp.model.network import Decoder
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.model.weights import save_weights
from mim_lsp.training.batches import Batch, BatchSource
from mim_lsp.training.corpus.reader import Document, read_documents
from mim_lsp.training.loop import Budget, Trainer
from mim_lsp.training.recipes import Recipe, find_recipe
from mim_lsp.training.windows import ExampleBuilder, WindowSettings

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

    Raises:
        SettingsError: unknown recipe.
        CorpusError: the corpus is missing or empty.
        ModelError: `resume` without a checkpoint that fits.
    """
    chosen = find_recipe(recipe)
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(chosen.seed)
    documents, heldout = _documents(corpus, "train"), _documents(corpus, "heldout")
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(chosen, documents, out)
    model = Decoder(chosen.config).to(_device(device))
    builder = _builder(chosen, tokenizer)
    trainer = Trainer(
        chosen,
        model,
        _source(documents, builder, chosen),
        heldout_batches(heldout, builder, chosen),
        out,
        bf16=_has_bf16(device),
    )
    if resume:
        trainer.resume()
    _say(f"{chosen.name}: {sum(p.numel() for p in model.parameters()) / 1e6:.1f}M parameters on {_device(device)}")
    trainer.run(Budget(minutes=None if steps else minutes or chosen.minutes, steps=steps))
    return write_model(out / chosen.model_name, chosen, tokenizer, model)


def write_model(folder: Path, recipe: Recipe, tokenizer: CodeTokenizer, model: Decoder) -> Path:
    """Write the trained model's folder, all but its card."""
    write_shape(folder, recipe.config, tokenizer)
    save_weights(model, folder / WEIGHTS)
    _say(f"model written to {folder}")
    return folder


def heldout_batches(documents: list[Document], builder: ExampleBuilder, recipe: Recipe) -> list[Batch]:
    """The same few held-out batches every time."""
    source = BatchSource([d.content for d in documents], builder, recipe.examples_per_step, _stride(recipe), seed=0)
    return [source.batch(step) for step in range(HELDOUT_BATCHES)]


def _documents(corpus: Path, split: str) -> list[Document]:
    documents = read_documents(corpus, split)  # type: ignore[arg-type]
    if not documents:
        raise CorpusError(f"{corpus} holds no {split} documents. Build it with: mim-lsp corpus build MANIFEST.")
    return documents


def _tokenizer(recipe: Recipe, documents: list[Document], out: Path) -> CodeTokenizer:
    """The run's tokenizer; learned from an even sample of the corpus the first time."""
    path = out / TOKENIZER
    if path.exists():
        return CodeTokenizer.from_file(path)
    _say("learning the tokenizer")
    every = max(1, sum(len(d.content) for d in documents) // recipe.tokenizer_chars)
    tokenizer = CodeTokenizer.train((d.content for d in documents[::every]), recipe.config.vocab_size)
    tokenizer.save(path)
    return tokenizer


def _builder(recipe: Recipe, tokenizer: CodeTokenizer) -> ExampleBuilder:
    settings = WindowSettings(tokens=recipe.config.context_length, infill_rate=recipe.infill_rate)
    return ExampleBuilder(recipe.config, tokenizer, settings)


def _source(documents: list[Document], builder: ExampleBuilder, recipe: Recipe) -> BatchSource:
    texts = [document.content for document in documents]
    return BatchSource(texts, builder, recipe.examples_per_step, _stride(recipe), recipe.seed)


def _stride(recipe: Recipe) -> int:
    return CHARS_PER_ANCHOR_TOKEN * recipe.config.context_length


def _device(name: str) -> torch.device:
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


def _has_bf16(device: str) -> bool:
    """Whether bf16 is fast there: on a GPU, and on processors that have instructions for it."""
    if _device(device).type == "cuda":
        return True
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported() and "avx512_bf16" in _cpu_flags())


def _cpu_flags() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201
