"""Evaluating a completer on tasks."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from rich.console import Console

from mim_lsp.completion.types import CompletionOptions, CompletionResult, ElapsedMs
from mim_lsp.errors import SettingsError
from mim_lsp.evaluation.infilling import evaluate
from mim_lsp.evaluation.infilling_report import InfillingReport, KindReport
from mim_lsp.evaluation.task_result import TaskResult
from mim_lsp.evaluation.tasks import InfillingTask
from tests.evaluation.fakes import Call, ScriptedCompleter, offered, withheld

OPTIONS = CompletionOptions(decode="streams", meet_ngram=3)
CONTRACT = {
    *("tasks", "exact_match", "edit_similarity", "syntax_valid", "pass_at_1", "meet_rate", "verify_rate"),
    *("tokens_per_step", "duplicate_suffix_rate", "ms_p50", "ms_p95", "model", "decode"),
}


def task(number: int, kind: str | None = None) -> InfillingTask:
    """A task whose prompt ends with a line break and whose answer holds its own indentation, as HumanEval's do."""
    test = f"def check(f):\n    assert f() == {number}"
    return InfillingTask(f"t/{number}", "def f():\n", "# end\n", f"    return {number}\n", test, "f", kind)


def scripted(*answers: CompletionResult) -> ScriptedCompleter:
    remaining = iter(answers)
    return ScriptedCompleter(lambda call: next(remaining))


def four_answers() -> ScriptedCompleter:
    """Right, wrong, withheld, broken."""
    return scripted(
        offered("    return 0\n", met=True, verified=True, steps=2, tokens=6, elapsed_ms=ElapsedMs(1, 1, 10)),
        offered("    return 2\n", met=True, steps=4, tokens=6, elapsed_ms=ElapsedMs(3, 1, 20)),
        withheld("incomplete", steps=64),
        offered("    return (\n# end\n", steps=2, tokens=8, elapsed_ms=ElapsedMs(4, 1, 40)),
    )


FOUR_TASKS = [task(0, "line"), task(1, "line"), task(2, "argument"), task(3, "argument")]


def test_report_of_known_answers() -> None:
    assert evaluate(four_answers(), FOUR_TASKS, options=OPTIONS, execute=True) == InfillingReport(
        tasks=4,
        exact_match=0.25,
        # "return 1" against "return 2" is one of eight characters, against "return (" too; nothing offered is 0
        edit_similarity=(1 + 7 / 8 + 0 + 7 / 8) / 4,
        syntax_valid=0.5,
        pass_at_1=0.25,
        meet_rate=0.5,
        verify_rate=0.25,
        tokens_per_step=20 / 8,
        duplicate_suffix_rate=0.25,
        ms_p50=15.0,
        ms_p95=pytest.approx(37.0),  # type: ignore[arg-type]
        model="scripted",
        decode="streams",
        ms_first_p50=2.0,
        shown_rate=0.75,
        reasons={"incomplete": 1},
        by_kind={"argument": KindReport(2, 0.0), "line": KindReport(2, 0.5)},
        by_place={"the end of a line": KindReport(4, 0.25)},
        false_show_rate=None,
        interrupted=False,
    )


def test_where_nothing_is_missing_whatever_is_offered_is_a_false_show() -> None:
    complete = [InfillingTask(f"c/{n}", "x = 1", "\ny = 2\n", "", kind="complete") for n in range(3)]
    middle = InfillingTask("m", "f(", ", b)\n", "a", kind="argument")
    completer = scripted(offered(""), withheld("empty_middle"), offered("0"), offered("a"), offered("a"))
    report = evaluate(completer, [*complete, middle, task(1)], options=OPTIONS)
    assert (report.false_show_rate, report.exact_match) == (2 / 3, 0.5)
    assert report.by_kind == {"argument": KindReport(1, 1.0)}
    assert report.by_place == {"text to the right": KindReport(1, 1.0), "the end of a line": KindReport(1, 0.0)}


def test_report_is_json_with_the_contract_s_fields() -> None:
    report = evaluate(four_answers(), FOUR_TASKS, options=OPTIONS)
    fields = json.loads(json.dumps(asdict(report), allow_nan=False))
    assert set(fields) >= CONTRACT
    assert fields["pass_at_1"] is None
    assert fields["by_kind"]["line"] == {"tasks": 2, "exact_match": 0.5}


def test_report_of_nothing_but_refusals() -> None:
    report = evaluate(scripted(withheld(), withheld("cut")), [task(0), task(1)], options=OPTIONS)
    assert (report.tokens_per_step, report.shown_rate, report.exact_match) == (0.0, 0.0, 0.0)
    assert report.reasons == {"blank": 1, "cut": 1}
    assert report.by_kind == {}


def test_completer_gets_the_cursor_between_prompt_and_suffix_with_cold_caches() -> None:
    completer = scripted(withheld())
    evaluate(completer, [task(0)], options=OPTIONS)
    assert completer.calls == [Call("def f():\n# end\n", len("def f():\n"), OPTIONS, None)]


def test_progress_sees_each_result() -> None:
    seen: list[TaskResult] = []
    evaluate(four_answers(), FOUR_TASKS, options=OPTIONS, progress=seen.append)
    assert [(result.task_id, result.exact_match) for result in seen] == [
        ("t/0", True),
        ("t/1", False),
        ("t/2", False),
        ("t/3", False),
    ]


def interrupting(after: int) -> ScriptedCompleter:
    def answer(call: Call) -> CompletionResult:
        if len(completer.calls) > after:
            raise KeyboardInterrupt
        return offered("    return 0\n")

    completer = ScriptedCompleter(answer)
    return completer


def test_interrupt_gives_the_report_so_far() -> None:
    report = evaluate(interrupting(after=2), FOUR_TASKS, options=OPTIONS)
    assert (report.tasks, report.exact_match, report.interrupted) == (2, 0.5, True)


def test_interrupt_before_the_first_result() -> None:
    with pytest.raises(KeyboardInterrupt):
        evaluate(interrupting(after=0), FOUR_TASKS, options=OPTIONS)


def test_execute_needs_tests() -> None:
    completer = scripted()
    tasks = [task(0), InfillingTask("t/1", "", "", "x")]
    with pytest.raises(SettingsError, match="--execute"):
        evaluate(completer, tasks, options=OPTIONS, execute=True)
    assert completer.calls == []


@pytest.mark.parametrize(("execute", "cell"), [(True, "25.0%"), (False, "not executed")])
def test_table(execute: bool, cell: str) -> None:
    console = Console(width=100, no_color=True)
    with console.capture() as capture:
        console.print(evaluate(four_answers(), FOUR_TASKS, options=OPTIONS, execute=execute).table())
    rows = {
        parts[1].strip(): parts[2].strip() for line in capture.get().splitlines() if len(parts := line.split("│")) > 2
    }
    assert rows["pass_at_1"] == cell
    assert rows["tokens_per_step"] == "2.50"
    assert rows["ms_p50"] == "15.0 ms"
    assert rows["exact_match of line"] == "50.0% of 2"
    assert rows["nothing offered: incomplete"] == "1"
    assert "scripted, decode=streams" in capture.get()
