"""Times single passes over the weights: ours against llama.cpp, PyTorch and onnxruntime, side by side in one run.

Usage: python -m benchmarks.native_core [--shapes 60M 110M] [--threads 1 2] [--quick] [--out docs/native-core]
Needs: benchmarks/build_llama_cpp.sh to have run. Random models are written on the first run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import llama_cpp
from benchmarks.bandwidth import MemoryProbe
from benchmarks.contestants import CONTESTANTS
from benchmarks.machine import describe, load_average
from benchmarks.measures import BOTH, MEMORY, ONE, PASSES, PREFILL, READ
from benchmarks.passes import Passes
from benchmarks.random_models import DEFAULT_FOLDER, write_models
from benchmarks.report import STEPS_FILE, write_report
from benchmarks.results import Results, Series
from benchmarks.shapes import SHAPES
from benchmarks.workers import Worker, take_turns
from mim_lsp.runtime.choice import native_problem


@dataclass(frozen=True)
class Plan:
    """What one run measures."""

    shapes: Sequence[str]
    threads: Sequence[int]
    contexts: Sequence[int]
    measures: Sequence[str]
    contestants: Sequence[str]
    rounds: int
    seconds: float
    """Of each contestant's turn."""
    models: Path


def open_passes(name: str, model: Path, threads: int) -> Passes:
    """What a contestant's process holds."""
    contestant = CONTESTANTS[name]
    return Passes(contestant.open(model, threads), contestant.chunk)


def measure(plan: Plan, say: Callable[[str], None] = print) -> Results:
    """Run all of a plan."""
    write_models(plan.shapes, plan.models)
    present = [name for name in plan.contestants if CONTESTANTS[name].problem() is None]
    results = Results(describe(llama_cpp.version() if any("llama" in name for name in present) else None))
    results.notes += [
        f"{name} did not take part: {CONTESTANTS[name].problem()}" for name in plan.contestants if name not in present
    ]
    results.notes.append(f"load average before: {load_average()}")
    for shape in plan.shapes:
        for threads in plan.threads:
            say(f"{shape}, {threads} threads: load {load_average()}")
            _measure_shape(plan, shape, threads, present, results)
    results.notes.append(f"load average after: {load_average()}")
    return results


def _measure_shape(plan: Plan, shape: str, threads: int, contestants: Sequence[str], results: Results) -> None:
    """All measures of one shape on a number of threads, contestants taking turns."""
    workers = {name: _worker(name, plan.models / shape, threads) for name in contestants}
    if native_problem() is None:
        workers[MEMORY] = Worker(MEMORY, MemoryProbe, (threads,))
    for number, context in enumerate(plan.contexts):
        for name in contestants:
            workers[name].call("fill", context)
        # A prompt is read into an empty row, so once is enough.
        measures = [one for one in plan.measures if one != PREFILL or number == 0]
        results.series += _rounds(plan, shape, threads, context, measures, workers)
    results.notes += [
        f"{name} used {worker.parked_seconds:.2f} s of processor time while it was not its turn"
        for name, worker in workers.items()
        if worker.parked_seconds > 0.1
    ]
    for worker in workers.values():
        worker.close()


def _worker(name: str, model: Path, threads: int) -> Worker:
    environment = {"OMP_NUM_THREADS": str(threads), **CONTESTANTS[name].environment}
    return Worker(name, open_passes, (name, model, threads), environment)


def _rounds(
    plan: Plan, shape: str, threads: int, context: int, measures: Sequence[str], workers: dict[str, Worker]
) -> list[Series]:
    series = {
        (name, one): Series(shape, threads, name, one, 0 if one == PREFILL else context, [])
        for name in workers
        for one in ([READ] if name == MEMORY else measures)
    }
    for number in range(plan.rounds):
        for one in measures:
            for name in take_turns(list(workers), number):
                if name != MEMORY:
                    series[name, one].bursts.append(workers[name].burst("burst", one, plan.seconds))
        if MEMORY in workers:
            series[MEMORY, READ].bursts.append(workers[MEMORY].burst("burst", plan.seconds))
    return list(series.values())


def main() -> None:
    """Measure what the command line asks for, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["60M", "110M"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--contexts", nargs="+", type=int, default=[512, 1024], help="tokens in each row")
    parser.add_argument(
        "--contestants",
        nargs="+",
        metavar="NAME",
        choices=CONTESTANTS,
        default=list(CONTESTANTS),
        help=f"of {', '.join(map(repr, CONTESTANTS))}",
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.15, help="of each contestant's turn in a round")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="the first shape and context, the last number of threads, steps and prefill only",
    )
    parser.add_argument("--models", type=Path, default=DEFAULT_FOLDER, help="folder of the random models")
    parser.add_argument("--out", type=Path, default=Path("docs/native-core"), help="folder of the report")
    arguments = parser.parse_args()
    plan = Plan(
        shapes=arguments.shapes[:1] if arguments.quick else arguments.shapes,
        threads=arguments.threads[-1:] if arguments.quick else arguments.threads,
        contexts=arguments.contexts[:1] if arguments.quick else arguments.contexts,
        measures=(ONE, BOTH, PREFILL) if arguments.quick else PASSES,
        contestants=arguments.contestants,
        rounds=3 if arguments.quick else arguments.rounds,
        seconds=arguments.seconds,
        models=arguments.models,
    )
    results = measure(plan)
    results.save(arguments.out / STEPS_FILE)
    print(write_report(arguments.out))


if __name__ == "__main__":
    main()
