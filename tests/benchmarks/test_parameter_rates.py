from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.parameter_rates import ARGUMENT_RATES, PARAMETER_RATES, WAYS, plot, tables

RATE = {"share": 0.5, "low": 0.3, "high": 0.7}


def report() -> dict[str, Any]:
    parameters = {"cases": 1200, **dict.fromkeys(PARAMETER_RATES, RATE)}
    arguments = {"cases": 9, **dict.fromkeys(ARGUMENT_RATES, RATE)}
    return {
        "ways": dict.fromkeys(WAYS, parameters),
        "traits": {"method": parameters},
        "arguments": dict.fromkeys(WAYS, arguments),
    }


def test_the_tables_have_a_row_for_each_way_and_trait() -> None:
    lines = list(tables(report()))
    assert lines[0] == "| | cases | name | name and default | and annotation | valid |"
    assert f"| the action, method | 1,200 |{' 50.0 (30 to 70) |' * 4}" in lines
    assert lines.count(f"| the action | 9 |{' 50.0 (30 to 70) |' * 2}") == 1
    assert all(line.count("|") == lines[0].count("|") for line in lines[: lines.index("")])


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    plot(report(), tmp_path / "new" / "rates.png")
    assert (tmp_path / "new" / "rates.png").read_bytes().startswith(b"\x89PNG")
