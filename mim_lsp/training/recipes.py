"""The named recipes of `mim-lsp train`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mim_lsp.errors import SettingsError
from mim_lsp.model.config import ModelConfig, SpecialTokens
from mim_lsp.syntax.holes import DEFAULT_WEIGHTS, HoleKind
from mim_lsp.training.windows import Objective, WindowSettings


@dataclass(frozen=True)
class Recipe:
    """What is trained and how."""

    name: str
    model_name: str
    """Folder name of the model that comes out."""
    config: ModelConfig
    minutes: float
    """Default time budget; the learning rate reaches zero at its end."""
    examples_per_step: int
    """Windows of text in a step; each is learned in both directions, or in the baselines in one."""
    matrix_lr: float
    """Peak learning rate of Muon, for the blocks' matrices."""
    other_lr: float
    """Peak learning rate of AdamW, for the embedding and the norms."""
    beta: float = 0.1
    """Weight of the agreement; 0.1 in the paper."""
    objective: Objective = "mim"
    infill_rate: float = 0.7
    """Share of windows with a hole."""
    hole_weights: Mapping[HoleKind, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    """How often each kind of hole is drawn."""
    weight_decay: float = 0.1
    warm_up: float = 0.02
    """Share of the run in which the learning rate rises."""
    decay: float = 0.65
    """Share of the run, at its end, in which the learning rate falls to zero."""
    clip_norm: float = 1.0
    seed: int = 1
    tokenizer_chars: int = 40_000_000
    """Characters that the tokenizer is learned from."""

    @property
    def windows(self) -> WindowSettings:
        """How windows are drawn."""
        return WindowSettings(
            tokens=self.config.context_length,
            objective=self.objective,
            infill_rate=self.infill_rate,
            hole_weights=self.hole_weights,
        )


def _config(*, end_bias: float = 0.0, **shape: int) -> ModelConfig:
    return ModelConfig(**shape, end_bias=end_bias, special=SpecialTokens.at_the_end_of(shape.get("vocab_size", 16384)))


_NANO = Recipe(
    name="nano",
    model_name="mim-py-nano",
    config=_config(d_model=256, n_layers=6, n_heads=4, n_kv_heads=2, d_ff=704, context_length=512, end_bias=4.0),
    minutes=88,
    examples_per_step=4,
    matrix_lr=0.004,
    other_lr=0.002,
)


def _variant(name: str, **changes: Any) -> Recipe:
    """The recipe `nano-NAME`: `nano`, but for what is to be compared with it."""
    return replace(_NANO, name=f"nano-{name}", model_name=f"mim-py-nano-{name}", **changes)


_LIST_ITEMS = {HoleKind.PARAMETER: 0.12, HoleKind.ARGUMENT: 0.16}

# A baseline has rows of one direction only, so twice the windows take the same work.
_VARIANTS = (
    _variant("ar", objective="ar", examples_per_step=8),
    _variant("fim", objective="fim", infill_rate=0.9, examples_per_step=8),
    _variant("mim", infill_rate=0.0),
    _variant("items", hole_weights={**DEFAULT_WEIGHTS, **_LIST_ITEMS}),
)

RECIPES = {
    "nano": _NANO,
    **{recipe.name: recipe for recipe in _VARIANTS},
    "smoke": Recipe(
        name="smoke",
        model_name="mim-py-smoke",
        config=_config(vocab_size=1024, d_model=64, n_layers=2, n_heads=2, n_kv_heads=1, d_ff=160, context_length=128),
        minutes=1,
        examples_per_step=4,
        matrix_lr=0.01,
        other_lr=0.003,
        tokenizer_chars=500_000,
    ),
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        SettingsError: there is none.
    """
    if name not in RECIPES:
        raise SettingsError(f"unknown recipe '{name}'. Choose one of: {', '.join(RECIPES)}.")
    return RECIPES[name]
