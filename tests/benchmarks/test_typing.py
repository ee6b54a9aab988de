from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.editor import Tally, doubles
from benchmarks.typing import drive, percentile, rows, table
from benchmarks.typing_plot import plot
from benchmarks.typist import Passage
from tests.server.session import SCRIPT


@pytest.mark.parametrize(
    ("text", "behind", "expected"),
    [
        ("x, y", ")\nnext", False),
        ("x, y)", ")\nnext", True),
        ("a]", ")", True),
        ("f(x)", ")", False),
        ("return a\n    return b", "\n    return b\n", True),
        ("return a\n    return c", "\n    return b\n", False),
        ("", "", False),
    ],
)
def test_doubled_text_and_brackets_are_seen(text: str, behind: str, expected: bool) -> None:
    assert doubles(text, behind) is expected


def test_percentiles() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0
    assert percentile([], 0.5) != percentile([], 0.5)


def test_a_server_that_tells_nothing_of_itself_has_gaps_in_the_table() -> None:
    assert rows(Tally(keys=4))["encoded tokens a key"] == "n/a"
    assert rows(Tally(keys=4, counters={"encodedTokens": 6}))["encoded tokens a key"] == "1.50"
    assert "| keys | 4 | 5 |" in table({"before": Tally(keys=4), "after": Tally(keys=5)})


def test_a_right_suggestion_is_shown_accepted_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIM_LSP_STATS", str(tmp_path / "stats.jsonl"))
    passages = [Passage(f"m{i}.py", "def f(a, b):\n", "    return a + b", "\n") for i in range(4)]
    tally = drive([sys.executable, str(SCRIPT)], passages, speed=3)
    assert tally.right > 0
    assert tally.accepted > 0
    assert tally.accepted_characters + tally.typed_characters == 4 * len("    return a + b")
    assert tally.flickers == 0
    assert len(tally.latency_ms) >= tally.in_time > 0
    assert tally.counters["answers"] >= tally.in_time


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    plot({"before": [20.0, 30.0], "after": [0.5, 10.0, 12.0]}, tmp_path / "typing.png")
    assert (tmp_path / "typing.png").stat().st_size > 5_000
