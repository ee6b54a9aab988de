"""The GPU benchmark, on a CPU: that it measures what it says, not how long it takes."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from benchmarks.gpu_step import (
    CASES,
    FIRST,
    Case,
    contestants,
    copy_bandwidth,
    floor_ms,
    line_of,
    measure,
    random_model,
)
from mim_lsp.runtime.protocol import Feed
from tests.runtime.runtime_contract import step
from tests.tiny import tiny_config

CPU = torch.device("cpu")


def test_every_contestant_is_timed_in_every_case() -> None:
    cases = (Case(2, 1, 1, 40), FIRST, Case(1, 30, 1, 30))
    config = tiny_config(context_length=512)
    rows = list(measure("tiny", config, CPU, bandwidth=1e9, rounds=1, repeats=2, cases=cases))
    assert [(row.case, row.contestant) for row in rows] == [
        (str(case), who) for case in cases for who in ("eager", "static")
    ]
    assert all(0 < row.ms.p10 <= row.ms.median for row in rows)
    assert [row.first_ms is not None for row in rows] == [False, False, True, True, False, False]
    assert line_of(rows[0]).split()[:6] == ["tiny", "step,", "both", "directions,", "at", "40"]


def test_contestants_compute_the_same() -> None:
    runtimes = contestants(random_model(tiny_config(), CPU)).values()
    eager, static = (step(runtime, [Feed(runtime.open_row(), [1, 2, 3], 3)])[0] for runtime in runtimes)
    assert abs(eager - static).max() < 1e-4


def test_the_floor_is_all_weights_and_the_rows_caches() -> None:
    config = tiny_config()
    keys_and_values = 2 * config.n_layers * config.n_kv_heads * config.head_dim
    norms = (2 * config.n_layers + 1) * config.d_model  # counted as parameters, too small to count as bytes
    n_bytes = 2 * (config.n_parameters - norms) + 2 * 10 * keys_and_values * 2
    assert floor_ms(config, Case(2, 1, 1, 10), 1e6, value_bytes=2) == pytest.approx(n_bytes / 1e6 * 1000)
    assert copy_bandwidth(CPU, 2**20) > 0


def test_cases_have_different_names() -> None:
    assert len(set(map(str, CASES))) == len(CASES)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks.gpu_step"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("PyTorch finds no GPU here")
    assert done.stderr.count("\n") == 1
