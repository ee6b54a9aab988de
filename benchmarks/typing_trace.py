"""Times a completion after every key of a trace: our whole completer against llama.cpp's `/infill`.

Both see the same text around the cursor, chosen by our `build_context` for the same budget of tokens, and both write a
line of 16 tokens that never ends early: random weights neither meet nor stop. Per key

- ours: `MimCompleter.complete` from the document to the (empty) answer: context, tokens, both rows brought up to date,
  up to 16 passes for both directions, all of Python included. The sides never meet, which in real use ends a line after
  about half as many passes. Where what was typed changes no prompt, what the sides wrote before is kept: at about one
  key in five a single pass is left.
- llama.cpp: the tokens of the prompt that its cache lacks, then 15 passes for one direction. Making the prompt's text
  and tokens, HTTP and JSON are left out.

Usage: python -m benchmarks.typing_trace [--shapes 60M 110M] [--threads 2] [--quick] [--out docs/native-core]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import llama_cpp
from benchmarks.contestants import CONTESTANTS, LLAMA_Q4, LLAMA_Q8, NATIVE_INT4, NATIVE_INT8, TORCH
from benchmarks.infill_prompt import infill_prompt, plan_reuse
from benchmarks.keystrokes import Place, choose_places
from benchmarks.llama_cpp import LlamaCppRuntime
from benchmarks.machine import describe, load_average
from benchmarks.measures import FIRST, FOUR_KEYS, KEY
from benchmarks.random_models import DEFAULT_FOLDER, write_models
from benchmarks.report import TYPING_FILE, write_report
from benchmarks.results import Results, Series
from benchmarks.shapes import SHAPES
from benchmarks.spread import Burst
from benchmarks.workers import Worker, take_turns
from mim_lsp.completion.completer import MimCompleter
from mim_lsp.completion.context import Budget, build_context
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.engine.engine import MimEngine
from mim_lsp.evaluation.latency import default_files
from mim_lsp.model.folder import read_tokenizer
from mim_lsp.runtime.loading import LoadedModel
from mim_lsp.runtime.protocol import Feed

LINE = 16
"""Tokens of a completion."""
CACHE_REUSE = 256
"""The value of `--cache-reuse` that llama.cpp's own editor plugins recommend."""


@dataclass(frozen=True)
class Infill:
    """One way to run `/infill`."""

    spm: bool = False
    cache_reuse: int = 0


INFILL_MODES = {"": Infill(), " --cache-reuse 256": Infill(cache_reuse=CACHE_REUSE), " --spm-infill": Infill(spm=True)}


class OurTyping:
    """Our completer on a random model."""

    def __init__(self, contestant: str, model: Path, threads: int, budget: Budget) -> None:
        shape = SHAPES[model.name]
        tokenizer = read_tokenizer(model.with_name(f"{model.name}-int8"))
        runtime = CONTESTANTS[contestant].open(model, threads)
        self._completer = MimCompleter(MimEngine(LoadedModel(model.name, shape, tokenizer, runtime)))
        self._options = CompletionOptions(
            max_tokens=LINE, prefix_tokens=budget.prefix_tokens, suffix_tokens=budget.suffix_tokens
        )

    def type(self, place: Place, stride: int) -> list[float]:
        """Milliseconds of the completion before the first key, and of those after every `stride` keys."""
        times = []
        for text, cursor in place.typing(stride):
            started = time.perf_counter()
            result = self._completer.complete(text, cursor, self._options, document="trace")
            times.append(1000 * (time.perf_counter() - started))
            assert result.reason == "incomplete", f"{result.reason}: this model ends its lines early"
        self._completer.forget("trace")
        return times


class InfillTyping:
    """llama-server's `/infill` without the server: one slot, greedy."""

    def __init__(self, contestant: str, model: Path, threads: int, budget: Budget, mode: Infill) -> None:
        runtime = CONTESTANTS[contestant].open(model, threads)
        assert isinstance(runtime, LlamaCppRuntime)
        self._runtime, self._budget, self._mode = runtime, budget, mode
        self._special = SHAPES[model.name].special
        self._encode = read_tokenizer(model.with_name(f"{model.name}-int8")).encode
        self._row = runtime.open_row()
        self._cached: list[int] = []

    def type(self, place: Place, stride: int) -> list[float]:
        """Milliseconds of the completion before the first key, and of those after every `stride` keys."""
        times = []
        for text, cursor in place.typing(stride):
            prompt = self._prompt(text, cursor)
            started = time.perf_counter()
            self._complete(prompt)
            times.append(1000 * (time.perf_counter() - started))
        return times

    def _prompt(self, text: str, cursor: int) -> list[int]:
        context = build_context(text, cursor, self._budget, lambda piece: len(self._encode(piece)))
        prefix, suffix = self._encode(context.prefix), self._encode(context.suffix)
        return infill_prompt(self._special, prefix, suffix, spm=self._mode.spm)

    def _complete(self, prompt: list[int]) -> None:
        reuse = plan_reuse(self._cached, prompt, self._mode.cache_reuse)
        for move in reuse.moves:
            self._runtime.move(self._row, move.start, move.end, move.to)
        self._runtime.truncate(self._row, reuse.kept)
        self._cached = prompt
        ahead = prompt[reuse.kept :]
        for _ in range(LINE):
            logits = self._runtime.step([Feed(self._row, ahead)])[0][-1]
            ahead = [logits.best_below(self._runtime.vocab_size)]
            self._cached = [*self._cached, *ahead]
        self._cached.pop()  # chosen last, and never read


