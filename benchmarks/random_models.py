"""Models with random weights, the same ones for every contestant: our model folders, and GGUF files for llama.cpp.

Speed does not depend on the weights' values, so random ones will do for any shape. Every format is rounded from the
same floats: all contestants compute the same network, up to rounding, as `benchmarks.same_network` shows.

int4 is what `mim-lsp quantize` writes by default: groups of 64, with the embedding and the values of attention in int8.
The q4_0 that it is compared with keeps the same matrices in q8_0; `q4_0-throughout` has all of them in 4 bits.

Usage: python -m benchmarks.random_models [--shapes nano 60M 110M] [--out build/random-models]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.gguf_files import GGUF_KINDS, write_gguf
from benchmarks.shapes import INT8_KINDS, SHAPES, kind_of
from mim_lsp.model.arrays import FloatArray, int4_groups, int8_rows, plain, write_tensors
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.folder import TOKENIZER, WEIGHTS, read_tokenizer, write_shape
from mim_lsp.model.tensors import StoredTensor, shapes
from mim_lsp.runtime.loading import DEFAULT_MODEL, find_model

DEFAULT_FOLDER = Path("build/random-models")
STD = 0.02
"""Of the weights."""
INT4_GROUP = 64
"""As `mim-lsp quantize` has it: 4.25 bits for a weight with its share of the scale."""


def random_weights(config: ModelConfig, seed: int = 0) -> dict[str, FloatArray]:
    """Normally distributed matrices, and norms of ones, by our names."""
    rng = np.random.default_rng(seed)
    return {
        name: np.ones(shape, np.float32)
        if len(shape) == 1
        else rng.standard_normal(shape, np.float32) * np.float32(STD)
        for name, shape in shapes(config)
    }


def as_int8(weight: FloatArray) -> StoredTensor:
    """Rounded to nearest with a scale for each row; a vector stays as it is."""
    if weight.ndim == 1:
        return plain(weight)
    scales = np.abs(weight).max(axis=1) / np.float32(127)
    return int8_rows(np.rint(weight / scales[:, None]).astype(np.int8), scales)


def as_int4(weight: FloatArray, group: int = INT4_GROUP) -> StoredTensor:
    """Rounded as q4_0 does, which has groups of 32; a vector stays as it is."""
    if weight.ndim == 1:
        return plain(weight)
    groups = weight.reshape(len(weight), -1, group)
    largest = np.take_along_axis(groups, np.abs(groups).argmax(axis=-1, keepdims=True), axis=-1)
    scales = largest / np.float32(-8)
    values = np.trunc(groups * (1 / scales) + np.float32(8.5)).clip(0, 15).astype(np.int8) - np.int8(8)
    return int4_groups(values.reshape(weight.shape), scales[..., 0].astype(np.float16), group)


def write_folder(folder: Path, config: ModelConfig, weights: dict[str, StoredTensor], tokenizer_from: Path) -> None:
    """Write one of our model folders."""
    write_shape(folder, config, read_tokenizer(tokenizer_from))
    write_tensors(folder / WEIGHTS, weights)


def stored_weights(weights: dict[str, FloatArray], kind: str) -> dict[str, StoredTensor]:
    """All tensors as a model folder of `kind`, int8 or int4, holds them."""
    is_int8 = {name: kind == "int8" or kind_of(name) in INT8_KINDS for name in weights}
    return {name: as_int8(weight) if is_int8[name] else as_int4(weight) for name, weight in weights.items()}


def write_models(names: Iterable[str], out: Path) -> None:
    """Write `NAME-int8` and `NAME-int4` folders and `NAME-KIND.gguf` files, those that are not there yet."""
    tokenizer_from = find_model(DEFAULT_MODEL)
    for name in names:
        config, done = SHAPES[name], out / f"{name}.done"
        if done.exists():
            continue
        weights = random_weights(config)
        for kind in ("int8", "int4"):
            write_folder(out / f"{name}-{kind}", config, stored_weights(weights, kind), tokenizer_from)
        for kind in GGUF_KINDS:
            write_gguf(out / f"{name}-{kind}.gguf", config, weights, tokenizer_from / TOKENIZER, kind)
        done.touch()


def main() -> None:
    """Write what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER)
    arguments = parser.parse_args()
    write_models(arguments.shapes, arguments.out)


if __name__ == "__main__":
    main()
