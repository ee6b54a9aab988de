"""The report of the last runs: Markdown tables, verdicts and a plot, made from the times that were kept.

Usage: python -m benchmarks.report [FOLDER]     default: docs/native-core; makes the report again from its JSON files
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.measures import BOTH, FIRST, FOUR_KEYS, KEY, MEMORY, ONE, PASSES, PREFILL, READ
from benchmarks.plot import plot
from benchmarks.results import Results
from benchmarks.shapes import SHAPES
from benchmarks.spread import Burst, quiet_rounds, spread
from benchmarks.wants import Verdict, roofline_share, step_verdicts, typing_verdicts

STEPS_FILE, TYPING_FILE, REPORT_FILE, PLOT_FILE = "passes.json", "typing.json", "README.md", "passes.png"


def write_report(folder: Path) -> str:
    """Write the report from the JSON files in `folder`; returns the verdicts' lines for the terminal."""
    steps, typing = (_load(folder / name) for name in (STEPS_FILE, TYPING_FILE))
    verdicts = [*(step_verdicts(steps) if steps else ()), *(typing_verdicts(typing) if typing else ())]
    parts = [_head(), _verdict_table(verdicts)]
    if steps:
        plot(steps, folder / PLOT_FILE)
        parts += [
            f"## Passes over the weights\n\n![Milliseconds of passes]({PLOT_FILE})",
            _about(steps),
            *_pass_tables(steps),
        ]
    if typing:
        parts += ["## Typing", _about(typing), *_typing_tables(typing)]
    (folder / REPORT_FILE).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return "\n".join(
        f"{'pass' if verdict.passed else 'FAIL'}  {verdict.wanted}: {verdict.measured} [{verdict.case}]"
        for verdict in verdicts
    )


def _load(path: Path) -> Results | None:
    return Results.load(path) if path.exists() else None


def _head() -> str:
    return (
        "# How fast the native core is\n\n"
        "Written by `python -m benchmarks.native_core` and `python -m benchmarks.typing_trace`; "
        "[benchmarks/README.md](../../benchmarks/README.md) says what each number means. Random weights: this is about "
        "speed alone. Times are medians in milliseconds with the range of four fifths of the repeats; ratios are taken "
        "round by round, between contestants that took turns in one run."
    )


def _verdict_table(verdicts: Iterable[Verdict]) -> str:
    rows = [(one.wanted, one.case, one.measured, "yes" if one.passed else "**no**") for one in verdicts]
    return "## What is wanted\n\n" + _table(("wanted", "case", "measured", "reached"), rows)


def _about(results: Results) -> str:
    """Machine, versions and circumstances of a run."""
    lines = [f"- {key}: {value}" for key, value in results.machine.items()]
    return "\n".join([*lines, *(f"- {note}" for note in results.notes), f"- {_quietness(results)}"])


def _quietness(results: Results) -> str:
    bursts = [burst for one in results.series for burst in one.bursts]
    used = [one.bursts[i] for one in results.series for i in quiet_rounds(one.bursts)]
    busy = np.mean([burst.foreign_cores for burst in bursts])
    of_used = np.mean([burst.foreign_cores for burst in used])
    return (
        f"other processes kept {busy:.2f} cores busy on average; the {len(used)} of {len(bursts)} turns that count "
        f"had {of_used:.2f}"
    )


def _pass_tables(results: Results) -> Iterator[str]:
    """A table for each shape and number of threads."""
    for shape, threads in dict.fromkeys((one.shape, one.threads) for one in results.series):
        of_it = [one for one in results.series if (one.shape, one.threads) == (shape, threads)]
        contexts = sorted({one.context for one in of_it if one.measure == ONE})
        measured = {one.measure for one in of_it}
        columns = [(PREFILL, 0)] if PREFILL in measured else []
        columns += [(measure, context) for context in contexts for measure in PASSES if measure in measured - {PREFILL}]
        names = [name for name in dict.fromkeys(one.contestant for one in of_it) if name != MEMORY]
        rows = [
            [name, *(_cell(results.bursts(shape, threads, name, *column)) for column in columns)]
            + [_share(results, shape, threads, name, context) for context in contexts]
            for name in names
        ]
        heads = [f"{measure}, at {context}" if context else measure for measure, context in columns]
        shares = [f"share of the roofline, {BOTH}, at {context}" for context in contexts]
        title = f"### {shape} ({SHAPES[shape].n_parameters / 1e6:.1f}M parameters), {threads} threads"
        yield "\n\n".join((title, _table(["", *heads, *shares], rows), _memory(results, shape, threads, contexts)))


def _memory(results: Results, shape: str, threads: int, contexts: Sequence[int]) -> str:
    reads = results.bursts(shape, threads, MEMORY, READ, contexts[0])
    return (
        f"Measured read bandwidth: {1000 / spread(reads).median:.1f} GB/s."
        if reads
        else "Read bandwidth: not measured."
    )


def _share(results: Results, shape: str, threads: int, name: str, context: int) -> str:
    steps = results.bursts(shape, threads, name, BOTH, context)
    reads = results.bursts(shape, threads, MEMORY, READ, context)
    return f"{roofline_share(shape, name, context, steps, reads).median:.0%}" if steps and reads else "-"


def _typing_tables(results: Results) -> Iterator[str]:
    """A table for each shape and budget."""
    for shape, threads, context in dict.fromkeys((one.shape, one.threads, one.context) for one in results.series):
        names = dict.fromkeys(one.contestant for one in results.series if (one.shape, one.context) == (shape, context))
        rows = []
        for name in names:
            key, four, first = (
                results.bursts(shape, threads, name, measure, context) for measure in (KEY, FOUR_KEYS, FIRST)
            )
            rows.append([name, _percentiles(key), _percentiles(four), _percentiles(first)])
        heads = ("ms per completion, p50 / p95", "each key", "4 keys at once", "first, nothing cached")
        yield f"### {shape}, {threads} threads, {context} tokens of text\n\n{_table(heads, rows)}"


def _cell(bursts: list[Burst] | None) -> str:
    return f"{spread(bursts):.2f}" if bursts else "-"


def _percentiles(bursts: list[Burst] | None) -> str:
    if not bursts:
        return "-"
    times = [ms for i in quiet_rounds(bursts) for ms in bursts[i].ms]
    return f"{np.percentile(times, 50):.1f} / {np.percentile(times, 95):.1f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(write_report(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/native-core")))
