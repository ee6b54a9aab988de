from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.trimming import trim


def trimmed(marked: str, candidate: str) -> str:
    """What is left of a candidate at the `|` of a text."""
    prefix, suffix = marked.split("|")
    return trim(candidate, prefix, suffix)


@pytest.mark.parametrize(
    ("marked", "candidate", "expected"),
    [
        ("foo(|)", "b)", "b"),
        ("foo(|)\n", "b)", "b"),
        ("def foo(|)\n", "self, b):", "self, b"),
        ("foo(bar(|))", "x)", "x"),
        ("foo(bar(|))", "g(x))", "g(x)"),
        ("foo(bar(|))", "x))", "x"),
        ("foo('|')", "abc'", "abc"),
        ("foo('|')", "abc')", "abc"),
        ("foo('|')", "a', b='c')", "a', b='c"),
        ("d = {'a|': 1}", "b'", "b"),
        ('x = """|"""\n', 'doc"""', "doc"),
        ("def f(a|):", "self, b):", "self, b"),
        ("if x|:", " == 1:", " == 1"),
        ("foo(a|, c)", ", b,", ", b"),
        ("foo(\n    a,\n    b(|)\n)\n", "x)", "x"),
        ("foo(\n    |)\n", "a, b)", "a, b"),
        ("foo(\n    |\n)\n", "a,\n)", "a,"),
        ("foo(|)  # )\n", "b)", "b"),
    ],
)
def test_closers_that_are_there_already_are_taken_off(marked: str, candidate: str, expected: str) -> None:
    assert trimmed(marked, candidate) == expected


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("foo(|)", "b"),
        ("foo(|)", "g(b)"),
        ("foo(bar(|)", "x)"),
        ("foo(|)", "''"),
        ("foo('|)", "x'"),
        ("foo(')', |)", "(1)"),
        ("a[1|:]", "0:"),
        ("foo(|)\n)", "g(\n  1\n)"),
        ("foo(|", "b)"),
        ("x = (((1, 2),\n     |)\n)\n\ny = 1\n", "(3, 4)"),
        ("x = f(1,\n      |)\n\ny = 1\n", "g(2)"),
        ("x = [g(1,\n       |\n]\n\ny = 1\n", "2)"),
    ],
)
def test_closers_that_the_line_needs_stay(marked: str, candidate: str) -> None:
    assert trimmed(marked, candidate) == candidate


@pytest.mark.parametrize(
    ("marked", "candidate", "expected"),
    [
        ("foo(|size)", "a, size", "a, "),
        ("pri|nt(x)", "nt", ""),
        ("x| = 1", "y = 1", "y"),
        ("foo(|, b=c)\n", "a, b=c)", "a"),
        ("x = [0, |0]", "1, 0]", "1, "),
        ("x = |\n    return x\n", "1\n    return x", "1"),
        ("x = |\n    return x", "1\n    return x\n", "1"),
        ("x = |\n    y = 2\n    return x\n    z\n", "1\n    y = 2\n    return x", "1"),
        ("|\nbar()\n", "foo()\nbar()\nbar()", "foo()"),
        ("😀 = |'漢字'", "f('漢字'", "f("),
    ],
)
def test_text_that_is_there_already_is_taken_off(marked: str, candidate: str, expected: str) -> None:
    assert trimmed(marked, candidate) == expected


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("x = [0, |0]", "0, "),
        ("x = [0|, 0]", ", 0"),
        ("x = |\n    pass\n", "1\n    pass"),
        ("    |\n    else:\n", "if x:\n        y\n    else:"),
        ("x = |\n    return xs\n", "1\n    return x"),
        ("x = |else_", "1 if y else"),
        ("|def g():", "def f(): pass"),
    ],
)
def test_short_things_may_stand_twice(marked: str, candidate: str) -> None:
    assert trimmed(marked, candidate) == candidate


@pytest.mark.parametrize(
    ("marked", "candidate", "expected"),
    [
        ("x = |\n", "1\n", "1"),
        ("x = |\n", "1\n\n    ", "1"),
        ("x = |\n", "\n    ", ""),
        ("x = |\n", "", ""),
        ("x = |y\n", "1\n", "1\n"),
        ("x = |", "1\n\n", "1"),
    ],
)
def test_blanks_before_a_line_break_are_taken_off(marked: str, candidate: str, expected: str) -> None:
    assert trimmed(marked, candidate) == expected


@given(*[st.text(st.characters(codec=None, exclude_categories=[]), max_size=20)] * 3)
def test_the_result_is_a_start_of_the_candidate(candidate: str, prefix: str, suffix: str) -> None:
    assert candidate.startswith(trim(candidate, prefix, suffix))


@pytest.mark.parametrize("line", [")" * 5_000_000, '"""' * 1_500_000, "a " * 2_500_000, ", " * 2_500_000])
def test_huge_lines_are_looked_at_in_part(line: str) -> None:
    start = time.perf_counter()
    assert trim("x", line, line) == "x"
    trim(line[:2_000], line, line)
    assert time.perf_counter() - start < 2
