"""Judging one answer, and the file of results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mim_lsp.completion.types import ElapsedMs
from mim_lsp.errors import SettingsError
from mim_lsp.evaluation.task_result import judge, results_file
from mim_lsp.evaluation.tasks import InfillingTask
from tests.evaluation.fakes import offered, withheld

TASK = InfillingTask(
    task_id="t/0",
    prompt="def add(a, b):\n",
    suffix="\n\nsum = add\n",
    canonical_solution="    return a + b",
    test="def check(f):\n    assert f(1, 2) == 3",
    entry_point="add",
    kind="line",
)


def test_a_right_answer() -> None:
    answer = offered(
        "    return a + b", met=True, verified=True, steps=2, tokens=6, elapsed_ms=ElapsedMs(1.0, 2.0, 4.0)
    )
    result = judge(TASK, answer, execute=True)
    assert result.exact_match
    assert result.edit_similarity == 1.0
    assert result.syntax_valid
    assert result.passed
    assert result.shown
    assert not result.repeats_suffix
    assert (result.source, result.confidence) == ("forward", 0.5)
    assert (result.met, result.verified, result.steps, result.tokens) == (True, True, 2, 6)
    assert (result.ms, result.ms_first) == (4.0, 1.0)


def test_a_wrong_answer_that_passes_the_test() -> None:
    result = judge(TASK, offered("    return b + a"), execute=True)
    assert (result.exact_match, result.passed) == (False, True)


def test_an_answer_that_breaks_the_text() -> None:
    result = judge(TASK, offered("    return a +\nsum = add"), execute=True)
    assert (result.syntax_valid, result.passed, result.repeats_suffix) == (False, False, True)


def test_nothing_offered_is_a_miss_even_where_the_text_is_sound_without_it() -> None:
    task = InfillingTask("t/1", "def one():\n    return 1\n", "\n", "# one", "def check(f): pass", "one")
    result = judge(task, withheld("low_confidence"), execute=True)
    assert not result.shown
    assert (result.exact_match, result.syntax_valid, result.passed) == (False, False, False)
    assert (result.edit_similarity, result.reason, result.source) == (0.0, "low_confidence", None)


def test_without_execute_nothing_is_run() -> None:
    assert judge(TASK, offered("    import time; time.sleep(9)")).passed is None


def test_results_file_has_a_line_for_each_result_at_once(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with results_file(path) as write:
        for text in ("    return a + b", "    return '🐍'\n"):
            write(judge(TASK, offered(text)))
            last = json.loads(path.read_text().splitlines()[-1])
            assert (last["task_id"], last["completion"], last["kind"]) == ("t/0", text, "line")
    assert len(path.read_text().splitlines()) == 2


def test_results_file_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("dear")
    with pytest.raises(SettingsError, match="exists already"), results_file(path):
        pass
    assert path.read_text() == "dear"


def test_results_file_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot write"), results_file(tmp_path / "no" / "results.jsonl"):
        pass


def test_without_a_path_no_file_is_made() -> None:
    with results_file(None) as write:
        write(judge(TASK, withheld()))
