from __future__ import annotations

from pathlib import Path

import pytest

from mim_lsp.completion.types import CompletionResult
from mim_lsp.evaluation.cross_file import CrossFileTask, measure_cross_file, sign_test
from mim_lsp.evaluation.tasks import InfillingTask
from tests.evaluation.fakes import Call, ScriptedCompleter, offered, withheld


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path.resolve()
    (root / "prices.py").write_text("def total(items): pass\n\n\ndef other(a, b): pass\n")
    return root


def task(workspace: Path, answer: str) -> CrossFileTask:
    prompt = "from prices import total\n\nx = "
    return CrossFileTask(InfillingTask(answer, prompt, "\n", answer), workspace / "app.py", "total")


def count(text: str) -> int:
    return len(text.split())


def test_each_budget_is_compared_with_none(workspace: Path) -> None:
    def answer(call: Call) -> CompletionResult:
        return offered("total([])" if "def total" in call.options.related else "sum([])")

    completer = ScriptedCompleter(answer)
    tasks = [task(workspace, text) for text in ("total([])", "total([])", "sum([])", "else")]
    report = measure_cross_file(completer, tasks, workspace, [2, 6], count)
    none, small, enough = report.budgets
    assert (report.tasks, report.model) == (4, "scripted")
    assert (none.budget_tokens, none.exact_match, none.gained, none.lost, none.p_value) == (0, 0.25, 0, 0, 1.0)
    assert (small.with_context, small.with_name, small.tokens, small.exact_match) == (0, 0, 0, 0.25)
    assert (enough.with_context, enough.with_name, enough.tokens) == (1, 1, 5)
    assert (enough.exact_match, enough.gained, enough.lost) == (0.5, 2, 1)
    assert all(call.options.eagerness == 1.0 for call in completer.calls)
    assert report.table().row_count == 3


def test_nothing_offered_is_a_miss(workspace: Path) -> None:
    completer = ScriptedCompleter(lambda call: withheld())
    report = measure_cross_file(completer, [task(workspace, "")], workspace, [8], count)
    assert [row.exact_match for row in report.budgets] == [0, 0]


@pytest.mark.parametrize(
    ("gained", "lost", "p_value"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (0, 5, 0.0625), (3, 3, 1.0), (900, 0, 0.0)],
)
def test_the_sign_test_is_that_of_a_fair_coin(gained: int, lost: int, p_value: float) -> None:
    assert sign_test(gained, lost) == pytest.approx(p_value)
