from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.edits import EDITS
from mim_lsp.completion.filters import (
    FILTERS,
    REASONS,
    Filter,
    blank,
    check,
    repeats_following,
    repeats_itself,
    repeats_preceding,
    unbalances_brackets,
    worsens_syntax,
)
from mim_lsp.completion.place import Place


def at(refuses: Filter, marked: str, candidate: str) -> bool:
    """What a filter says of a candidate at the `|` of a text."""
    return refuses(candidate, Place(*marked.split("|")))


@pytest.mark.parametrize("candidate", ["", " ", "\n", "\n        ", "\t\n\n", "\u3000"])
def test_blank(candidate: str) -> None:
    assert at(blank, "if x:|\n", candidate)


@pytest.mark.parametrize("candidate", ["x", "\n    y", ")", "😀", "\0"])
def test_not_blank(candidate: str) -> None:
    assert not at(blank, "if x:|\n", candidate)


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("x = |foo(a)\n", "foo(a)"),
        ("x = |foo(a)", "foo(a)\n"),
        ("x = | foo(a)\n", "foo(a) + 1"),
        ("x = |foo", "foo.bar("),
        ("if |x == 1:\n", "x == 1:"),
        ("[|1]", "1]"),
    ],
)
def test_repeats_the_rest_of_the_line(marked: str, candidate: str) -> None:
    assert at(repeats_following, marked, candidate)


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("|\nreturn x\n", "return x"),
        ("    |\n    return x\n", "y = 1\n    return x"),
        ("x = |\n\n\n    return y\n", "1\n    return y"),
        ("x = |\n    return y  \n", "1\n    return y"),
        ("    |\n    a = 1\n    b = 2\n", "a = 1\n    b = 2"),
        ("    |\n\n    pass\n    b = 2\n", "pass\n    b = 2"),
        ("|\n漢 = '😀'\n", "漢 = '😀'"),
        ("|\n@property\ndef f(self):\n", "x = 1\n@property"),
    ],
)
def test_repeats_the_next_lines(marked: str, candidate: str) -> None:
    assert at(repeats_following, marked, candidate)


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("|", "x = 1"),
        ("foo(|)", ")"),
        ("foo(|)", "a"),
        ("x = [|0, 0]", "0, "),
        ("x = [|0, 0, 0]\n", "1"),
        ("return |x\n", "xy + "),
        ("x = |\n", "foo(x)"),
        ("foo(\n    |\n)\n", "bar(\n    1\n)"),
        ("    |\n    else:\n", "if x:\n        y\n    else:"),
        ("        |\n        pass\n", "pass"),
        ("    |\n    return None\n", "if x:\n        y\n    return None"),
        ("    0,\n    |\n    0,\n", "0,"),
        ("        |\n    log(x)\n", "log(x)"),
        ("    log|\n    log(x)\n", "(x)"),
        ("x = |\nfoo()\n", "foo()"),
        ("    |\n    a = 1\n    b = 2\n", "a = 1\n    b = 3"),
        ("    |\n    a = 1", "a = 1\n    b = 2"),
    ],
)
def test_does_not_repeat(marked: str, candidate: str) -> None:
    assert not at(repeats_following, marked, candidate)


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("    self.a = a\n    |\n", "self.a = a"),
        ("    self.a = a\n    self.|\n", "a = a"),
        ("    self.a = a|\n", "\n    self.a = a"),
        ("    self.a = a|\n", "\n\n    self.a = a\n    self.b = b"),
        ("    self.a = a\n\n    |", "self.a = a\n    self.b = b"),
        ("    self.a = a  \n|\n", "    self.a = a "),
        ("log(x)\nlog(|)\n", "x"),
        ("漢 = '😀'\n|", "漢 = '😀'"),
        ("x" * 9_000 + "\nlog(x)\n|", "log(x)"),
    ],
)
def test_repeats_the_line_above(marked: str, candidate: str) -> None:
    assert at(repeats_preceding, marked, candidate)


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("|", "x = 1"),
        ("|", "\n"),
        ("\n\n|", "x = 1"),
        ("    log(x)\n|", "log(x)"),
        ("log(x)\nlog(|, 1)\n", "x"),
        ("log(x)\nlog(|)\n", "x, 1"),
        ("log(x)\n|", "log(x, 1)"),
        ("log(x)\nlog(x|", ")"),
        ("        )\n    )|\n", "\n    )"),
        ("    pass\n|", "    pass"),
        ("log(x)\nlog(y)\n|", "log(x)"),
        ("log(x)|\n", "\nlog(y)\nlog(y)"),
    ],
)
def test_does_not_repeat_the_line_above(marked: str, candidate: str) -> None:
    assert not at(repeats_preceding, marked, candidate)


@pytest.mark.parametrize(("marked", "candidate"), [("foo(|)\n", "a)"), ("x = |\ny = 2\n", "foo(")])
def test_worsens_syntax(marked: str, candidate: str) -> None:
    assert at(worsens_syntax, marked, candidate)


