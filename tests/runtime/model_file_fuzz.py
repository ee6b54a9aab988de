"""Loads and runs damaged copies of a model folder: each must run, or be refused with one clear line.

As a program, it does so for a long time: `python -m tests.runtime.model_file_fuzz --count 20000 --seed 1`. Under a core
that was built with sanitizers (`scripts/native-test --sanitize` does that) a read outside an array ends the program.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from mim_lsp.errors import ModelError
from mim_lsp.model.arrays import int4_groups, int8_rows, plain, write_tensors
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.folder import CONFIG, TOKENIZER, WEIGHTS
from mim_lsp.model.tensors import StoredTensor, shapes
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.runtime.loading import RuntimeOptions, load_model
from mim_lsp.runtime.protocol import Feed
from tests.tiny import tiny_config, tiny_tokenizer

NUMBERS = (
    0,
    -1,
    1,
    2,
    3,
    7,
    63,
    64,
    65,
    255,
    256,
    1 << 16,
    1 << 24,
    (1 << 31) - 1,
    1 << 31,
    1 << 32,
    1 << 63,
    1e308,
    0.5,
)
VALUES = (*NUMBERS, None, True, "", "I8", "F16", "U8", "F32", "F64", [], [0], [1, 2], {}, [[[[]]]], float("nan"))


def write_folder(folder: Path, config: ModelConfig, tokenizer: CodeTokenizer) -> None:
    """A small model folder with an int8 and an int4 matrix, float vectors and a plain matrix."""
    rng = np.random.default_rng(0)
    tensors: dict[str, StoredTensor] = {}
    for name, shape in shapes(config):
        if len(shape) == 1 or name.endswith("up.weight"):
            tensors[name] = plain(rng.normal(size=shape).astype(np.float32))
        elif name.endswith("down.weight"):
            values = rng.integers(-8, 8, shape).astype(np.int8)
            scales = rng.uniform(0.01, 0.02, (shape[0], shape[1] // 32)).astype(np.float16)
            tensors[name] = int4_groups(values, scales, 32)
        else:
            scales = rng.uniform(0.001, 0.002, shape[0]).astype(np.float32)
            tensors[name] = int8_rows(rng.integers(-127, 128, shape).astype(np.int8), scales)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(config.to_json(), encoding="utf-8")
    tokenizer.save(folder / TOKENIZER)
    write_tensors(folder / WEIGHTS, tensors)


def damage_bytes(data: bytes, rng: random.Random) -> bytes:
    """Some bytes flipped, removed, doubled or overwritten; half of the time near the beginning."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        end = len(out) if rng.random() < 0.5 else min(len(out), 2048)
        at = rng.randrange(max(1, end))
        match rng.randrange(5):
            case 0:
                out[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del out[at : at + rng.choice((1, 2, 8, 100, len(out)))]
            case 2:
                out[at:at] = out[at : at + rng.choice((1, 8, 100))]
            case 3:
                out[at : at + 8] = rng.choice((b"\xff" * 8, b"\x00" * 8, b"\x7f" * 8))
            case 4:
                out[at : at + 1] = rng.choice((b'"', b"{", b"}", b"[", b"]", b",", b":", b"9", b"-", b"e"))
    return bytes(out)


def damage_json(data: Any, rng: random.Random) -> Any:
    """One value somewhere in a JSON document replaced, removed or renamed."""
    if isinstance(data, dict) and data:
        key = rng.choice(list(data))
        copy = dict(data)
        match rng.randrange(8):
            case 0:
                del copy[key]
            case 1:
                copy[rng.choice((key + "x", "", *data))] = copy.pop(key)
            case _:
                copy[key] = damage_json(copy[key], rng)
        return copy
    if isinstance(data, list) and data and rng.random() < 0.8:
        at = rng.randrange(len(data))
        return [*data[:at], damage_json(data[at], rng), *data[at + 1 :]]
    if isinstance(data, int) and rng.random() < 0.5:
        return data + rng.choice((-64, -8, -2, -1, 1, 2, 8, 64))
    return rng.choice(VALUES)


def damage_config(folder: Path, rng: random.Random) -> None:
    """Damage `config.json` as text or as JSON."""
    path = folder / CONFIG
    if rng.random() < 0.3:
        path.write_bytes(damage_bytes(path.read_bytes(), rng))
    else:
        path.write_text(json.dumps(damage_json(json.loads(path.read_text(encoding="utf-8")), rng)), encoding="utf-8")


def damage_weights(folder: Path, rng: random.Random) -> None:
    """Damage `model.safetensors` as bytes, or its header as JSON, the header's length set right or not."""
    path = folder / WEIGHTS
    data = path.read_bytes()
    if rng.random() < 0.5:
        path.write_bytes(damage_bytes(data, rng))
        return
    size = int.from_bytes(data[:8], "little")
    header = json.dumps(damage_json(json.loads(data[8 : 8 + size]), rng)).encode()
    length = len(header) if rng.random() < 0.9 else rng.choice((0, 1, size, 1 << 31, (1 << 64) - 1))
    path.write_bytes(length.to_bytes(8, "little") + header + data[8 + size :])


def load_and_run(folder: Path) -> str:
    """What became of a folder: `ran` or `refused`. Anything else that happens is a failure, and raised."""
    try:
        model = load_model(str(folder), RuntimeOptions("cpu", threads=1, runtime="native"))
    except ModelError as error:
        return "refused" if "\n" not in str(error) else "refused in several lines"
    row = model.runtime.open_row()
    ids = [model.config.special.l2r, *range(min(40, model.config.n_text_tokens))]
    (found,) = model.runtime.step([Feed(row, ids, 3)])
    assert [one.floats().shape for one in found] == [(model.config.vocab_size,)] * 3
    assert found[0].best_below(3) in range(3)
    model.runtime.step([Feed(row, [0])])
    return "ran"


def fuzz(folder: Path, count: int, seed: int) -> Counter[str]:
    """How many of `count` damaged copies of `folder` ran, and how many were refused."""
    rng, outcomes = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as scratch:
        for n in range(count):
            copy = Path(scratch) / str(n)
            shutil.copytree(folder, copy)
            rng.choice((damage_config, damage_weights, damage_weights))(copy, rng)
            try:
                outcomes[load_and_run(copy)] += 1
            except Exception as error:
                raise AssertionError(f"copy {n} of seed {seed} was neither run nor refused: {error!r}") from error
            shutil.rmtree(copy)
    return outcomes


def fuzz_config() -> ModelConfig:
    """The model that is damaged."""
    return tiny_config(d_model=64, d_ff=128, head_dim=16, n_heads=4)


def main() -> None:
    """Fuzz for as long as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        write_folder(folder, fuzz_config(), tiny_tokenizer())
        assert load_and_run(folder) == "ran"
        outcomes = fuzz(folder, args.count, args.seed)
    sys.stdout.write(f"{args.count} damaged models: {dict(outcomes)}\n")


if __name__ == "__main__":
    main()
