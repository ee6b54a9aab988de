from __future__ import annotations

import pytest

from mim_lsp.syntax.lexing import missing_closers, symbols


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(x)[1]: {}", "()[]:{}"),
        ("'(' + \"[\" + '''{\n(''' # )\n:", "\n:"),
        ("'\\'(' )", ")"),
        ('"""a"b(""" (', "("),
        ("a \\\n (", "("),
        ("", ""),
        ("'never closed (\n)", "(\n)"),
    ],
)
def test_symbols_are_those_of_code(text: str, expected: str) -> None:
    assert "".join(symbol for _, symbol in symbols(text, 0, len(text))) == expected
    assert all(text[at] == symbol for at, symbol in symbols(text, 0, len(text)))


def test_symbols_stay_in_their_range() -> None:
    assert list(symbols("(((", 1, 2)) == [(1, "(")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("f(", ")"), ("f(a, {'k': [1, ", "]})"), ("f()", ""), ("f(')'", ")"), (") (", ")"), ("([)", "])"), ("", "")],
)
def test_missing_closers_come_innermost_first(text: str, expected: str) -> None:
    assert missing_closers(text, 0) == expected


def test_missing_closers_looks_at_the_end_only() -> None:
    assert missing_closers("f(\ng[", 3) == "]"