def test_does_not_worsen_what_is_broken() -> None:
    assert not at(worsens_syntax, "class (:\nx = |\n", "1")


@pytest.mark.parametrize(
    ("marked", "candidate", "reason"),
    [
        ("x = |\n", "1", None),
        ("x = |\n", "\n", "blank"),
        ("x = |foo(a)\n", "foo(a)", "repeats_following"),
        ("foo(|)\n", "a)", "unbalances_brackets"),
        ("x = |\ny = 2\n", "1 = = 2", "worsens_syntax"),
        ("x = |\n", "a = 1\na = 1\na = 1", "repeats_itself"),
        ("|\nfoo(\n", "foo(", "repeats_following"),
    ],
)
def test_check_gives_the_first_reason(marked: str, candidate: str, reason: str | None) -> None:
    assert check(candidate, Place(*marked.split("|"))) == reason


@pytest.mark.parametrize(
    ("marked", "candidate", "reason"),
    [("x = |\n", " ", "blank"), ("foo(|)\n", "a)", "worsens_syntax"), ("x = |foo(a)\n", "foo(a)", "repeats_following")],
)
def test_each_filter_can_be_switched_off(marked: str, candidate: str, reason: str) -> None:
    place = Place(*marked.split("|"))
    first = check(candidate, place)
    assert first is not None
    disabled = {first}
    while (following := check(candidate, place, disabled)) is not None:
        assert following not in disabled
        disabled.add(following)
    assert reason in disabled


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("return |x\n", "x + "),
        ("f(|a)\n", "a, "),
        ("if |x:\n", "x and "),
        ("y = |x\n", "x.y * "),
        ("y = |x\n", "x if x else "),
    ],
)
def test_an_operand_may_stand_on_both_sides(marked: str, candidate: str) -> None:
    assert not at(repeats_following, marked, candidate)
    assert check(candidate, Place(*marked.split("|"))) is None


@pytest.mark.parametrize(
    "candidate",
    [
        "a = 1\na = 1\na = 1",
        "self.total, self.total, self.total, self.total, self.total, self.total",
        "x = 1\n    log(x)\n    log(x)\n\n    log(x)",
        "foo(bar(foo(bar(foo(bar(foo(bar(foo(bar(foo(bar(",
    ],
)
def test_loops_are_refused(candidate: str) -> None:
    assert at(repeats_itself, "|", candidate)


@pytest.mark.parametrize(
    "candidate",
    [
        "[0, 0, 0, 0, 0, 0, 0, 0, 0]",
        "'=' * 3 + '=========================='",
        "a = b = c = d",
        ")\n)\n)\n)",
        "",
        "x\nx",
    ],
)
def test_what_may_be_said_often_is_no_loop(candidate: str) -> None:
    assert not at(repeats_itself, "|", candidate)


@pytest.mark.parametrize(
    ("marked", "candidate", "language"),
    [
        ("foo(|)\n", "a)", "python"),
        ('"""\n' + "it's\n" * 2_000 + '"""\nfoo(|)\n', "a)", "python"),
        ("x = |\n", "foo(", "python"),
        ("x = |\n", "'(' + [", "python"),
        ("f() {\n  |\n}\n", "g();\n}", "yaml"),
    ],
)
def test_the_bracket_ledger_refuses(marked: str, candidate: str, language: str) -> None:
    assert unbalances_brackets(candidate, Place(*marked.split("|"), language))


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("foo(|)\n", "a, (b)"),
        ("foo(|\n", "a)"),
        ("foo(|\n", "a"),
        ("x = |\n", "')' # ("),
        ("x = [(|\n]\n", "1, 2)"),
        ("|", ""),
    ],
)
def test_the_bracket_ledger_lets_pass(marked: str, candidate: str) -> None:
    assert not unbalances_brackets(candidate, Place(*marked.split("|")))


def test_every_reason_has_its_sentence() -> None:
    assert {name for name, _ in (*FILTERS, *EDITS)} <= set(REASONS)
    codes = {"empty_middle", "no_candidate", "low_confidence", "incomplete", "unsupported_language", "model_loading"}
    assert codes | {"superseded", "failed"} <= set(REASONS)
    assert all(
        sentence[0].isupper() and sentence.endswith(".") and "\n" not in sentence for sentence in REASONS.values()
    )


@given(*[st.text(st.characters(codec=None, exclude_categories=[]), max_size=20)] * 3)
def test_never_raises(candidate: str, prefix: str, suffix: str) -> None:
    assert check(candidate, Place(prefix, suffix)) in {None, *REASONS}


@pytest.mark.parametrize("line", ["x" * 5_000_000, "\n" * 5_000_000, "漢 " * 2_500_000])
def test_huge_texts_are_looked_at_in_part(line: str) -> None:
    start = time.perf_counter()
    repeats_following("y = 1\nz", Place(line, line))
    assert time.perf_counter() - start < 1
