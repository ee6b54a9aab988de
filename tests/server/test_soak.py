from __future__ import annotations

import pytest

from benchmarks.lsp_client import Usage
from tests.server.soak import Soak, soak


@pytest.mark.slow
def test_a_minute_of_editing_leaks_nothing() -> None:
    seen = soak(40.0)
    assert seen.tally.keys > 300
    # So short a run has hardly warmed up: how much memory may grow is for the long form to say.
    assert [problem for problem in seen.problems() if "memory" not in problem] == []
    before, after = seen.ends(lambda usage: usage.resident_mb)
    assert after < before + 40


def _soak(*resident_mb: float, threads: int = 5) -> Soak:
    samples = [Usage(mb, 8, 5, 1.0) for mb in resident_mb[:-1]]
    return Soak([*samples, Usage(resident_mb[-1], 8, threads, 1.0)], exit_code=0)


def test_growth_after_warming_up_is_a_problem() -> None:
    warm_up = [50.0, 80.0, 100.0]
    assert _soak(*warm_up, *[100.0] * 5, 104.0, 104.0).problems() == []
    assert _soak(*warm_up, *[100.0] * 5, 106.0, 106.0).problems() == ["resident memory grew from 100.0 to 106.0 MB"]


def test_leaks_and_unanswered_requests_are_problems() -> None:
    seen = _soak(*[100.0] * 4, threads=6)
    seen.unanswered, seen.requests, seen.idle_cpu, seen.exit_code = 1, 9, 0.5, 1
    assert seen.problems() == [
        "threads grew from 5 to 6",
        "1 of 9 requests were not answered exactly once",
        "at rest the server took 50.0 % of a core",
        "the server ended with 1",
    ]
