"""What is wanted of the native core, held against what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.contestants import CONTESTANTS, LLAMA_Q4, LLAMA_Q8, NATIVE_INT4, NATIVE_INT8
from benchmarks.measures import BOTH, FOUR_KEYS, KEY, MEMORY, ONE, PREFILL, READ, VERIFY, VERIFY_BOTH
from benchmarks.results import Results
from benchmarks.shapes import SHAPES, step_bytes
from benchmarks.spread import Burst, Spread, quiet_rounds, ratio, spread

ROOFLINE, STEP_RATIO, PREFILL_RATIO, VERIFY_STEPS, LINE_MS, TRACE_RATIO = 0.8, 2.0, 2.5, 2.5, 35.0, 4.0
PAIRS = ((NATIVE_INT4, LLAMA_Q4), (NATIVE_INT8, LLAMA_Q8))
"""Ours and llama.cpp's at equal bits."""


@dataclass(frozen=True)
class Verdict:
    """One wanted number and what came of it."""

    wanted: str
    case: str
    measured: str
    passed: bool


def roofline_share(shape: str, contestant: str, context: int, steps: list[Burst], reads: list[Burst]) -> Spread:
    """Which part of the memory's bandwidth a both-direction step uses, 1 for all of it; round by round.

    The bytes are those of all weights and of both rows' caches, whether or not some of them are still in the
    processor's caches: where they are, more than 1 is possible.
    """
    gigabytes = step_bytes(SHAPES[shape], CONTESTANTS[contestant].kept, rows=2, context=context) / 1e9
    rounds = quiet_rounds(steps, reads)
    return Spread.of([gigabytes * reads[i].median / steps[i].median for i in rounds])


def step_verdicts(results: Results) -> Iterator[Verdict]:
    """What single passes tell."""
    for shape, threads, context in _cases(results, BOTH):
        for ours, theirs in PAIRS:
            case = f"{shape}, {threads} threads, {context} tokens, {ours}"
            both = results.bursts(shape, threads, ours, BOTH, context)
            if both is None:
                continue
            reads = results.bursts(shape, threads, MEMORY, READ, context)
            if reads:
                share = roofline_share(shape, ours, context, both, reads)
                yield Verdict(
                    f"step at least {ROOFLINE:.0%} of the roofline", case, f"{share:.0%}", share.median >= ROOFLINE
                )
            one_of_theirs = results.bursts(shape, threads, theirs, ONE, context)
            if one_of_theirs and ours == NATIVE_INT4:
                times = ratio(one_of_theirs, both)
                wanted = f"both directions {STEP_RATIO:.0f}x faster than one step of {theirs}"
                yield Verdict(wanted, case, f"{times:.2f} times", times.median >= STEP_RATIO)
            for verify, step in ((VERIFY, ONE), (VERIFY_BOTH, BOTH)):
                yield from _verification(results, shape, threads, context, ours, verify, step)
    for shape, threads, _ in _cases(results, PREFILL):
        for ours, theirs in PAIRS:
            mine, other = (results.bursts(shape, threads, name, PREFILL, 0) for name in (ours, theirs))
            if mine and other:
                times = ratio(other, mine)
                case = f"{shape}, {threads} threads, {ours}"
                yield Verdict(
                    f"prefill {PREFILL_RATIO}x faster than {theirs}",
                    case,
                    f"{times:.2f} times",
                    times.median >= PREFILL_RATIO,
                )


def _verification(
    results: Results, shape: str, threads: int, context: int, ours: str, verify: str, step: str
) -> Iterator[Verdict]:
    verified, single = (results.bursts(shape, threads, ours, measure, context) for measure in (verify, step))
    if verified and single:
        steps = ratio(verified, single)
        case = f"{shape}, {threads} threads, {context} tokens, {ours}, {step}"
        wanted = f"verification of 8 tokens at most {VERIFY_STEPS} steps"
        yield Verdict(wanted, case, f"{steps:.2f} steps", steps.median <= VERIFY_STEPS)


def typing_verdicts(results: Results) -> Iterator[Verdict]:
    """What the trace tells."""
    for shape, threads, context in _cases(results, KEY):
        for ours, theirs in PAIRS:
            case = f"{shape}, {threads} threads, {context} tokens of text, {ours}"
            four = results.bursts(shape, threads, ours, FOUR_KEYS, context)
            if four:
                ms = spread(four)
                wanted = f"line of 16 tokens after 4 characters under {LINE_MS:.0f} ms"
                yield Verdict(wanted, case, f"{ms:.1f} ms", ms.median < LINE_MS)
            mine = results.bursts(shape, threads, ours, KEY, context)
            for name in sorted({one.contestant for one in results.series if one.contestant.startswith(f"{theirs} ")}):
                other = results.bursts(shape, threads, name, KEY, context)
                if mine and other:
                    times = ratio(other, mine)
                    wanted = f"trace of keys {TRACE_RATIO:.0f}x faster than {name}"
                    yield Verdict(wanted, case, f"{times:.2f} times", times.median >= TRACE_RATIO)


def _cases(results: Results, measure: str) -> list[tuple[str, int, int]]:
    """Shapes, threads and contexts for which `measure` was taken, in the order in which they were."""
    return list(
        dict.fromkeys((one.shape, one.threads, one.context) for one in results.series if one.measure == measure)
    )
