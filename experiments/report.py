"""Tables and plots of what `experiments.run` measured.

python -m experiments.report runs/experiments --plots docs/experiments
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from experiments import scaling
from experiments.arms import SUITES
from experiments.results import Result, read

NONE = "-"
Column = Callable[[Result], str]


def _of(split: str, name: str, *, backward: bool = False) -> Column:
    """A number of held-out windows; nothing where the arm has not learned that direction."""

    def column(result: Result) -> str:
        is_there = not backward or _has_backward(result)
        return f"{result.measured[split][name]:.3f}" if is_there else NONE

    return column


def _right(tasks: str) -> Column:
    return lambda result: f"{100 * result.measured[tasks]['exact_match']:.1f}" if tasks in result.measured else NONE


def _has_backward(result: Result) -> bool:
    return result.arm.decode in ("infill", "streams") or result.arm in SUITES["sizes"]


COLUMNS: dict[str, Column] = {
    "arm": lambda result: result.arm.name,
    "tokens": lambda result: f"{result.tokens / 1e6:.2f}M",
    "code, bits per byte, forward": _of("code", "bits_per_byte_forward"),
    "backward": _of("code", "bits_per_byte_backward", backward=True),
    "middle, forward": _of("code", "middle_nll_forward"),
    "far side hidden": _of("code", "middle_nll_forward_without_far"),
    "middle, backward": _of("code", "middle_nll_backward", backward=True),
    "far side hidden ": _of("code", "middle_nll_backward_without_far", backward=True),
    "disagreement": _of("code", "tv_middle", backward=True),
    "prose, bits per byte": _of("prose", "bits_per_byte_forward"),
    "prose, middle": _of("prose", "middle_nll_forward"),
    "holes right, %": _right("holes"),
    "words right, %": _right("words"),
}


def table(results: Sequence[Result]) -> Iterator[str]:
    """The lines of a Markdown table, an arm a row."""
    yield f"| {' | '.join(name.strip() for name in COLUMNS)} |"
    yield f"|{'---|' * len(COLUMNS)}"
    for result in results:
        yield f"| {' | '.join(column(result) for column in COLUMNS.values())} |"


def plot(results: Sequence[Result], path: Path) -> None:
    """Loss as the arms learned, and on held-out code what they came to."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4.2), width_ratios=[1.3, 1, 1])
    for result in results:
        left.plot(*zip(*_smoothed(result.curve), strict=True), label=result.arm.name, linewidth=1.2)
    left.set(xlabel="tokens predicted, both directions", ylabel="training NLL, forward rows, nats a token")
    left.legend(fontsize=7)
    _dots(middle, results, {"forward": "bits_per_byte_forward", "backward": "bits_per_byte_backward"})
    _dots(right, results, {"forward": "middle_nll_forward", "backward": "middle_nll_backward"})
    middle.set(xlabel="whole text, bits a byte")
    middle.set_yticks(range(len(results)), [result.arm.name for result in results], fontsize=8)
    right.set(xlabel="middles, nats a token")
    right.set_yticks(range(len(results)), [""] * len(results))
    for axes in (left, middle, right):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _dots(axes: Axes, results: Sequence[Result], names: Mapping[str, str]) -> None:
    """A row for each arm, the first on top."""
    for label, name in names.items():
        there = [n for n, result in enumerate(results) if label == "forward" or _has_backward(result)]
        axes.plot([results[n].measured["code"][name] for n in there], there, "o", label=label)
    axes.set_ylim(len(results) - 0.5, -0.5)
    axes.legend(fontsize=7)


def _smoothed(curve: Sequence[tuple[int, float]], width: int = 5) -> list[tuple[int, float]]:
    """Running means of the losses, which scatter from batch to batch."""
    return [
        (tokens, sum(loss for _, loss in curve[n - width + 1 : n + 1]) / width)
        for n, (tokens, _) in enumerate(curve)
        if n >= width - 1
    ]


def main() -> None:
    """Print every suite's table; with `--plots`, draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, nargs="?", default=Path("runs/experiments"))
    parser.add_argument("--plots", type=Path, metavar="DIR")
    args = parser.parse_args()
    for name, arms in SUITES.items():
        results = read(arms, args.out)
        if results:
            print(f"\n{name}\n", *table(results), sep="\n")
        if results and args.plots:
            plot(results, args.plots / f"{name}.png")
    points = scaling.points(args.out)
    if len(points) >= scaling.FEWEST:
        print("\n".join(scaling.report(points)))
        if args.plots:
            scaling.plot(points, args.plots / "scaling.png")


if __name__ == "__main__":
    main()
