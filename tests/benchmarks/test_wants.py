import pytest

from benchmarks.contestants import INT4_GROUPS, LLAMA_Q4, NATIVE_INT4
from benchmarks.measures import BOTH, FOUR_KEYS, KEY, MEMORY, ONE, PREFILL, READ, VERIFY
from benchmarks.results import Results, Series
from benchmarks.shapes import SHAPES, step_bytes
from benchmarks.spread import Burst
from benchmarks.wants import roofline_share, step_verdicts, typing_verdicts


def series(contestant: str, measure: str, context: int, ms: float) -> Series:
    return Series("60M", 2, contestant, measure, context, [Burst([ms], 0.0)] * 3)


def test_a_step_at_the_speed_of_memory_has_all_of_the_roofline() -> None:
    gigabytes = step_bytes(SHAPES["60M"], INT4_GROUPS, rows=2, context=512) / 1e9
    share = roofline_share("60M", NATIVE_INT4, 512, [Burst([40 * gigabytes], 0)], [Burst([20], 0)])
    assert share.median == pytest.approx(0.5)


def test_passes_are_held_against_what_is_wanted() -> None:
    results = Results(
        {},
        [
            series(NATIVE_INT4, BOTH, 512, 1.0),
            series(NATIVE_INT4, ONE, 512, 0.9),
            series(NATIVE_INT4, VERIFY, 512, 2.7),
            series(NATIVE_INT4, PREFILL, 0, 100),
            series(LLAMA_Q4, ONE, 512, 2.5),
            series(LLAMA_Q4, PREFILL, 0, 200),
            series(MEMORY, READ, 512, 20),
        ],
    )
    verdicts = {verdict.wanted: (verdict.measured.split()[0], verdict.passed) for verdict in step_verdicts(results)}
    assert verdicts == {
        "step at least 80% of the roofline": ("85%", True),
        f"both directions 2x faster than one step of {LLAMA_Q4}": ("2.50", True),
        "verification of 8 tokens at most 2.5 steps": ("3.00", False),
        f"prefill 2.5x faster than {LLAMA_Q4}": ("2.00", False),
    }


def test_the_trace_is_held_against_each_way_to_run_infill() -> None:
    results = Results(
        {},
        [
            series(NATIVE_INT4, KEY, 512, 10),
            series(NATIVE_INT4, FOUR_KEYS, 512, 36),
            series(f"{LLAMA_Q4} /infill", KEY, 512, 50),
            series(f"{LLAMA_Q4} /infill --spm-infill", KEY, 512, 30),
        ],
    )
    verdicts = {verdict.wanted: verdict.passed for verdict in typing_verdicts(results)}
    assert verdicts == {
        "line of 16 tokens after 4 characters under 35 ms": False,
        f"trace of keys 4x faster than {LLAMA_Q4} /infill": True,
        f"trace of keys 4x faster than {LLAMA_Q4} /infill --spm-infill": False,
    }
