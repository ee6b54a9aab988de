from __future__ import annotations

from mim_lsp.evaluation.arguments import draw_arguments, measure_arguments
from tests.evaluation.fakes import ScriptedCompleter, offered

CODE = """\
def scale(area, factor):
    return area * factor


def twice(size):
    return scale(size, 2)


def again(factor):
    return scale(2, factor=factor)
"""


def test_only_arguments_are_drawn_that_the_call_is_then_seen_to_lack() -> None:
    drawn = draw_arguments([CODE, "def f(:\n"], 10)
    assert sorted((case.name, case.value) for case in drawn) == [("area", "2"), ("factor", "2"), ("factor", "factor")]
    assert drawn == draw_arguments([CODE, "def f(:\n"], 10)
    assert len(draw_arguments([CODE], 1)) == 1


def test_the_callers_own_name_needs_no_model_and_other_values_do() -> None:
    steps: list[int] = []
    completer = ScriptedCompleter(lambda call: offered("2"))
    rates = measure_arguments(completer, draw_arguments([CODE], 10), progress=lambda: steps.append(1))
    values = {way: (round(3 * each.value.share), round(3 * each.valid.share)) for way, each in rates.items()}
    assert values == {
        "action": (3, 3),
        "action_forward": (3, 3),
        "action_alone": (1, 1),
        "infill": (2, 3),
        "forward": (2, 3),
    }
    assert len(steps) == rates["action"].cases == 3
