from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mim_lsp.training import memory
from mim_lsp.training.memory import give_back_freed_memory, keep_freed_memory


def test_glibc_is_told_to_keep_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[int, int] = {}
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=told.__setitem__))
    keep_freed_memory()
    assert told == {-1: -1, -4: 0, -8: 1}  # M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX of malloc.h


@pytest.mark.parametrize(
    ("meminfo", "told"),
    [
        ("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 240 kB\n", [0]),
        ("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 260 kB\n", []),
        ("MemTotal: 1000 kB\n", [0]),
        (None, [0]),
    ],
)
def test_glibc_is_told_to_give_back_what_is_free_where_memory_is_scarce(
    meminfo: str | None, told: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(malloc_trim=calls.append))
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    if meminfo is not None:
        (tmp_path / "meminfo").write_text(meminfo)
    give_back_freed_memory()
    assert calls == told


@pytest.mark.parametrize(("platform", "library"), [("linux", SimpleNamespace()), ("darwin", None), ("win32", None)])
def test_other_c_libraries_are_left_alone(
    platform: str, library: SimpleNamespace | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: None) -> SimpleNamespace:
        assert library is not None, "not to be touched"
        return library

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", load)
    keep_freed_memory()
    give_back_freed_memory()
