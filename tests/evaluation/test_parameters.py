from __future__ import annotations

from mim_lsp.completion.types import CompletionResult
from mim_lsp.evaluation.parameters import draw_removals, measure_parameters
from tests.evaluation.fakes import Call, ScriptedCompleter, offered, withheld

CODE = "def f(a, b=1):\n    return a + b\n"


def test_draws_are_the_same_for_the_same_seed_and_files_that_do_not_parse_are_left_out() -> None:
    texts = [CODE, "def f(:\n", CODE.replace(" f(", " g(")]
    drawn = draw_removals(texts, 10)
    assert len(drawn) == 4
    assert drawn == draw_removals(texts, 10)
    assert drawn[:3] == draw_removals(texts, 3)
    assert draw_removals(["def f(:\n"], 3) == []


def answer(call: Call) -> CompletionResult:
    """Writes `b` in the hole, and `=1` behind a name if it can read the body."""
    typed = call.text[: call.offset]
    if typed.endswith(("(", ", ")):
        return offered("b=2")
    return offered("=1") if "return" in call.text[call.offset :] else withheld()


def test_each_way_is_measured() -> None:
    (case,) = (each for each in draw_removals([CODE], 10) if each.parameter.name == "b")
    steps: list[int] = []
    completer = ScriptedCompleter(answer)
    report = measure_parameters(completer, [case], progress=lambda: steps.append(1))
    rates = {way: (each.name.share, each.name_and_default.share, each.valid.share) for way, each in report.ways.items()}
    assert rates == {
        "action": (1.0, 1.0, 1.0),
        "action_forward": (1.0, 0.0, 1.0),
        "action_alone": (1.0, 0.0, 1.0),
        "infill": (1.0, 1.0, 1.0),
        "forward": (1.0, 0.0, 1.0),
    }
    assert set(report.traits) == {"default", "used once"}
    assert len(steps) == report.ways["action"].cases == 1
    assert report.table().row_count == 7


def test_another_name_is_wrong_and_not_valid() -> None:
    (case,) = (each for each in draw_removals([CODE], 10) if each.parameter.name == "b")
    report = measure_parameters(ScriptedCompleter(lambda call: offered("other=1")), [case])
    assert (report.ways["infill"].name.share, report.ways["infill"].valid.share) == (0.0, 0.0)
    assert (report.ways["action"].name.share, report.ways["action"].name_and_default.share) == (1.0, 0.0)
