"""One running Neovim of each version for all tests that do not need their own, and a bound on what a test takes."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from tests.e2e.neovim import CODE, SERVER, VERSIONS, Editor, neovim
from tests.e2e.programs import UNPACKING_S, neovim_program

STEP_S = 90
"""The most that the setup, call or teardown of a test takes; in the setup an editor may be unpacked besides."""


def _give_up(number: int, frame: FrameType | None) -> None:
    raise TimeoutError("an editor did not answer in time")


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Bound a step: a call of an editor that waits for a key would never return."""
    before = signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None]:
    with _at_most(STEP_S + UNPACKING_S):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    with _at_most(STEP_S):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    with _at_most(STEP_S):
        return (yield)


@pytest.fixture(scope="session", params=VERSIONS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with neovim(tmp_path_factory.mktemp("nvim"), request.param) as editor:
        editor.setup(cmd=SERVER)
        yield editor


@pytest.fixture
def editor(running: Editor) -> Editor:
    """The shared editor, typing at the end of line 2 of a new file."""
    running.edit(CODE, line=2)
    running.until_attached()
    return running


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """For tests that start their own Neovim."""
    neovim_program(request.param)
    return str(request.param)
