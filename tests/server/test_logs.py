"""Where the server's own records go."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mim_lsp.server import logs

OURS = logging.getLogger("mim_lsp")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Take back what a test does to the logger that all share."""
    handlers, level = list(OURS.handlers), OURS.level
    yield
    for handler in set(OURS.handlers) - set(handlers):
        OURS.removeHandler(handler)
        handler.close()
    OURS.setLevel(level)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIM_LSP_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_our_records_are_kept_in_a_file_from_the_level_of_the_settings_on(folder: Path) -> None:
    logs.log_to_file()
    logs.set_level("warning")
    OURS.info("first")
    OURS.warning("größe")
    logs.set_level("debug")
    OURS.debug("last")
    logging.getLogger("other").error("not ours")
    assert [line.rsplit(" ")[-1] for line in (folder / "server.log").read_text("utf-8").splitlines()] == [
        "größe",
        "last",
    ]


def test_the_files_stay_bounded(folder: Path) -> None:
    logs.log_to_file()
    for number in range(3000):
        OURS.warning("%d %s", number, "x" * 1000)
    assert sum(each.stat().st_size for each in folder.iterdir()) <= 1_100_000
    assert "2999 x" in (folder / "server.log").read_text()


def test_a_file_that_cannot_be_written_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MIM_LSP_STATE", str(tmp_path / "file" / "state"))
    logs.log_to_file()
    assert "There is no log file" in caplog.text
