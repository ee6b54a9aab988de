"""The named recipes of `mim-lsp train`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mim_lsp.errors import SettingsError
from mim_lsp.model.config import ModelConfig, SpecialTokens
from mim_lsp.syntax.holes import DEFAULT_WEIGHTS, HoleKind
from mim_lsp.training.recipe import Recipe

__all__ = ["RECIPES", "Recipe", "find_recipe"]


def _config(**shape: int) -> ModelConfig:
    return ModelConfig(**shape, special=SpecialTokens.at_the_end_of(shape.get("vocab_size", 16384)))


_NANO = Recipe(
    name="nano",
    model_name="mim-py-nano",
    config=_config(d_model=256, n_layers=6, n_heads=4, n_kv_heads=2, d_ff=704, context_length=512),
    minutes=88,
    examples_per_step=4,
    matrix_lr=0.004,
    other_lr=0.002,
)

_SMALL = Recipe(
    name="small",
    model_name="mim-py-small",
    config=_config(d_model=512, n_layers=8, n_heads=8, n_kv_heads=2, d_ff=1024, context_length=512),
    minutes=240,
    examples_per_step=8,
    micro_batches=4,
    matrix_lr=0.004,
    other_lr=0.002,
)

_BASE = Recipe(
    name="base",
    model_name="mim-py-base",
    config=_config(d_model=768, n_layers=12, n_heads=12, n_kv_heads=2, d_ff=2048, context_length=2048),
    minutes=25,
    examples_per_step=4,
    rows=32,
    micro_batches=2,
    matrix_lr=0.003,
    other_lr=0.002,
)


def _variant(base: Recipe, name: str, **changes: Any) -> Recipe:
    """The recipe `BASE-NAME`: `base`, but for what is to be compared with it."""
    return replace(base, name=f"{base.name}-{name}", model_name=f"{base.model_name}-{name}", **changes)


_LIST_ITEMS = {HoleKind.PARAMETER: 0.35, HoleKind.ARGUMENT: 0.35}


def _objectives(base: Recipe) -> list[Recipe]:
    """The objectives to compare with `base`, which is `mim-infill` with the paper's beta, at the same work a step."""
    one_direction = {"examples_per_step": 2 * base.examples_per_step}
    return [
        _variant(base, "ar", objective="ar", **one_direction),
        _variant(base, "fim", objective="fim", infill_rate=0.9, **one_direction),
        _variant(base, "fim-50", objective="fim", infill_rate=0.5, **one_direction),
        _variant(base, "mim", infill_rate=0.0),
        _variant(base, "mim-b0", infill_rate=0.0, beta=0.0),
        _variant(base, "b0", beta=0.0),
    ]


def _paper(name: str, *, lr: float, batch_rows: int, warm_up: float, steps: int, **shape: int) -> Recipe:
    """A recipe of the paper (Table 7 and appendix A): multi-query attention, AdamW, cosine to a tenth.

    Its feed-forward layer has two matrices of 4 d_model; ours has three, so that it is two thirds as wide.
    """
    vocabulary = 100_352
    return Recipe(
        name=f"paper-{name}",
        model_name=f"mim-py-paper-{name}",
        config=_config(vocab_size=vocabulary, n_kv_heads=1, context_length=2048, **shape),
        minutes=4 * 24 * 60,
        steps=steps,
        examples_per_step=4,
        rows=8,
        micro_batches=batch_rows // 8,
        optimizer="adamw",
        adam_eps=1e-8,
        matrix_lr=lr,
        other_lr=lr,
        infill_rate=0.0,
        lengths=(1.0,),
        warm_up=warm_up,
        decay=1 - warm_up,
        schedule="cosine",
        last_lr=0.1,
        recompute=True,
    )


# A batch of 786k and 1M tokens of text is 384 and 512 rows of 2,048 in each direction.
_PAPER = (
    _paper(
        "350m",
        lr=3e-4,
        batch_rows=768,
        warm_up=7 / 382,
        steps=382_000,
        d_model=1024,
        n_layers=24,
        n_heads=16,
        head_dim=64,
        d_ff=2736,
    ),
    _paper(
        "1.3b",
        lr=2e-4,
        batch_rows=1024,
        warm_up=5 / 286,
        steps=286_000,
        d_model=2048,
        n_layers=24,
        n_heads=16,
        head_dim=128,
        d_ff=5456,
    ),
    _paper(
        "2.7b",
        lr=2e-4,
        batch_rows=1024,
        warm_up=5 / 286,
        steps=286_000,
        d_model=2560,
        n_layers=32,
        n_heads=32,
        head_dim=80,
        d_ff=6832,
    ),
)

_SMOKE = Recipe(
    name="smoke",
    model_name="mim-py-smoke",
    config=_config(vocab_size=1024, d_model=64, n_layers=2, n_heads=2, n_kv_heads=1, d_ff=160, context_length=128),
    minutes=1,
    examples_per_step=4,
    matrix_lr=0.01,
    other_lr=0.003,
    tokenizer_chars=500_000,
)

_ALL = (
    _NANO,
    *_objectives(_NANO),
    _variant(_NANO, "items", hole_weights={**DEFAULT_WEIGHTS, **_LIST_ITEMS}),
    _SMALL,
    *_objectives(_SMALL),
    _BASE,
    *_PAPER,
    _SMOKE,
)

RECIPES = {recipe.name: recipe for recipe in _ALL}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        SettingsError: there is none.
    """
    if name not in RECIPES:
        raise SettingsError(f"unknown recipe '{name}'. Choose one of: {', '.join(RECIPES)}.")
    return RECIPES[name]
