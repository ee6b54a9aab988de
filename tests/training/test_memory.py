from __future__ import annotations

import ctypes
import sys
from types import SimpleNamespace

import psutil
import pytest

from mim_lsp.training.memory import give_back_freed_memory, keep_freed_memory


def test_glibc_is_told_to_keep_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[int, int] = {}
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=told.__setitem__))
    keep_freed_memory()
    assert told == {-1: -1, -4: 0, -8: 1}  # M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX of malloc.h


@pytest.mark.parametrize(("available", "told"), [(240, [0]), (260, [])])
def test_glibc_is_told_to_give_back_what_is_free_where_memory_is_scarce(
    available: int, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(malloc_trim=calls.append))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available, total=1000))
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
