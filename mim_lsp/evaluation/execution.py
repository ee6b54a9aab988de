"""Running a task's test on a completed program, in a subprocess with limits.

What it protects from: mistakes of a model that is not malicious. A program that loops, eats memory or processors,
forks, fills the disk or waits for input ends within `timeout_s` and a few hundred megabytes, with its children; it
runs in an empty folder that is removed afterwards, without the environment (no tokens, no proxies, no paths), without
the user's site-packages, and with nothing on standard input. One that ends itself early has not passed.

What it does not protect from: a program that means harm. It runs as the same user, can read and delete that user's
files by their absolute paths, and can use the network. The limit on processes does not bind root. Execute completions
of a model that you do not trust in a container or a virtual machine only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from mim_lsp.evaluation.limited_program import PASSED
from mim_lsp.evaluation.tasks import InfillingTask

DEFAULT_TIMEOUT_S = 5.0
_RUNNER = Path(__file__).with_name("limited_program.py")


def passes(task: InfillingTask, completion: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> bool:
    """Whether the task's test passes with `completion` in the hole, within `timeout_s` seconds.

    The task must have a test (`task.can_run`).
    """
    assert task.can_run
    program = f"{task.prompt}{completion}{task.suffix}\n{task.test}\ncheck({task.entry_point})\n"
    with tempfile.TemporaryDirectory(prefix="mim-lsp-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "program.py").write_text(program, encoding="utf-8", errors="replace", newline="")
        return _run(Path(folder), timeout_s) == PASSED


def _run(folder: Path, timeout_s: float) -> int | None:
    """The exit code of `program.py` in `folder`; None if the time was up. Nothing of its process group is left."""
    process = subprocess.Popen(
        [sys.executable, "-I", str(_RUNNER), "program.py", str(timeout_s)],
        cwd=folder,
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
