from __future__ import annotations

import math

import pytest

from mim_lsp.training.report import Reporter
from tests.training.test_log import entry


def test_a_detached_run_prints_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter(visible=True, line_seconds=0) as reporter:
        reporter.show(0.25, entry(40), 3723.4)
        reporter.show(0.5, entry(80), math.nan)
    first, second = capsys.readouterr().out.splitlines()
    assert first == (" 25.0 %  step 40  NLL 3.000 -> 3.500 <-  TV 0.50  2,346 tok/s  MFU 40 %  1:02:03 left")
    assert second.endswith("? left")


def test_not_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter(visible=True, line_seconds=1e9) as reporter:
        reporter.show(0.25, entry(40), 30)
    assert capsys.readouterr().out == ""


def test_only_one_process_prints(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter(visible=False, line_seconds=0) as reporter:
        reporter.show(0.25, entry(40), 30)
    assert capsys.readouterr().out == ""
