from __future__ import annotations

from mim_lsp.completion.offer import make_offer
from mim_lsp.completion.types import CompletionResult
from mim_lsp.evaluation.net import Rates, measure_net
from mim_lsp.evaluation.tasks import InfillingTask
from tests.completion.generations import generation
from tests.evaluation.fakes import Call, ScriptedCompleter

TASKS = [
    InfillingTask("1", "x = ", "\n", "1"),  # right
    InfillingTask("2", "foo(", ", scale)\n", "area"),  # repeats the suffix, which is taken off
    InfillingTask("3", "x = ", "\ny = 2\n", "1"),  # leaves a bracket open
    InfillingTask("4", "x = ", "\n", "1"),  # nothing written
]
WRITTEN = {"1": ["1"], "2": ["area, scale)"], "3": ["foo("], "4": []}


def answer(call: Call) -> CompletionResult:
    task = next(task for task in TASKS if task.prompt + task.suffix == call.text)
    offer = make_offer(generation(*WRITTEN[task.task_id]), call.text, call.offset, call.options)
    return CompletionResult(offer.candidates, offer.reason, explanation=offer.explanation)


def test_the_net_is_measured_before_and_after() -> None:
    completer, steps = ScriptedCompleter(answer), []
    report = measure_net(completer, TASKS[:3], progress=lambda: steps.append(1))
    assert report.texts == len(steps) == 3
    assert report.before == Rates(1.0, 1 / 3, 2 / 3, 1 / 3)
    assert report.after == Rates(2 / 3, 0.0, 0.0, 2 / 3)
    assert (report.changed, report.dropped) == ({"repeated_end": 1}, {"unbalances_brackets": 1})
    assert report.right_lost == 0
    assert report.table().row_count == 7
    assert all(call.options.eagerness == 1 for call in completer.calls)


def test_nothing_written_is_no_text() -> None:
    report = measure_net(ScriptedCompleter(lambda call: CompletionResult(reason="no_candidate")), TASKS[:2])
    assert (report.texts, report.before.offered) == (0, 0.0)
