"""Running tests of completed programs, harmful by mistake included."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mim_lsp.evaluation.execution import passes
from mim_lsp.evaluation.tasks import InfillingTask

TASK = InfillingTask("t/0", "def f(x):\n", "    return y\n", "    y = x\n", "def check(f):\n    assert f(3) == 3", "f")


def body(*lines: str) -> str:
    return "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    "completion",
    [body("y = x"), body("print('🐍' * 100_000)", "y = x"), "    y = x\r\n", body("import dataclasses", "y = x")],
)
def test_passes(completion: str) -> None:
    assert passes(TASK, completion)


@pytest.mark.parametrize(
    "completion",
    [
        body("y = x + 1"),
        body("y = ("),
        body("y = '\0'"),
        body("y = '\ud800'"),
        body("y = unknown"),
        body("import sys", "sys.exit(0)"),
        body("import os", "os._exit(0)"),
        body("import os, signal", "os.kill(os.getpid(), signal.SIGKILL)"),
        body("input()", "y = x"),
        body("y = len(bytearray(2**30)) and x"),
        body("open('big', 'wb').write(bytes(2**21))", "y = x"),
        body("files = [open('program.py') for _ in range(100)]", "y = x"),
    ],
)
def test_does_not_pass(completion: str) -> None:
    assert not passes(TASK, completion)


@pytest.mark.parametrize("line", ["while True: pass", "import time; time.sleep(60)", "while True: print('x' * 2**20)"])
def test_time_is_limited(line: str) -> None:
    started = time.monotonic()
    assert not passes(TASK, body(line), timeout_s=0.5)
    assert time.monotonic() - started < 5


def test_program_sees_an_empty_folder_and_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert passes(
        TASK,
        body(
            "import os, sys",
            "assert os.listdir('.') == ['program.py'], os.listdir('.')",
            "assert not {'TOKEN', 'HOME', 'PATH'} & set(os.environ)",
            "assert not any('site' in path and 'home' in path for path in sys.path)",
            "y = x",
        ),
    )


def test_nothing_that_the_program_started_goes_on(tmp_path: Path) -> None:
    """Root may start processes in spite of the limit, so that this kills one; others cannot start it at all."""
    pulse = tmp_path / "pulse"
    forked = body(
        "import os, time",
        "if os.fork() == 0:",
        "    while True:",
        f"        open({str(pulse)!r}, 'a').write('x')",
        "        time.sleep(0.01)",
        f"while not os.path.exists({str(pulse)!r}): pass",
        "y = x",
    )
    passes(TASK, forked)
    size = pulse.stat().st_size if pulse.exists() else 0
    time.sleep(0.2)
    assert (pulse.stat().st_size if pulse.exists() else 0) == size


def test_the_folder_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert passes(TASK, body("open('left', 'w').write('x')", "y = x"))
    assert list(tmp_path.iterdir()) == []
