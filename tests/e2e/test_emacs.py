"""Emacs, set up as docs/editors/emacs.md says, with the scripted server under the name of mim-lsp."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.neovim import CODE, SERVER
from tests.e2e.programs import emacs_program

pytestmark = pytest.mark.e2e
PAGE = Path(__file__).parents[2] / "docs" / "editors" / "emacs.md"
PATIENCE_S = 60
BEGIN = """
;; The unpacked Emacs has no working compiler beside it.
(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil)
(setq make-backup-files nil auto-save-default nil vc-handled-backends nil)
(defun until (fact)
  (let ((deadline (+ (float-time) 20)))
    (while (not (funcall fact))
      (when (> (float-time) deadline) (error "Waited in vain"))
      (accept-process-output nil 0.05))))
"""
END = '(princ (concat "LINE:" (buffer-substring-no-properties (line-beginning-position) (line-end-position)) "\\n"))'
LSP_MODE = """
(setq lsp-auto-guess-root t lsp-warn-no-matched-clients nil lsp-enable-file-watchers nil lsp-log-io nil
      lsp-session-file (expand-file-name "session" user-emacs-directory))
(find-file "m.py")
(lsp)
(until (lambda () (lsp-feature? "textDocument/inlineCompletion")))
(goto-line 2)
(end-of-line)
(insert "ret")
(lsp-inline-completion-display)
(princ (concat "GHOST:" (lsp-get (car lsp-inline-completion--items) :insertText) "\\n"))
(lsp-inline-completion-accept)
"""
EGLOT = """
(setq eglot-sync-connect 20 eglot-autoshutdown nil)
(find-file "m.py")
(call-interactively #'eglot)
(goto-line 2)
(end-of-line)
(insert "ret")
(let ((non-essential nil)) (completion-at-point))
"""


def _block(heading: str) -> str:
    """The code of a section of the page."""
    found = re.search(
        rf"^## {heading}\n.*?```elisp\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found
    return found[1]


@pytest.fixture(scope="module")
def emacs() -> str:
    return emacs_program()


def _run(emacs: str, folder: Path, script: str) -> str:
    """What Emacs prints, in a home and with a PATH of its own."""
    (folder / "bin").mkdir()
    server = folder / "bin" / "mim-lsp"
    server.write_text(f'#!/bin/sh\nexec {SERVER[0]} {SERVER[1]} "$@"\n', encoding="utf-8")
    server.chmod(0o755)
    (folder / "pyproject.toml").touch()
    (folder / "m.py").write_text(CODE, encoding="utf-8")
    (folder / "run.el").write_text(BEGIN + script + END, encoding="utf-8")
    environment = {**os.environ, "HOME": str(folder), "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [emacs, "--batch", "-Q", "-l", "run.el"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_lsp_mode_shows_and_takes_ghost_text(emacs: str, tmp_path: Path) -> None:
    printed = _run(emacs, tmp_path, _block("lsp-mode") + LSP_MODE)
    assert "GHOST:urn a + b" in printed
    assert "LINE:    return a + b" in printed


def test_eglot_completes_at_point(emacs: str, tmp_path: Path) -> None:
    assert "LINE:    return a + b" in _run(emacs, tmp_path, _block("eglot") + EGLOT)
