import os

from benchmarks.machine import CpuClock, describe, process_seconds


def test_foreign_cores_are_what_is_busy_but_not_ours() -> None:
    before, after = CpuClock(10.0, 100.0, 5.0), CpuClock(12.0, 103.0, 7.0)
    assert after.foreign_cores_since(before) == 0.5
    assert CpuClock(12.0, 101.9, 7.0).foreign_cores_since(before) == 0.0


def test_a_process_that_is_gone_has_used_nothing() -> None:
    assert process_seconds(os.getpid()) >= 0
    assert process_seconds(2**30) == 0


def test_the_machine_is_described_by_what_a_reader_needs() -> None:
    described = describe("some version")
    assert described["llama.cpp"] == "some version"
    assert {"processor", "cores", "system", "mim-lsp", "date"} <= described.keys()
