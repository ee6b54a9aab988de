from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax import validity
from mim_lsp.syntax.tree import SyntaxTree
from mim_lsp.syntax.validity import makes_syntax_worse, misindented_statements

FUNCTION = "def f():\n    x = 1\n"


@pytest.mark.parametrize(
    ("prefix", "inserted", "suffix"),
    [
        ("", "", ""),
        ("", "x = 1", ""),
        ("foo(", "a, b", ")\n"),
        ("foo(", "a)", "\nbar()\n"),
        ("x = ", "1", "\n"),
        ("x = ", "1", "\ny = 2\n"),
        ("x = 'é", " def", "'\n"),
        ("x = '", "abc'", "\n"),
        ("f'{", "x!r", "}'\n"),
        ("def f", "(self):\n    return 1", "\n\ndef g():\n    pass\n"),
        ("def f(", "self, x", "):\n    pass\n"),
        ("@", "property", "\ndef g():\n    pass\n"),
        ("try:\n    x\nexcept ", "ValueError as e:\n    pass", "\n"),
        ("try:\n    x\n", "except ValueError:\n    pass", "\n"),
        ("if a and ", "b:", "\n    pass\n"),
        ("if x:\n    a\n", "elif y:\n    pass", "\nelse:\n    pass\n"),
        (FUNCTION + "    ", "return x", "\n"),
        (FUNCTION + "    ", "if x:\n        return x\n    return 2", "\n"),
        ("x = [\n    1,\n    ", "2,", "\n]\n"),
        ('def f():\n    """Doc', ' more."""', "\n    return 1\n"),
        ("foo(bar", "(1)", ")\r\nx = 1\r\n"),
        ("match x:\n    case 1:\n        pass\n    ", "case 2:\n        pass", "\n"),
    ],
)
def test_good_insertions_are_no_worse(prefix: str, inserted: str, suffix: str) -> None:
    assert not makes_syntax_worse(prefix, inserted, suffix)


@pytest.mark.parametrize(
    ("prefix", "inserted", "suffix"),
    [
        ("foo(", "a)", ")\n"),
        ("x = ", "foo(", "\ny = 2\n"),
        ("x = 'abc", "'", "'\n"),
        ("f'{x", "}", "}'\n"),
        ("def f(self", "):", "):\n    pass\n"),
        ("return ", "}", "\n"),
        ("if x:\n    a\n", "else:\n    pass", "\nelse:\n    pass\n"),
        ("a = [\n    1,\n    ", "2,\n]", "\n]\nb = 1\n"),
        ("x = 1\n", "😀", "\n"),
    ],
)
def test_insertions_that_break_code_are_worse(prefix: str, inserted: str, suffix: str) -> None:
    assert makes_syntax_worse(prefix, inserted, suffix)


@pytest.mark.parametrize(
    ("prefix", "inserted", "suffix"),
    [
        (FUNCTION + "    ", "    return x", "\n"),
        (FUNCTION, "  return x", "\n"),
        (FUNCTION + "    ", "y = 1\n  z = 2", "\n"),
        ("x = ", "1\n    y = 2", "\n"),
    ],
)
def test_wrong_indentation_is_worse(prefix: str, inserted: str, suffix: str) -> None:
    assert makes_syntax_worse(prefix, inserted, suffix)


@pytest.mark.parametrize(
    ("prefix", "inserted"), [("foo(", "a"), ("foo(a, ", "b"), ("x = [foo(", "1, 2"), ("print(f(", "x")]
)
def test_a_bracket_left_open_before_the_cursor_is_not_the_insertions_fault(prefix: str, inserted: str) -> None:
    assert not makes_syntax_worse(prefix, inserted, "\nbar()\n")


def test_in_a_file_already_broken_elsewhere() -> None:
    broken = "class (:\n\n\n"
    assert not makes_syntax_worse(broken + FUNCTION + "    return ", "x", "\n")
    assert makes_syntax_worse(broken + FUNCTION + "    return ", "(x", "\n")
    assert not makes_syntax_worse(FUNCTION + "    return ", "x", "\n\n\nwith (:\n")


def test_a_misindented_file_may_be_completed() -> None:
    prefix = "x = 1\n  y = 2\nz = "
    assert not makes_syntax_worse(prefix, "3", "\n")
    assert makes_syntax_worse(prefix, "3\n  w = 4", "\n")


@given(st.text("ab(\n ):=', ", max_size=30), st.text("ab(\n ):=', ", max_size=30))
def test_nothing_inserted_is_never_worse(prefix: str, suffix: str) -> None:
    assert not makes_syntax_worse(prefix, "", suffix)


@given(*[st.text(st.characters(codec=None, exclude_categories=[]), max_size=20)] * 3)
def test_never_raises(prefix: str, inserted: str, suffix: str) -> None:
    assert makes_syntax_worse(prefix, inserted, suffix) in (True, False)


def test_a_large_file_is_checked_around_the_insertion(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    parse = SyntaxTree.parse

    def recorded(text: str, focus: int = 0, like: SyntaxTree | None = None, language: str = "python") -> SyntaxTree:
        parsed.append(len(text))
        return parse(text, focus, like, language)

    monkeypatch.setattr(SyntaxTree, "parse", recorded)
    half = "def f(a):\n    return foo(a, '漢')\n\n\n" * 20_000
    assert not makes_syntax_worse(half + "x = foo(", "1", ")\n" + half)
    assert makes_syntax_worse(half + "x = foo(", "1)", ")\n" + half)
    assert not makes_syntax_worse("x = [" + "1, " * 500_000, "2, ", "3, " * 500_000 + "]")
    assert max(parsed) <= validity.MAX_CHECKED_CHARS + 10


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("x = 1\ny = 2\n", 0),
        ("x = 1\n    y = 2\n    z = 3\nw = 4\n", 2),
        ("def f():\n        x = 1\n    y = 2\n", 1),
        ("if x: y; z\nw\n", 0),
        ("if x:\n    y; z\n    w\n", 0),
        ("try:\n    x\nexcept E:\n    y\n  \n    # note\n    z\nfinally:\n  w\n  v\n", 0),
        ("class A:\n    @d\n    def f(self):\n        x\n         # note\n        y\n      z\n", 1),
        ("x = [\n1,\n  2]\ny\n", 0),
    ],
)
def test_misindented_statements_are_counted(text: str, count: int) -> None:
    assert misindented_statements(SyntaxTree.parse(text)) == count
