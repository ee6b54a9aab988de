"""The text on which quantization measures what a layer's inputs are like: rows as in training, in both directions."""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from mim_lsp.errors import DocumentError
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.training.windows import ExampleBuilder, WindowSettings

TOKENS = 65_536
"""Three times as many windows as are needed for about half of it changed nothing (docs/experiments.md)."""
CHARS_PER_ANCHOR = 1500
"""Range in which a hole is drawn."""
_NOT_CODE = ("site-packages", "dist-packages", "test", "tests", "idlelib", "__pycache__")


def library_files() -> list[Path]:
    """Python's own library, which every machine has, without its tests."""
    library = Path(sysconfig.get_path("stdlib"))
    files = sorted(library.rglob("*.py"))
    return [path for path in files if not set(path.relative_to(library).parts) & set(_NOT_CODE)]


def read_texts(paths: Sequence[Path]) -> list[str]:
    """The texts of Python files, and of all those in folders; what is no UTF-8 is left out.

    Raises:
        DocumentError: a path does not exist, or there is no text in all of them.
    """
    texts = []
    for path in paths:
        if not path.exists():
            raise DocumentError(f"{path} does not exist")
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            try:
                texts.append(file.read_text(encoding="utf-8"))
            except UnicodeDecodeError:
                continue
            except OSError as error:
                raise DocumentError(f"cannot read {file}: {error.strerror}") from error
    found = [text for text in texts if text.strip()]
    if not found:
        raise DocumentError("there is no text to calibrate on in these files; name others")
    return found


def draw_rows(
    config: ModelConfig, tokenizer: CodeTokenizer, texts: Sequence[str], tokens: int = TOKENS, seed: int = 0
) -> list[Tensor]:
    """Rows of ids from random places of `texts`, whole texts and holes as training draws them, `tokens` in all."""
    builder = ExampleBuilder(config, tokenizer, WindowSettings(tokens=config.context_length))
    rng = random.Random(seed)
    lengths, rows, missing = [len(text) for text in texts], [], tokens
    while missing > 0:
        text = rng.choices(texts, lengths)[0]
        example = builder.draw(text, rng.randrange(len(text)), CHARS_PER_ANCHOR, rng)
        for row in (example.forward, example.backward):
            rows.append(torch.tensor(row[: config.context_length]))
            missing -= len(rows[-1])
    return rows
