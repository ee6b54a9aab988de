"""The folder that a trained model is kept in: `config.json`, `tokenizer.json`, `model.safetensors`, `README.md`.

What was fitted to a model lies beside them: `memory.json`, which is the engine's to read, and `confidence.json`, which
is the completion layer's.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from mim_lsp.model.config import ModelConfig
from mim_lsp.model.tokenizer import CodeTokenizer

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
CARD = "README.md"
FITTED = ("memory.json", "confidence.json")


def read_config(folder: Path) -> ModelConfig:
    """The model's shape; raises `ModelError` when the folder is not a model's."""
    return ModelConfig.from_file(folder / CONFIG)


def read_tokenizer(folder: Path) -> CodeTokenizer:
    """The model's tokenizer; raises `ModelError` when it is missing or malformed."""
    return CodeTokenizer.from_file(folder / TOKENIZER)


def write_shape(folder: Path, config: ModelConfig, tokenizer: CodeTokenizer) -> None:
    """Write all but the weights and the card."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(config.to_json(), encoding="utf-8")
    tokenizer.save(folder / TOKENIZER)


def copy_fitted(source: Path, folder: Path) -> None:
    """Give a model that was made from the one in `source`, and differs little, what was fitted to that."""
    for name in FITTED:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
