"""What a completion costs outside of the runtime: Python's own milliseconds for each pass and for each request.

Types into the middle of a 1,000-line file of Python's own library, with a completion after each key, over a runtime
that notes when each pass begins and ends. All other time of the thread is overhead. It is counted in CPU time of that
thread, which a busy machine lengthens little, and given as medians.

Usage: python -m benchmarks.engine_overhead [--model NAME|DIR] [--keys 40] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any, NamedTuple

from mim_lsp.completion.completer import MimCompleter
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.engine.engine import MimEngine
from mim_lsp.runtime.loading import RuntimeOptions, load_model
from mim_lsp.runtime.protocol import Runtime

LINES = 1_000
TYPED_LINE = "        if action.dest is not SUPPRESS and action.nargs not in (OPTIONAL, REMAINDER):"
"""Typed in front of the middle line of the file."""
TYPED_FROM = 8


class Pass(NamedTuple):
    """When a pass over the weights began and ended, in seconds."""

    start: float
    end: float


@dataclass
class WatchedRuntime:
    """A runtime that notes its passes."""

    runtime: Runtime
    passes: list[Pass] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.runtime, name)

    def step(self, *arguments: Any) -> Any:
        """One pass, noted."""
        start = thread_time()
        results = self.runtime.step(*arguments)
        self.passes.append(Pass(start, thread_time()))
        return results


class Overhead(NamedTuple):
    """Milliseconds of one request outside of the runtime."""

    before: float
    """Until the first pass: context, tokens, caches."""
    steps: list[float]
    """Between each two passes."""
    after: float
    """Behind the last pass: scores, trimming, filters."""


def watch(completer: MimCompleter, runtime: WatchedRuntime, text: str, offset: int, document: str) -> Overhead:
    """The overhead of one completion."""
    runtime.passes.clear()
    start = thread_time()
    completer.complete(text, offset, CompletionOptions(), document=document)
    end = thread_time()
    passes = runtime.passes
    between = [(right.start - left.end) * 1000 for left, right in pairwise(passes)]
    return Overhead((passes[0].start - start) * 1000, between, (end - passes[-1].end) * 1000)


def keystrokes(keys: int) -> Iterator[tuple[str, int]]:
    """The text and the cursor after each key."""
    source = Path(sysconfig.get_path("stdlib"), "argparse.py").read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)[:LINES]
    above, below = "".join(lines[: LINES // 2]), "".join(lines[LINES // 2 :])
    for n in range(TYPED_FROM, min(TYPED_FROM + keys, len(TYPED_LINE)) + 1):
        yield above + TYPED_LINE[:n] + "\n" + below, len(above) + n


def report(name: str, overheads: Sequence[Overhead]) -> str:
    """One line of the table."""
    steps = [step for overhead in overheads for step in overhead.steps]
    before, after = (median(part) for part in zip(*((one.before, one.after) for one in overheads), strict=True))
    return f"{name:<22}{_cell(steps)}{max(steps, default=0):>12.3f}{before:>12.2f}{after:>12.2f}"


def _cell(values: Iterable[float]) -> str:
    found = list(values)
    return f"{median(found):>12.3f}" if found else f"{'-':>12}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a model in the box, or a model folder")
    parser.add_argument("--keys", type=int, default=40, help="completions after the first (default: %(default)s)")
    parser.add_argument("--profile", action="store_true", help="also print where the time goes")
    args = parser.parse_args()

    model = load_model(args.model, RuntimeOptions("cpu"))
    runtime = WatchedRuntime(model.runtime)
    completer = MimCompleter(MimEngine(replace(model, runtime=runtime)))
    completer.complete("x = \n", 4, CompletionOptions())  # what a process does only once

    first, *typed = keystrokes(args.keys)
    profile = cProfile.Profile() if args.profile else nullcontext()
    with profile:
        opening = watch(completer, runtime, *first, "a.py")
        overheads = [watch(completer, runtime, *key, "a.py") for key in typed]
    print(f"{'ms':<22}{'a pass':>12}{'worst pass':>12}{'before':>12}{'after':>12}")
    print(report("first completion", [opening]))
    print(report(f"each of {len(typed)} keys", overheads))
    if isinstance(profile, cProfile.Profile):
        profile.print_stats("cumulative")


if __name__ == "__main__":
    main()
