from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from mim_lsp.folders import state_folder
from mim_lsp.stats import log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "stats.jsonl"


def test_events_come_back_in_order(path: Path) -> None:
    log.append(path, [{"t": 1, "e": "a"}])
    log.append(path, [{"t": 2, "e": "b"}, {"t": 3, "e": "c"}])
    assert [event["e"] for event in log.read(path)] == ["a", "b", "c"]


def test_no_file_has_no_events(path: Path) -> None:
    assert list(log.read(path)) == []


def test_lines_that_are_no_events_are_passed_over(path: Path) -> None:
    log.append(path, [{"t": 1, "e": "a"}])
    with path.open("ab") as file:
        file.write(b'{"t": 2, "e"\n[1]\n{"e": "no time"}\n\xff\n\n')
    log.append(path, [{"t": 3, "e": "b"}])
    assert [event["t"] for event in log.read(path)] == [1, 3]


def test_both_files_together_stay_bounded_and_the_newest_events_are_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MOST_BYTES", 1000)
    for number in range(500):
        log.append(path, [{"t": number, "e": "a"}])
        assert path.stat().st_size <= 1000
    times = [event["t"] for event in log.read(path)]
    assert times == list(range(500))[-len(times) :]
    assert sum(each.stat().st_size for each in path.parent.iterdir()) <= 2000
    assert len(times) >= 40


def test_servers_that_write_at_once_do_not_mix_their_lines(path: Path) -> None:
    def write(name: str) -> None:
        for number in range(50):
            log.append(path, [{"t": number, "e": name * 500}] * 3)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = path.read_text().splitlines()
    assert len(lines) == 450
    assert {len(json.loads(line)["e"]) for line in lines} == {500}


def test_the_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIM_LSP_STATE", str(tmp_path))
    assert log.default_path() == tmp_path / "stats.jsonl"
    monkeypatch.delenv("MIM_LSP_STATE")
    assert state_folder().name == "mim-lsp"
