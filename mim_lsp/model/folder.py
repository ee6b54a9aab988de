"""The folder that a trained model is kept in: `config.json`, `tokenizer.json`, `model.safetensors`, `README.md`.

A model whose confidence was calibrated has a `confidence.json` too, which is the completion layer's to read.
"""

from __future__ import annotations

from pathlib import Path

from mim_lsp.model.config import ModelConfig
from mim_lsp.model.tokenizer import CodeTokenizer

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
CARD = "README.md"
CONFIDENCE = "confidence.json"


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
