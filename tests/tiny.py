"""A tokenizer and a network that are small enough to make in every test."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

from mim_lsp.model.config import ModelConfig, SpecialTokens
from mim_lsp.model.network import Decoder
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.training.vocabulary import learn_tokenizer

VOCAB_SIZE = 400

SOURCE = '''\
"""Shapes and their areas."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Circle:
    """A circle, by its radius."""

    radius: float = 1.0

    def area(self) -> float:
        """The area in square metres."""
        return math.pi * self.radius**2

    def scaled(self, factor: float) -> Circle:
        """A circle that is `factor` times as wide."""
        if factor <= 0:
            raise ValueError(f"factor must be positive, not {factor}")
        return Circle(self.radius * factor)


def total_area(circles: list[Circle], scale: float = 100.0) -> float:
    """The sum of all areas."""
    total = 0.0
    for circle in circles:
        total += circle.scaled(scale).area()
    return total


def largest(circles: list[Circle]) -> Circle | None:
    """The circle with the largest radius; None if there is none."""
    best = None
    for circle in circles:
        if best is None or circle.radius > best.radius:
            best = circle
    return best


names = {"größe": 1024, "面積": 256, "😀": 7}
print(total_area([Circle(1.5), Circle(radius=2)], scale=names["größe"]))
'''
"""A Python file with nested blocks, digits, and text that is not ASCII."""


@cache
def tiny_tokenizer() -> CodeTokenizer:
    """A tokenizer that was learned from `SOURCE`; it has merges for its words and its indentation."""
    return learn_tokenizer([SOURCE] * 2, VOCAB_SIZE)


def tiny_config(**changes: Any) -> ModelConfig:
    """A configuration in which no two dimensions are the same, so that mixed-up ones fail."""
    shape: dict[str, Any] = {
        "vocab_size": VOCAB_SIZE,
        "d_model": 32,
        "n_layers": 2,
        "n_heads": 6,
        "n_kv_heads": 2,
        "head_dim": 8,
        "d_ff": 56,
        "context_length": 96,
    }
    shape |= changes
    return ModelConfig(**({"special": SpecialTokens.at_the_end_of(shape["vocab_size"])} | shape))


def tiny_model(seed: int = 0, **changes: Any) -> Decoder:
    """A decoder with weights that make its output differ clearly from token to token, norms included."""
    model = Decoder(tiny_config(**changes))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + 0.3 * noise if parameter.ndim == 1 else noise / parameter.shape[1] ** 0.5)
    return model.eval()
