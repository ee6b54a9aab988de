from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from mim_lsp.training.forward import Metrics
from mim_lsp.training.log import Entry, Pace, RunLog, say


def entry(step: int, split: str = "train", tv_text: float = 0.25) -> Entry:
    metrics = Metrics(loss=3.123456789, nll_forward=3.0, nll_backward=3.5, tv_text=tv_text, tv_middle=0.5)
    pace = Pace(2345.678, mfu=0.4, grad_norm=1.25, skipped=3)
    return Entry(split, step, 123_456_789 * step, step / 60, 0.5, pace, metrics)


def rows(log: RunLog) -> list[dict[str, str]]:
    with log.path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_line_has_what_was_measured(tmp_path: Path) -> None:
    log = RunLog(tmp_path, step=0)
    log.add(entry(1))
    assert rows(log) == [
        {
            "split": "train",
            "step": "1",
            "tokens": "123456789",
            "minutes": "0.016667",
            "lr_factor": "0.5",
            "tokens_per_second": "2345.7",
            "mfu": "0.4",
            "grad_norm": "1.25",
            "skipped": "3",
            "loss": "3.1235",
            "nll_forward": "3",
            "nll_backward": "3.5",
            "tv_text": "0.25",
            "tv_middle": "0.5",
        }
    ]


def test_a_resumed_run_drops_what_was_logged_after_its_checkpoint(tmp_path: Path) -> None:
    log = RunLog(tmp_path, step=0)
    for step in (10, 20, 30):
        log.add(entry(step))
    resumed = RunLog(tmp_path, step=20)
    resumed.add(entry(30, tv_text=0.125))
    assert [(row["step"], row["tv_text"]) for row in rows(resumed)] == [("10", "0.25"), ("20", "0.25"), ("30", "0.125")]


def test_a_new_run_starts_a_new_log(tmp_path: Path) -> None:
    RunLog(tmp_path, step=0).add(entry(10))
    assert rows(RunLog(tmp_path, step=0)) == []


def test_a_run_whose_log_was_lost_goes_on(tmp_path: Path) -> None:
    log = RunLog(tmp_path, step=50)
    log.add(entry(60))
    assert [row["step"] for row in rows(log)] == ["60"]


def test_a_log_from_before_a_column_was_kept_goes_on(tmp_path: Path) -> None:
    old = ["split", "step", "tokens", "minutes", "lr_factor", "tokens_per_second", "loss"]
    old += ["nll_forward", "nll_backward", "tv_text", "tv_middle"]
    (tmp_path / "log.csv").write_text(",".join(old) + "\ntrain,10,99,1,1,5,3,3,3,0.5,0.5\ntrain,20,1")
    log = RunLog(tmp_path, step=20)
    log.add(entry(30))
    log.plot()
    assert [(row["step"], row["grad_norm"]) for row in rows(log)] == [("10", ""), ("30", "1.25")]


@pytest.mark.parametrize("entries", [[], [entry(1)], [entry(1), entry(2, "heldout"), entry(3, tv_text=math.nan)]])
def test_the_plot_is_a_picture(entries: list[Entry], tmp_path: Path) -> None:
    log = RunLog(tmp_path, step=0)
    for each in entries:
        log.add(each)
    log.plot()
    assert log.plot_path.read_bytes().startswith(b"\x89PNG")


def test_say_prints_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    say("learning")
    assert capsys.readouterr().out == "learning\n"
