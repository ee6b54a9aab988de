"""Finding model folders and opening one on a runtime."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mim_lsp.errors import ModelError
from mim_lsp.folders import models_folder
from mim_lsp.model.card import first_sentence
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.folder import CARD, CONFIG, WEIGHTS, read_config, read_tokenizer
from mim_lsp.model.rows import Direction as Direction
from mim_lsp.model.rows import build_row
from mim_lsp.model.tokenizer import CodeTokenizer as CodeTokenizer
from mim_lsp.runtime.choice import RuntimeOptions as RuntimeOptions
from mim_lsp.runtime.choice import open_runtime
from mim_lsp.runtime.protocol import Runtime

logger = logging.getLogger(__name__)

DEFAULT_MODEL = "mim-py-small"
_PACKAGE = Path(__file__).resolve().parent.parent
_EMBEDDED = (_PACKAGE / "models", _PACKAGE.parent / "models")
"""Where the models in the box are: inside an installed package, or beside it in a checkout."""


@dataclass(frozen=True)
class ModelInfo:
    """A model in the box or of the user's own, as `mim-lsp models` lists it."""

    name: str
    path: Path
    parameters: int
    bytes: int
    """Size of the weights on disk."""
    summary: str
    """First sentence of the card below its title, in one line."""


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run."""

    name: str
    config: ModelConfig
    tokenizer: CodeTokenizer
    runtime: Runtime

    def row(self, direction: Direction, own: Sequence[int], far: Sequence[int] | None) -> list[int]:
        """The row that `direction` reads; see `mim_lsp.model.rows.build_row`."""
        return build_row(self.config.special, direction, own, far)


def list_models() -> list[ModelInfo]:
    """The models in the box and the user's own, by name; of two with one name the one that `find_model` finds."""
    roots = [root for root in reversed(_roots()) if root.is_dir()]
    folders = {path.name: path for root in roots for path in root.iterdir() if not path.name.startswith(".")}
    described = (_describe(path) for name, path in sorted(folders.items()) if (path / CONFIG).is_file())
    return [info for info in described if info is not None]


def find_model(model: str | None) -> Path:
    """The folder of a model, given by name or as a path; the default model if None.

    Raises:
        ModelError: there is no such model.
    """
    wanted = model or DEFAULT_MODEL
    for folder in (*(root / wanted for root in _roots()), Path(wanted)):
        if (folder / CONFIG).is_file():
            return folder
    known = ", ".join(info.name for info in list_models()) or "none"
    raise ModelError(
        f"no model '{wanted}': give the path of a model folder, or one that `mim-lsp models` lists ({known})."
    )


def _roots() -> tuple[Path, ...]:
    """Folders of model folders, those in the box first."""
    return *_EMBEDDED, models_folder()


def load_model(model: str | None, options: RuntimeOptions | None = None) -> LoadedModel:
    """Open a model by name or path, the default model if None, on the runtime that `options` ask for.

    Raises:
        ModelError: the folder is unknown, broken or truncated, or no runtime is installed.
        SettingsError: the device or the runtime is not there.
    """
    folder = find_model(model)
    config, tokenizer = read_config(folder), read_tokenizer(folder)
    if tokenizer.n_tokens > config.n_text_tokens:
        raise ModelError(
            f"the tokenizer in {folder} has more tokens than its config.json. Fetch the model folder again."
        )
    opened = open_runtime(config, folder / WEIGHTS, options or RuntimeOptions())
    return LoadedModel(folder.name, config, tokenizer, opened)


def _describe(folder: Path) -> ModelInfo | None:
    """What is in a folder; None, and a warning, if that cannot be told: the others are there nevertheless."""
    try:
        config = read_config(folder)
    except ModelError as error:
        logger.warning("%s", error)
        return None
    weights, card = folder / WEIGHTS, folder / CARD
    size = weights.stat().st_size if weights.is_file() else 0
    summary = first_sentence(card.read_text(encoding="utf-8", errors="replace")) if card.is_file() else ""
    return ModelInfo(folder.name, folder, config.n_parameters, size, summary or "no card")
