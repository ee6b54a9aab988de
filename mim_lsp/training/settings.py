"""Settings of a recipe that a person changes for one run (`--set beta=0`), and what a run keeps of its recipe.

A recipe's fields and its model's shape have one space of names: `--set rows=32 --set d_model=512`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from mim_lsp.errors import MimError, ModelError, SettingsError
from mim_lsp.model.config import ModelConfig, SpecialTokens
from mim_lsp.syntax.holes import HoleKind
from mim_lsp.training.recipe import Recipe

RECIPE_FILE = "recipe.json"
"""In a run's folder."""

_TYPES = get_type_hints(Recipe)
_RECIPE_FIELDS = tuple(field.name for field in fields(Recipe) if field.name not in ("name", "config"))
_SHAPE_FIELDS = tuple(field.name for field in fields(ModelConfig) if field.name != "special")
_SHAPE_TYPES = get_type_hints(ModelConfig)


def with_settings(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """The recipe with `NAME=VALUE` settings.

    Raises:
        SettingsError: a setting that there is not, or a value that cannot be.
    """
    changes: dict[str, Any] = {}
    shape: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name not in (*_RECIPE_FIELDS, *_SHAPE_FIELDS):
            known = ", ".join((*_RECIPE_FIELDS, *_SHAPE_FIELDS))
            raise SettingsError(f"cannot set '{setting}': it is NAME=VALUE, and NAME one of {known}.")
        try:
            if name in _RECIPE_FIELDS:
                changes[name] = _READERS.get(name, _reader(_TYPES[name]))(text)
            else:
                shape[name] = _reader(_SHAPE_TYPES[name])(text)
        except ValueError as error:
            raise SettingsError(f"cannot set {name} to '{text}': {error}.") from error
    try:
        return replace(recipe, **changes, config=_reshaped(recipe.config, shape))
    except MimError as error:
        raise SettingsError(f"these settings make no model: {error}") from error


def _reshaped(config: ModelConfig, shape: Mapping[str, Any]) -> ModelConfig:
    if "vocab_size" in shape:
        return replace(config, **shape, special=SpecialTokens.at_the_end_of(shape["vocab_size"]))
    return replace(config, **shape)


def _reader(kind: Any) -> Callable[[str], Any]:
    """What turns text into a value of a field's type."""
    if choices := get_args(kind):
        return lambda text: _chosen(text, choices)
    if kind is bool:
        return lambda text: _chosen(text, ("false", "true")) == "true"
    readers: Mapping[Any, Callable[[str], Any]] = {int: _whole, float: _number, str: str}
    return readers[kind]


def _chosen(text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise ValueError(f"it is one of {', '.join(choices)}")
    return text


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("it is a whole number from 0")
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError("it is a number from 0")
    return value


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(_number(part) for part in text.split(","))


def _range(text: str) -> tuple[float, ...]:
    numbers = _numbers(text)
    if len(numbers) != 2 or not numbers[0] <= numbers[1] <= 1:
        raise ValueError("it is two shares, such as 0.1,0.5")
    return numbers


def _lengths(text: str) -> tuple[float, ...]:
    numbers = _numbers(text)
    if not all(0 < number <= 1 for number in numbers):
        raise ValueError("it is shares of the context, such as 1,0.5")
    return numbers


def _hole_weights(text: str) -> dict[HoleKind, float]:
    weights = {}
    for part in text.split(","):
        kind, _, weight = part.partition(":")
        weights[HoleKind(kind)] = _number(weight)
    if not any(weights.values()):
        raise ValueError("one kind at least needs a weight")
    return weights


_READERS: Mapping[str, Callable[[str], Any]] = {
    "hole_weights": _hole_weights,
    "lengths": _lengths,
    "suffix_share": _range,
}


def write_recipe(recipe: Recipe, folder: Path) -> None:
    """Keep the recipe, settings and all, in a run's folder."""
    aside = folder / f"{RECIPE_FILE}.new"
    aside.write_text(json.dumps(asdict(recipe), indent=2) + "\n", encoding="utf-8")
    aside.replace(folder / RECIPE_FILE)


def read_recipe(folder: Path) -> Recipe | None:
    """The recipe that a run began with; None for a run from before recipes were kept.

    Raises:
        ModelError: it cannot be read.
    """
    path = folder / RECIPE_FILE
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        config = data.pop("config")
        special = SpecialTokens(**config.pop("special"))
        for name in ("lengths", "suffix_share"):
            data[name] = tuple(data[name])
        data["hole_weights"] = {HoleKind(kind): weight for kind, weight in data["hole_weights"].items()}
        return Recipe(**data, config=ModelConfig(**config, special=special))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"cannot read {path}: {error}. Choose another --out.") from error
