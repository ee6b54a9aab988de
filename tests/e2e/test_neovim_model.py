"""Neovim with the real server and the model in the box."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from mim_lsp.runtime.loading import DEFAULT_MODEL
from tests.e2e.neovim import Editor, neovim

MODEL = Path(__file__).parents[2] / "models" / DEFAULT_MODEL
SERVER = [str(Path(sys.executable).with_name("mim-lsp")), "--stdio"]
LOADING_S, ANSWERING_S = 120.0, 60.0
REQUESTED_S, SHOWN_S = 1.0, 0.5
"""Ample time for the plugin to send its request, and to show the answer."""
# Places that leave hardly a choice: a small model may decline at one or the other, but not at all of them. With the
# typed text each file compiles as it is, and what is offered must not make its syntax worse.
PLACES = [
    ("class Point:\n    def __init__(self, x, y):\n        self.x = x\n        \n", 4, "self.y"),
    ("import os\n\n\ndef read(path):\n    with open(path) as f:\n        \n", 6, "return f"),
    ("def total(values):\n    result = 0\n    for value in values:\n        \n    return result\n", 4, "result"),
]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not (MODEL / "model.safetensors").exists(), reason=f"models/{DEFAULT_MODEL} is not there"),
]


def test_the_models_suggestion_is_shown_and_accepted_into_text_that_compiles(tmp_path: Path) -> None:
    with neovim(tmp_path) as editor:
        editor.setup(cmd=SERVER)
        accepted = [place for place in PLACES if _accept_suggestion(editor, *place)]
    assert accepted, "no suggestion anywhere"


def _accept_suggestion(editor: Editor, text: str, line: int, typed: str) -> bool:
    """Type and accept what is suggested; False if nothing is."""
    editor.edit(text, line)
    editor.until_attached()
    editor.until(lambda: editor.ask_server("mim/status")["state"] != "loading", LOADING_S)
    assert editor.ask_server("mim/status")["state"] == "ready"
    editor.type(typed)
    if not _ghost_appears(editor):
        return False
    ghost, before = editor.ghost, editor.lines[line - 1]
    editor.type("<Tab>")
    after = "\n".join(editor.lines)
    assert before + ghost in after
    compile(after + "\n", "accepted.py", "exec")
    return True


def _ghost_appears(editor: Editor) -> bool:
    """Wait for ghost text; False once the server has answered without any."""
    time.sleep(REQUESTED_S)
    editor.until(lambda: editor.ghost or not editor.ask_server("mim/status")["activeDecodes"], ANSWERING_S)
    time.sleep(SHOWN_S)
    return editor.ghost != ""
