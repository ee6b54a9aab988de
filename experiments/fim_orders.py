"""What a `fim` model makes of the two orders that it learned: nats a token of middles cut at any characters.

python -m experiments.fim_orders MODEL CORPUS
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import torch

from mim_lsp.model.folder import WEIGHTS, read_config, read_tokenizer
from mim_lsp.model.network import Decoder
from mim_lsp.model.weights import load_weights
from mim_lsp.training.batches import pack
from mim_lsp.training.fim import FimParts, cut, psm_row, spm_row
from mim_lsp.training.forward import batch_losses
from mim_lsp.training.heldout import heldout_texts
from mim_lsp.training.windows import ROW_OVERHEAD, Example, ExampleBuilder, WindowSettings

WINDOWS = 200
ORDERS = {"spm": spm_row, "psm": psm_row}


def measure(folder: Path, corpus: Path, *, windows: int = WINDOWS, seed: int = 0) -> dict[str, float]:
    """Nats a token of the middle, <eom> included, in each order of the same pieces."""
    config, tokenizer = read_config(folder), read_tokenizer(folder)
    model = load_weights(config, folder / WEIGHTS)
    builder = ExampleBuilder(config, tokenizer, WindowSettings(tokens=config.context_length))
    documents, rng = heldout_texts(corpus, prose=False), random.Random(seed)
    longest = config.context_length - 2 * ROW_OVERHEAD
    pieces: list[FimParts] = []
    while len(pieces) < windows:
        text = rng.choices(documents, [len(document.content) for document in documents])[0].content
        tokens = builder.whole_text(text, rng.randrange(len(text)), longest).forward[1:]
        pieces.append(cut(tokenizer, tokenizer.decode(tokens), rng))
    n_tokens = sum(len(parts.middle) + 1 for parts in pieces)
    return {
        name: sum(_nll(model, row(config.special, parts), len(parts.middle) + 1) for parts in pieces) / n_tokens
        for name, row in ORDERS.items()
    }


def _nll(model: Decoder, row: Sequence[int], last: int) -> float:
    """Of the last so many tokens of a row."""
    batch = pack([Example(list(row), [], [], "fim")], len(row) - 1, model.config.special.pad)
    with torch.no_grad():
        losses = batch_losses(model, batch, 0.0, bf16=False)
    return float(losses.nll_N[len(row) - 1 - last : len(row) - 1].double().sum())


def main() -> None:
    """Print both orders' numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("corpus", type=Path)
    args = parser.parse_args()
    print(json.dumps(measure(args.model, args.corpus)))


if __name__ == "__main__":
    main()