@dataclass(frozen=True)
class Typist:
    """A contestant of the trace."""

    name: str
    contestant: str
    make: type[OurTyping] | type[InfillTyping]
    mode: tuple[Infill, ...] = ()

    def worker(self, model: Path, threads: int, budget: Budget) -> Worker:
        """Start its process."""
        environment = {"OMP_NUM_THREADS": str(threads), **CONTESTANTS[self.contestant].environment}
        return Worker(self.name, self.make, (self.contestant, model, threads, budget, *self.mode), environment)


TYPISTS = {
    typist.name: typist
    for typist in (
        *(Typist(name, name, OurTyping) for name in (NATIVE_INT4, NATIVE_INT8, TORCH)),
        *(
            Typist(f"{name} /infill{options}", name, InfillTyping, (mode,))
            for name in (LLAMA_Q4, LLAMA_Q8)
            for options, mode in INFILL_MODES.items()
        ),
    )
}
SLOW = (TORCH, f"{LLAMA_Q8} /infill --cache-reuse 256", f"{LLAMA_Q8} /infill --spm-infill")
"""They double the time of a run and tell little more, so they take part only when they are named."""


@dataclass(frozen=True)
class Plan:
    """What one run measures."""

    shapes: Sequence[str]
    threads: int
    budgets: Sequence[Budget]
    typists: Sequence[Typist]
    places: Sequence[Place]
    models: Path


def measure(plan: Plan, say: Callable[[str], None] = print) -> Results:
    """Run all of a plan."""
    write_models(plan.shapes, plan.models)
    problems = {typist.name: CONTESTANTS[typist.contestant].problem() for typist in plan.typists}
    results = Results(describe(llama_cpp.version() if llama_cpp.DEFAULT_BUILD.exists() else None))
    results.notes += [f"{name} did not take part: {problem}" for name, problem in problems.items() if problem]
    results.notes.append(f"load average before: {load_average()}")
    present = [typist for typist in plan.typists if not problems[typist.name]]
    for shape in plan.shapes:
        for budget in plan.budgets:
            say(f"{shape}, {budget.prefix_tokens} + {budget.suffix_tokens} tokens: load {load_average()}")
            results.series += _type_all(plan, shape, budget, present)
    results.notes.append(f"load average after: {load_average()}")
    return results


def _type_all(plan: Plan, shape: str, budget: Budget, typists: Sequence[Typist]) -> list[Series]:
    """All places, contestants taking turns at each."""
    workers = {typist.name: typist.worker(plan.models / shape, plan.threads, budget) for typist in typists}
    context = budget.prefix_tokens + budget.suffix_tokens
    series = {
        (name, measure): Series(shape, plan.threads, name, measure, context, [])
        for name in workers
        for measure in (FIRST, KEY, FOUR_KEYS)
    }
    for number, place in enumerate(plan.places):
        for stride, measure in ((1, KEY), (4, FOUR_KEYS)):
            for name in take_turns(list(workers), number):
                burst = workers[name].burst("type", place, stride)
                series[name, measure].bursts.append(Burst(burst.ms[1:], burst.foreign_cores))
                if measure == KEY:
                    series[name, FIRST].bursts.append(Burst(burst.ms[:1], burst.foreign_cores))
    for worker in workers.values():
        worker.close()
    return list(series.values())


def main() -> None:
    """Measure what the command line asks for, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["60M", "110M"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--budgets",
        nargs="+",
        type=_budget,
        default=[Budget(384, 128), Budget(1024, 384)],
        metavar="PREFIX+SUFFIX",
        help="tokens of text before and after the cursor; the last default is the product's",
    )
    parser.add_argument(
        "--contestants",
        nargs="+",
        metavar="NAME",
        choices=TYPISTS,
        default=[one for one in TYPISTS if one not in SLOW],
        help=f"of {', '.join(map(repr, TYPISTS))}; by default the slowest are left out",
    )
    parser.add_argument("--files", nargs="+", type=Path, default=default_files(), help="Python files to type in")
    parser.add_argument("--quick", action="store_true", help="one shape, one budget, two places")
    parser.add_argument("--models", type=Path, default=DEFAULT_FOLDER, help="folder of the random models")
    parser.add_argument("--out", type=Path, default=Path("docs/native-core"), help="folder of the report")
    arguments = parser.parse_args()
    places = choose_places([path.read_text(encoding="utf-8") for path in arguments.files])
    few = slice(0, 1) if arguments.quick else slice(None)
    plan = Plan(
        shapes=arguments.shapes[few],
        threads=arguments.threads,
        budgets=arguments.budgets[few],
        typists=[TYPISTS[name] for name in arguments.contestants],
        places=places[:2] if arguments.quick else places,
        models=arguments.models,
    )
    measure(plan).save(arguments.out / TYPING_FILE)
    print(write_report(arguments.out))


def _budget(text: str) -> Budget:
    prefix, _, suffix = text.partition("+")
    return Budget(int(prefix), int(suffix))


if __name__ == "__main__":
    main()
