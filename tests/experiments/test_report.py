"""Tables, plots and fits of made-up results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments import decoding, report, scaling
from experiments.arms import SUITES, Arm
from experiments.results import read
from experiments.run import RESULTS, folder_of
from experiments.scaling import Fit, Point

HELDOUT = {
    "bits_per_byte_forward": 1.5,
    "bits_per_byte_backward": 1.6,
    "middle_nll_forward": 3.1,
    "middle_nll_forward_without_far": 3.2,
    "middle_nll_backward": 3.3,
    "middle_nll_backward_without_far": 3.4,
    "tv_middle": 0.7,
}
LOG = "split,step,tokens,nll_forward\n" + "".join(f"train,{n},{n * 200_000},{6 - n / 10}\n" for n in range(1, 11))
LOG += "heldout,10,2000000,4.5\n"


def write(arm: Arm, out: Path) -> None:
    folder = folder_of(arm, out)
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text(LOG)
    measured = {"name": arm.name, "code": HELDOUT, "prose": HELDOUT}
    if arm.decode:
        measured |= {name: {"exact_match": 0.125} for name in ("holes", "words")}
    (folder / RESULTS).write_text(json.dumps(measured))


def test_a_baseline_has_no_backward_numbers(tmp_path: Path) -> None:
    arms = {arm.name: arm for arm in SUITES["objectives"]}
    ar, mim = arms["ar"], arms["mim-infill, beta 0.1"]
    for arm in (ar, mim):
        write(arm, tmp_path)
    *_, baseline, both = report.table(read([ar, mim], tmp_path))
    measured = "| 2.00M | 1.500 | 1.600 | 3.100 | 3.200 | 3.300 | 3.400 | 0.700 | 1.500 | 3.100 | 12.5 | 12.5 |"
    assert both == f"| {mim.name} {measured}"
    assert baseline == "| ar | 2.00M | 1.500 | - | 3.100 | 3.200 | - | - | - | 1.500 | 3.100 | - | - |"


def test_arms_that_are_not_done_are_left_out_and_the_others_drawn(tmp_path: Path) -> None:
    write(SUITES["format"][0], tmp_path)
    results = read(SUITES["format"], tmp_path)
    assert [(result.arm.name, result.tokens, result.curve[-1]) for result in results] == [
        ("forward only", 2_000_000, (2_000_000, 5.0))
    ]
    report.plot(results, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_the_fit_finds_the_factors_that_made_the_points(tmp_path: Path) -> None:
    truth = Fit(0.5, 40.0, 60.0)
    points = [Point("x", n, d, truth.bits(n, d)) for n in (4e5, 1.3e6, 3e6) for d in (1e6, 4e6)]
    assert scaling.fit(points) == pytest.approx(truth, rel=1e-6)
    assert any(line.startswith("| 358.0M | 600,000M |") for line in scaling.report(points))
    scaling.plot(points, tmp_path / "scaling.png")
    assert (tmp_path / "scaling.png").stat().st_size > 1000


def test_no_factor_is_negative() -> None:
    points = [Point("x", n, d, 1.0 + n / 1e8 + 30 / d**scaling.BETA) for n in (4e5, 1.3e6, 3e6) for d in (1e6, 4e6)]
    assert scaling.fit(points) == pytest.approx(Fit(1.0, 0.0, 30.0), rel=0.2)


def test_every_way_of_decoding_has_a_row_and_a_place_in_the_plot(tmp_path: Path) -> None:
    reports = {name: dict.fromkeys(decoding.COLUMNS, 0.25) for name in decoding.ways()}
    rows = list(decoding.table(reports))
    assert len(rows) == 2 + len(decoding.ways())
    assert "| infill, n = 2 | 25.0 % | 0.250 | 25.0 % | 25.0 % | 25.0 % | 0.250 | 0.2 |" in rows
    decoding.plot(reports, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000
