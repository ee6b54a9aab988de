"""One trained model, decoded in different ways: modes, n-grams, with and without verification, and how many compared.

python -m experiments.decoding --tasks holes.jsonl --model mim-py-nano --plot docs/experiments/decoding.png
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

from mim_lsp.completion import open_completer
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.evaluation.infilling import evaluate
from mim_lsp.evaluation.tasks import InfillingTask, read_tasks
from mim_lsp.runtime.choice import RuntimeOptions

NGRAMS = (1, 2, 3, 4, 5, 6)
COMPARED = (1, 2, 4, 6, 8, 12)
COLUMNS = {
    "exact_match": "right",
    "edit_similarity": "edit similarity",
    "shown_rate": "offered",
    "meet_rate": "met",
    "verify_rate": "verified",
    "tokens_per_step": "tokens a pass",
    "ms_p50": "ms p50",
}
_SHARES = ("exact_match", "shown_rate", "meet_rate", "verify_rate")
_GREEDY = CompletionOptions(eagerness=1.0, compare=1)

Report = Mapping[str, Any]


def ways() -> dict[str, CompletionOptions]:
    """What is compared, by name."""
    found = {"forward alone": replace(_GREEDY, decode="forward")}
    for decode in ("infill", "streams"):
        mode = replace(_GREEDY, decode=decode)
        found |= {f"{decode}, n = {n}": replace(mode, meet_ngram=n) for n in NGRAMS}
        found |= {f"{decode}, n = {n}, not verified": replace(mode, meet_ngram=n, verify=False) for n in NGRAMS}
    return found | {f"infill, best of {n}": replace(_GREEDY, compare=n) for n in COMPARED[1:]}


def measure(tasks: Sequence[InfillingTask], model: str, threads: int) -> Iterator[tuple[str, Report]]:
    """The report of each way."""
    completer = open_completer(model, RuntimeOptions("cpu", threads, "native"))
    for name, options in ways().items():
        yield name, asdict(evaluate(completer, tasks, options=options))


def table(reports: Mapping[str, Report]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield f"| | {' | '.join(COLUMNS.values())} |"
    yield f"|{'---|' * (len(COLUMNS) + 1)}"
    for name, report in reports.items():
        yield f"| {name} | {' | '.join(_cell(column, report[column]) for column in COLUMNS)} |"


def _cell(column: str, value: float) -> str:
    return f"{100 * value:.1f} %" if column in _SHARES else f"{value:.{1 if column == 'ms_p50' else 3}f}"


def plot(reports: Mapping[str, Report], path: Path) -> None:
    """Rates over n on the left, over how many are compared on the right."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for decode, style in (("infill", "-"), ("streams", "--")):
        for column, color in (("exact_match", "C0"), ("meet_rate", "C1"), ("verify_rate", "C2")):
            rates = [100 * reports[f"{decode}, n = {n}"][column] for n in NGRAMS]
            left.plot(NGRAMS, rates, f"{style}o", color=color, label=f"{decode}, {COLUMNS[column]}")
        rates = [100 * reports[f"{decode}, n = {n}, not verified"]["exact_match"] for n in NGRAMS]
        left.plot(NGRAMS, rates, f"{style}x", color="C3", label=f"{decode}, right, not verified")
    left.set(xlabel="n: tokens that must coincide", ylabel="% of holes")
    best = [reports["infill, n = 2" if n == 1 else f"infill, best of {n}"] for n in COMPARED]
    right.plot(COMPARED, [100 * report["exact_match"] for report in best], "-o", color="C0", label="right, %")
    right.plot(COMPARED, [report["ms_p50"] for report in best], "-o", color="C4", label="ms p50")
    right.set(xlabel="texts compared", ylim=(0, None))
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    """Measure all ways, print the table; with `--plot`, draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=Path, required=True, help="what `mim-lsp corpus tasks` wrote")
    parser.add_argument("--model", default="mim-py-nano")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to keep the numbers")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    args = parser.parse_args()
    reports: dict[str, Report] = {}
    for name, report in measure(read_tasks(args.tasks), args.model, args.threads):
        reports[name] = report
        print(f"{name}: {100 * report['exact_match']:.1f} %", flush=True)
    print("\n".join(table(reports)))
    if args.json:
        args.json.write_text(json.dumps(reports, indent=1) + "\n", encoding="utf-8")
    if args.plot:
        plot(reports, args.plot)


if __name__ == "__main__":
    main()
