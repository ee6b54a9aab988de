"""The tables and the plot of docs/parameters.md, of what `mim-lsp eval parameters --json` printed.

mim-lsp eval parameters --corpus CORPUS --count 1200 --json > report.json
python -m benchmarks.parameter_rates report.json --plot docs/parameters/rates.png
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

WAYS = {
    "action": "the action",
    "action_forward": "the action, far side hidden",
    "action_alone": "the action without a model",
    "infill": "the model alone, both sides",
    "forward": "the model alone, far side hidden",
}
PARAMETER_RATES = {
    "name": "name",
    "name_and_default": "name and default",
    "declaration": "and annotation",
    "valid": "valid",
}
ARGUMENT_RATES = {"value": "value", "valid": "valid"}

Rows = Sequence[tuple[str, Mapping[str, Any]]]


def tables(report: Mapping[str, Any]) -> Iterator[str]:
    """The lines of two Markdown tables: parameters with their traits, and arguments."""
    ways = [(WAYS[way], rates) for way, rates in report["ways"].items()]
    traits = [(f"the action, {trait}", rates) for trait, rates in report["traits"].items()]
    yield from _table([*ways, *traits], PARAMETER_RATES)
    yield ""
    yield from _table([(WAYS[way], rates) for way, rates in report["arguments"].items()], ARGUMENT_RATES)


def plot(report: Mapping[str, Any], path: Path) -> None:
    """Bars of all ways with their intervals: parameters on the left, arguments on the right."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), sharey=True, width_ratios=[2, 1])
    _bars(left, report["ways"], PARAMETER_RATES)
    _bars(right, report["arguments"], ARGUMENT_RATES)
    left.set(ylabel="%", ylim=(0, 105), title=f"{report['ways']['action']['cases']} parameters")
    right.set_title(f"{report['arguments']['action']['cases']} arguments")
    figure.legend(*left.get_legend_handles_labels(), fontsize=8, ncols=3, loc="lower center")
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _table(rows: Rows, names: Mapping[str, str]) -> Iterator[str]:
    yield f"| | cases | {' | '.join(names.values())} |"
    yield f"|---|---|{'---|' * len(names)}"
    for label, rates in rows:
        yield f"| {label} | {rates['cases']:,} | {' | '.join(_cell(rates[name]) for name in names)} |"


def _cell(rate: Mapping[str, float]) -> str:
    return f"{100 * rate['share']:.1f} ({100 * rate['low']:.0f} to {100 * rate['high']:.0f})"


def _bars(axes: Axes, ways: Mapping[str, Any], names: Mapping[str, str]) -> None:
    width = 0.8 / len(ways)
    for n, (way, rates) in enumerate(ways.items()):
        places = [at + width * (n - (len(ways) - 1) / 2) for at in range(len(names))]
        shares = [100 * rates[name]["share"] for name in names]
        ends = [
            [max(0.0, 100 * abs(rates[name][end] - rates[name]["share"])) for name in names] for end in ("low", "high")
        ]
        axes.bar(places, shares, width, yerr=ends, label=WAYS[way], error_kw={"elinewidth": 0.8, "capsize": 1.5})
    axes.set_xticks(range(len(names)), list(names.values()))
    axes.grid(alpha=0.3, axis="y")


def main() -> None:
    """Print the tables of a report, and write its plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, metavar="FILE", help="what `mim-lsp eval parameters --json` printed")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="where to write the plot")
    args = parser.parse_args()
    report = json.loads(args.report.read_text(encoding="utf-8"))
    print("\n".join(tables(report)))
    if args.plot:
        plot(report, args.plot)


if __name__ == "__main__":
    main()
