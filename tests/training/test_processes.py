from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from mim_lsp.training.processes import each


def folder_of(path: Path) -> Path:
    return path


def write(folder: Path, number: int) -> None:
    if number < 0:
        raise ValueError("a negative number")
    (folder / str(number)).write_text(str(os.getpid()))


@pytest.mark.parametrize("processes", [1, 2])
def test_everything_is_done_once(processes: int, tmp_path: Path) -> None:
    assert sorted(each(range(5), partial(folder_of, tmp_path), write, processes)) == [0, 1, 2, 3, 4]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "3", "4"]
    workers = {path.read_text() for path in tmp_path.iterdir()}
    assert (workers == {str(os.getpid())}) == (processes == 1)


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_reaches_the_caller(processes: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a negative number"):
        list(each([1, -1, 2], partial(folder_of, tmp_path), write, processes))


def test_nothing_to_do_needs_no_state(tmp_path: Path) -> None:
    def fail() -> Path:
        raise AssertionError

    assert list(each([], fail, write, 2)) == []


PROGRAM = """
import sys, time
from functools import partial
from pathlib import Path
sys.path.insert(0, {root!r})
from mim_lsp.training.processes import each
from tests.training.test_processes import folder_of, sleep
list(each(range(2), partial(folder_of, Path({folder!r})), sleep, 2))
"""


def sleep(folder: Path, number: int) -> None:
    write(folder, number)
    time.sleep(100)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked at in /proc")
def test_processes_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    parent = subprocess.Popen([sys.executable, "-c", PROGRAM.format(root=root, folder=str(tmp_path))])
    deadline = time.monotonic() + 60
    while len(pids := [p.read_text() for p in tmp_path.iterdir()]) < 2 or not all(pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while any(is_alive(int(pid)) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
