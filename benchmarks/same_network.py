"""Shows that all contestants compute the same network: their logits against llama.cpp's with unrounded weights.

The error is the root mean square of the difference, as a share of the logits' own deviation. Contestants with equal
bits should have about equal errors; those of 4 bits are large, since random layers dampen nothing.

Usage: python -m benchmarks.same_network [--shape nano]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.contestants import CONTESTANTS
from benchmarks.llama_cpp import LlamaCppRuntime
from benchmarks.passes import some_ids
from benchmarks.random_models import DEFAULT_FOLDER, write_models
from benchmarks.shapes import SHAPES
from mim_lsp.runtime.arrays import FloatArray, as_array
from mim_lsp.runtime.protocol import Feed, Runtime

TOKENS = 300


def centered_logits(runtime: Runtime) -> FloatArray:
    """(TOKENS, vocab_size) of some text; each with mean 0, so that logits and log-probabilities are the same."""
    logits = as_array(runtime.step([Feed(runtime.open_row(), some_ids(TOKENS), outputs=TOKENS)])[0])
    centered: FloatArray = logits - logits.mean(axis=1, keepdims=True)
    return centered


def compare(model: Path) -> None:
    """Print the error of each contestant that can take part."""
    exact = centered_logits(LlamaCppRuntime(model.with_name(f"{model.name}-f32.gguf"), threads=1))
    for name, contestant in CONTESTANTS.items():
        if contestant.problem() is None:
            difference = centered_logits(contestant.open(model, 1)) - exact
            error = np.sqrt(np.square(difference).mean()) / exact.std()
            print(f"{name:16} {error:7.3%}")


def main() -> None:
    """Compare on the shape that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="nano")
    arguments = parser.parse_args()
    write_models([arguments.shape], DEFAULT_FOLDER)
    compare(DEFAULT_FOLDER / arguments.shape)


if __name__ == "__main__":
    main()
