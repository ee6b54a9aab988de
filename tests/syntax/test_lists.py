from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax.lists import REACH, ListPlace, list_at, split_list


def at(marked: str) -> ListPlace | None:
    """The list around the `|` of a text."""
    prefix, _, suffix = marked.partition("|")
    return list_at(prefix, suffix)


@pytest.mark.parametrize(
    ("marked", "kind"),
    [
        ("def f(|): pass", "parameters"),
        ("async def f [T] (a, |): pass", "parameters"),
        ("def f[T: int, |](a): pass", "types"),
        ("class A[|]: pass", "types"),
        ("type A[T, |] = int", "types"),
        ("class A(|): pass", "bases"),
        ("class A[T](B, |): pass", "bases"),
        ("f(|)", "arguments"),
        ("f(x)(|)", "arguments"),
        ("f[x](|)", "arguments"),
        ("@dec(|)\ndef f(): pass", "arguments"),
        ("return_(|)", "arguments"),
        ("self.import(|)", "arguments"),
        ("lambda a, |: a", "lambda"),
        ("f(a, lambda b: (b, |))", None),
        ("f(a, lambda b, |)", "lambda"),
        ("f(a, lambda b: b, |)", "arguments"),
        ("f(a, lambda b={1: 2}, |: b)", "lambda"),
        ("f(x[a, |])", None),
        ("return (|)", None),
        ("x = (|)", None),
        ("x = [|]", None),
        ("x.class = 1\n|", None),
        ("f('|')", None),
        ('f("""a, |', None),
        ("f(a, # |\n)", None),
        ("f('#', |)", "arguments"),
        ("f(a)\n|", None),
        ("f(a,\nreturn g(|)", "arguments"),
        ("f(a,\nclass A: |", None),
        ("x = ]\nf(|)", "arguments"),
        ("", None),
    ],
)
def test_kinds(marked: str, kind: str | None) -> None:
    found = at(marked)
    assert (found.kind if found else None) == kind


@pytest.mark.parametrize(
    ("marked", "found"),
    [
        ("f(a, b|c, d)", ListPlace("arguments", ("a",), " b", "c", (" d",), True)),
        ("f(|)", ListPlace("arguments", (), "", "", (), True)),
        ("f(a, |\n  b,\n)", ListPlace("arguments", ("a",), " ", "\n  b", ("\n",), True)),
        ("f(a, |\nreturn b)", ListPlace("arguments", ("a",), " ", "", (), False)),
        ("f(a, |b, c\nx = 1", ListPlace("arguments", ("a",), " ", "b", (" c",), False)),
        ("f(a, |:\n", ListPlace("arguments", ("a",), " ", "", (), False)),
        ("f(ä, '(,', (1, 2), |[3, 4])", ListPlace("arguments", ("ä", " '(,'", " (1, 2)"), " ", "[3, 4]", (), True)),
        ("lambda a, |b=1: c, d", ListPlace("lambda", (" a",), " ", "b=1", (), True)),
    ],
)
def test_what_is_around_the_cursor(marked: str, found: ListPlace) -> None:
    assert at(marked) == found


def test_a_split_ends_with_the_list() -> None:
    assert split_list("a, b), c", "arguments") == (("a", " b"), 4, True)
    assert split_list("a: b", "lambda") == (("a",), 1, True)
    assert split_list("a: b", "parameters") == (("a: b",), 4, False)
    assert split_list("a,\ndef f", "arguments") == (("a", ""), 2, False)


def test_a_docstring_before_the_definition_does_not_deceive() -> None:
    above = '"""Quotes " and ( here."""\n' + "x = 1\n" * REACH
    found = at(f"{above}def f(a, '(', |):\n    pass\n")
    assert found is not None
    assert found.before == ("a", " '('")


@given(st.text("def class lambda()[]{},:'\"#\n\\@ab=*", max_size=60), st.text("()[]{},:'\"#\n ab", max_size=40))
def test_any_text_gives_the_text_back(prefix: str, suffix: str) -> None:
    found = list_at(prefix, suffix)
    if found is not None:
        assert prefix.endswith(",".join([*found.before, found.head]))
        assert suffix.startswith(",".join([found.tail, *found.after]))


def test_long_texts_are_not_read_whole() -> None:
    started = time.perf_counter()
    list_at("f(" * 500_000, ")" * 500_000)
    list_at("f(a, " + "b, " * 500_000, "c, " * 500_000)
    assert time.perf_counter() - started < 0.2
