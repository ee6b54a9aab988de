"""Where this user's files are that mim-lsp writes by itself: statistics and the log. It writes nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_state_path


def state_folder() -> Path:
    """The folder, which may not be there yet; `MIM_LSP_STATE` in the environment names another one."""
    named = os.environ.get("MIM_LSP_STATE")
    return Path(named) if named else user_state_path("mim-lsp", appauthor=False)
