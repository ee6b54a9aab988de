"""Where this user's files are that mim-lsp writes by itself: statistics, log, tuned models. It writes nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path, user_state_path


def state_folder() -> Path:
    """The folder, which may not be there yet; `MIM_LSP_STATE` in the environment names another one."""
    named = os.environ.get("MIM_LSP_STATE")
    return Path(named) if named else user_state_path("mim-lsp", appauthor=False)


def models_folder() -> Path:
    """Where `mim-lsp tune` puts models, and where they are found by name; `MIM_LSP_MODELS` names another folder."""
    named = os.environ.get("MIM_LSP_MODELS")
    return Path(named) if named else user_data_path("mim-lsp", appauthor=False) / "models"
