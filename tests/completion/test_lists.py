"""What a suggestion becomes in a parameter or argument list: the missing piece, in the list's own style."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.lists import breaks_list_order, fit_list, repeats_name
from mim_lsp.completion.place import Place


def place(marked: str, language: str = "python") -> Place:
    """The place of the `|` in a text."""
    prefix, _, suffix = marked.partition("|")
    return Place(prefix, suffix, language)


def fitted(marked: str, insert: str) -> str:
    """What the suggestion becomes there."""
    return fit_list(insert, place(marked))


LINES = "f(\n    a,\n    |\n)\n"


@pytest.mark.parametrize(
    ("marked", "insert", "expected"),
    [
        ("def f(a, |): pass", "b", "b"),
        ("def f(a, |): pass", " b, ", "b"),
        ("def f(a, |): pass", ", b,", "b"),
        ("def f(a, |): pass", "b, , c , ,", "b, c"),
        ("def f(a,|): pass", "b", " b"),
        ("def f(a,b,|): pass", " c", "c"),
        ("def f(a|): pass", ",b", ", b"),
        ("def f(a|): pass", " b", ", b"),
        ("def f(a|): pass", "b", "b"),
        ("def f(a, |b): pass", "c", "c, "),
        ("def f(a, |b): pass", "c,", "c, "),
        ("def f(a, |b): pass", "c , ", "c, "),
        ("def f(a, |b): pass", "*", "*, "),
        ("def f(a, |b): pass", "**", "**"),
        ("def f(a, |, b): pass", "c, ", "c"),
        ("def f(a, |, b): pass", "c,d", "c, d"),
        ("def f(|): pass", " self, ", "self"),
        ("def f(|): pass", ", a", "a"),
        ("def f(a: int = |): pass", "1, b: int=2,", "1, b: int=2"),
        ("async def f(größe, |): pass", "höhe:int , ", "höhe:int"),
    ],
)
def test_separators_and_blanks_of_parameters(marked: str, insert: str, expected: str) -> None:
    assert fitted(marked, insert) == expected


@pytest.mark.parametrize(
    ("marked", "insert", "expected"),
    [
        ("x = f(a, |)", "b, ", "b"),
        ("x = f(a,|)", "b", " b"),
        ("x = f(a,b,|)", " c", "c"),
        ("x = f(a, |b)", "c", "c, "),
        ("x = f(a, |b)", "not ", "not "),
        ("x = f(a, |b)", "*", "*"),
        ("x = f(a, |b)", "await ", "await "),
        ("x = f(a, |b)", "self.", "self."),
        ("x = f(a, |b)", "key=", "key="),
        ("x = f(a, k|)", "ey=g(1, 2), other = 3", "ey=g(1, 2), other = 3"),
        ("x = f('a, (', |)", "'b, c',", "'b, c'"),
        ("x = f(a)(|)", "b,", "b"),
        ("@dec(|)\ndef f(): pass", "a, ", "a"),
        ("class A(B, |): pass", "C,", "C"),
        ("class A(B,|): pass", "metaclass=M", " metaclass=M"),
        ("def f[T, |](x): pass", "*Ts,", "*Ts"),
        ("class A[T,|](B): pass", "U: int", " U: int"),
        ("type A[T, |] = list[T]", "U,", "U"),
        ("x = lambda a, |: a", "b, ", "b"),
        ("x = lambda a,|: a", "b", " b"),
        ("x = lambda|: a", " a", " a"),
        ("f(lambda a, |: a, c)", "b: b", "b"),
        ("f(x, lambda a: a, |)", "b,", "b"),
    ],
)
def test_every_kind_of_list(marked: str, insert: str, expected: str) -> None:
    assert fitted(marked, insert) == expected


@pytest.mark.parametrize(
    ("marked", "insert", "expected"),
    [
        (LINES, "b", "b,"),
        (LINES, "b,", "b,"),
        (LINES, "b, c", "b,\n    c,"),
        (LINES, "\n    b,", "b,"),
        ("f(\n    a,|\n)\n", "b", "\n    b,"),
        ("f(\n    a,|\n)\n", "\n  b", "\n    b,"),
        ("f(\n    a|\n)\n", ",\n    b,", ",\n    b"),  # the list shows that it ends without a comma
        ("f(\n    a|,\n)\n", ", b", ",\n    b"),
        ("f(\n    a|\n)\n", ",", ","),
        ("f(\n    a,\n    |\n    b,\n)\n", "c", "c,"),
        ("f(\n    a,\n    |b,\n)\n", "c", "c,\n    "),
        ("f(\n    a,\n    |,\n    b,\n)\n", "c,", "c"),
        ("f(\n    a,  # one, two\n    |\n)\n", "b", "b,"),
        ("f(\n    |\n)\n", "a, b", "a,\n    b,"),
        ("def f(\n\ta,\n\tb,|\n): pass\n", "c", "\n\tc,"),
        ("f(\n    x for x in y\n)\nf(\n    |\n)", "x for x in y", "x for x in y"),
        ("g(\n    a\n)\ng(\n    b\n)\nf(\n    |\n)", "x", "x"),
        ("f(a, b,\n  |)", "c,", "c"),
        ("f(|,\n  b)", "a", "a"),
        ("f(|\n  b,\n)", "a", "\n  a,"),
        ("f(a,|\n  b)", "c", "\n  c,"),
        ("f(a, b,|\n  c)", "d", " d,"),
    ],
)
def test_line_style_and_trailing_comma(marked: str, insert: str, expected: str) -> None:
    assert fitted(marked, insert) == expected


@pytest.mark.parametrize(
    ("marked", "insert", "expected"),
    [
        ("def f(a, |): pass", "b): return a", "b"),
        ("def f(a, |, c): pass", "b, c, d", "b"),  # what is there already is cut off, with what follows it
        ("def f(a=1, |): pass", "b=2, c", "b=2"),
        ("f(x=1, |)", "y=2, x=3", "y=2"),
        ("f(|)", "a).strip(", "a).strip("),  # the call goes on, and its closer is the one behind the cursor
        ("f(|)", "a).strip()", "a"),
        ("class A(|): pass", "B).x(", "B"),
        ("def f(a, |\n    return a\n", "b):\n    x = 1", "b):\n    x = 1"),  # nothing closes the list yet
        ("def f(a, |", "b,\n):", "b,\n):"),
        ("f(a,|", "b", " b"),
        ("f(a, |\n@dec\ndef g(): pass\n", "b, c)", "b, c)"),
        ("def f(a, |)", ", ,", ""),
    ],
)
def test_the_end_of_what_the_list_takes(marked: str, insert: str, expected: str) -> None:
    assert fitted(marked, insert) == expected


@pytest.mark.parametrize(
    "marked",
    ["x = (a,|)", "x = [a,|]", "x[a,|]", "x = {a,|}", "return (a,|)", "f('a,|')", "f(a, # b,|\n)", "a,|", "f([a,|])"],
)
def test_elsewhere_nothing_is_touched(marked: str) -> None:
    assert fitted(marked, " b , b,") == " b , b,"
    assert not repeats_name("a=1, a=1", place(marked))


def test_other_languages_are_left_alone() -> None:
    assert fit_list("b,", place("f(a,|)", "javascript")) == "b,"


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("def f(a, |): pass", "a"),
        ("def f(a, |): pass", "*a"),
        ("def f(|, a): pass", "a: int = 1"),
        ("def f(time, ti|): pass", "me"),
        ("lambda a, |: a", "a=1"),
        ("f(x=1, |)", "x=2"),
        ("f(|, x=1)", "x =2"),
        ("class A(B, |): pass", "B"),
        ("class A[T, |]: pass", "T"),
        ("def f(é, |", "é):"),
    ],
)
def test_a_name_is_not_repeated(marked: str, candidate: str) -> None:
    assert repeats_name(candidate, place(marked))


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("def f(a, |): pass", "b=a"),
        ("def f(a, a, |): pass", "b"),  # that is the typist's
        ("f(x, |)", "x"),
        ("f(x=1, |)", "x == 2"),
        ("f(|).g(x=1)", "x=2"),
        ("f(x=1, |)", "g(x=1)"),
        ("f(x=1, |)", "y=2).g(x=1"),
        ("f(x=1)\ng(|)", "x=2"),
    ],
)
def test_what_repeats_no_name(marked: str, candidate: str) -> None:
    assert not repeats_name(candidate, place(marked))


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("def f(a=1, |): pass", "b"),
        ("def f(|, b): pass", "a=1"),
        ("def f(*args, |): pass", "*more"),
        ("def f(*, a, |): pass", "*"),
        ("def f(a, |): pass", "*"),
        ("def f(**kw, |): pass", "a"),
        ("def f(*, a, |): pass", "/"),
        ("def f(a, /, |): pass", "/"),
        ("def f(|): pass", "/"),
        ("def f(a, |, *args): pass", "**kw"),
        ("lambda a=1, |: a", "b"),
        ("def f[T = int, |](): pass", "U"),
        ("f(a=1, |)", "b"),
        ("f(|, b)", "a=1"),
        ("f(**kw, |)", "*args"),
        ("f(**kw, |)", "a"),
        ("class A(metaclass=M, |): pass", "B"),
    ],
)
def test_the_order_of_kinds_is_kept(marked: str, candidate: str) -> None:
    assert breaks_list_order(candidate, place(marked))


@pytest.mark.parametrize(
    ("marked", "candidate"),
    [
        ("def f(a=1, |): pass", "*, b"),
        ("def f(a=1, *, |): pass", "b"),
        ("def f(a, |, c=1): pass", "b"),
        ("def f(a, |): pass", "*args, b, **kw"),
        ("def f(a, /, |): pass", "b"),
        ("def f(a, |, b): pass", "/"),
        ("def f(a: int = 1, |): pass", "b: bool = x == 1"),
        ("f(a=1, |)", "*args"),
        ("f(*args, |)", "b, c=1, **kw"),
        ("f(**kw, |)", "a=1"),
    ],
)
def test_what_keeps_the_order(marked: str, candidate: str) -> None:
    assert not breaks_list_order(candidate, place(marked))


CODE = st.text("abé1 \n\t:=([{)]}'\"#,.*/", max_size=40) | st.text(max_size=20)
OPENINGS = st.sampled_from(["def f(a, ", "f(a, ", "lambda a, ", "class A(", "class A[", "@d(\n  a,\n  ", ""])


@given(CODE, OPENINGS, CODE, CODE)
def test_broken_code_never_raises_and_no_text_gets_much_longer(
    above: str, opening: str, written: str, suffix: str
) -> None:
    here = Place(f"{above}\n{opening}", suffix)
    once = fit_list(written, here)
    repeats_name(once, here)
    breaks_list_order(once, here)
    assert len(once) <= 3 * len(written) + len(opening) + len(suffix) + 8


def test_a_suggestion_takes_less_than_a_millisecond() -> None:
    body = "def g(x, y=1):\n    return {'x': [x, y], 'z': (x, 'a, b', lambda a, b: a)}\n\n\n" * 3_000
    here = place(f"{body}def f(\n    {', '.join(f'a{n}: int' for n in range(40))}, |\n):\n    pass\n{body}")
    fit_list("b: int", here)  # where the list is, is found once for all candidates
    times = []
    for n in range(50):
        started = time.perf_counter()
        text = fit_list(f"b{n}: int, c{n},", here)
        assert not repeats_name(text, here)
        assert not breaks_list_order(text, here)
        times.append(time.perf_counter() - started)
    assert sorted(times)[25] < 0.001
