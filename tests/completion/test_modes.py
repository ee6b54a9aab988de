"""How far a suggestion goes, by the place of the cursor and by the syntax of what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.modes import Extent, Unit, cut, resolve
from mim_lsp.completion.types import Mode


def extent_at(marked: str, mode: Mode = "auto", language: str = "python") -> Extent:
    """The extent at the `|` of a text."""
    prefix, suffix = marked.split("|")
    return resolve(prefix + suffix, len(prefix), mode, language)


def cut_at(marked: str, insert: str, language: str = "python", mode: Mode = "auto") -> str:
    """What is left of an insert at the `|` of a text."""
    prefix = marked.partition("|")[0]
    return cut(insert, prefix, extent_at(marked, mode, language).unit, language)


@pytest.mark.parametrize(
    ("marked", "unit"),
    [
        ("|", "statement"),
        ("x = |\n", "statement"),
        ("def f(): return |", "statement"),
        ("x = 1\n|\ny = 2\n", "statement"),
        ("foo(\n    |\n)\n", "statement"),
        ("x = {'a':|\n", "statement"),
        ("d = {|\n}\n", "statement"),
        ("foo(|)\n", "line"),
        ("x = | + 1\n", "line"),
        ("def f():\n    |\n", "block"),
        ("def f():|\n", "block"),
        ("def f():\n    x = 1\n    |\n    y\n", "block"),
        ("class A:\n    |\n", "block"),
        ("def f():\n    if a:\n        b\n    else:|\n", "block"),
        ("def 漢(😀):\n\t|\n", "block"),
    ],
)
def test_the_place_decides(marked: str, unit: Unit) -> None:
    assert extent_at(marked) == Extent(unit, 1 if unit == "line" else None)


@pytest.mark.parametrize(
    ("marked", "mode", "unit"),
    [
        ("def f():\n    |\n", "line", "line"),
        ("def f():\n    |\n", "statement", "statement"),
        ("def f():\n    |\n", "block", "block"),
        ("x = |\n", "block", "statement"),
        ("foo(|)\n", "block", "line"),
    ],
)
def test_the_setting_only_caps(marked: str, mode: Mode, unit: Unit) -> None:
    assert extent_at(marked, mode).unit == unit


@pytest.mark.parametrize(
    ("marked", "unit"),
    [
        ("function f() {\n    |\n}\n", "block"),
        ("function f() {|\n}\n", "block"),
        ("  let x = |\n", "statement"),
        ("|", "statement"),
        ("f(|)", "line"),
    ],
)
def test_without_a_grammar_indentation_decides(marked: str, unit: Unit) -> None:
    assert extent_at(marked, language="yaml").unit == unit


@pytest.mark.parametrize(
    ("marked", "insert", "expected"),
    [
        ("x = |\n", "1\ny = 2", "1"),
        ("x = |\n", "(\n    1\n)\ny = 2", "(\n    1\n)"),
        ("def f():\n    |\n", "x = 1\n    return x\n\n\ndef g():\n    pass", "x = 1\n    return x"),
        ("def f():|\n", "\n    x = 1\n\n    return x\n\n\ndef g():\n    pass", "\n    x = 1\n\n    return x"),
        ("\n|\n", "# why\ndef f():\n    return 1\n\nx = 2", "# why\ndef f():\n    return 1"),
        ("def f():\n    if |\n", "x:\n        y = 1\n    z = 2", "x:\n        y = 1"),
        ("def f():\n    if x:\n        y\n    |\n", "else:\n        z\n    w\nq = 1", "else:\n        z\n    w"),
        ("foo(\n    |\n)\n", "a,\n    b,\n)\nx = 1", "a,\n    b,\n)"),
        ("class A:\n    |\n", "def f(self):\n        pass\n\n\nx = 1", "def f(self):\n        pass"),
        ("foo(|)\n", "a,\n    b", "a,"),
    ],
)
def test_what_goes_on_beyond_its_unit_is_cut(marked: str, insert: str, expected: str) -> None:
    assert cut_at(marked, insert) == expected


@pytest.mark.parametrize(
    ("marked", "insert"),
    [
        ("def f():\n    |\n", "x = '''\nnot code\n'''\n    return x"),
        ("foo(\n    |\n)\n", "a,\n    b,"),
        ("x = |\n", "1"),
        ("|", "# a\n# b"),
        ("class (:\nx = |\n", "1 = = (\n) def"),
        ("|", "import a\n"),
    ],
)
def test_what_is_within_its_unit_stays(marked: str, insert: str) -> None:
    assert cut_at(marked, insert) == insert


def test_a_cap_cuts_a_block_to_its_first_statement_or_line() -> None:
    marked, insert = "def f():\n    |\n", "if x:\n        y\n    return x"
    assert cut_at(marked, insert, mode="statement") == "if x:\n        y"
    assert cut_at(marked, insert, mode="line") == "if x:"


@pytest.mark.parametrize(
    ("marked", "insert", "expected"),
    [
        ("function f() {\n    |\n}\n", "let x = 1;\n    g();\n}\nh();", "let x = 1;\n    g();"),
        ("  let x = |\n", "f(\n   1\n  );\n  g();", "f(\n   1\n  );"),
        ("function f() {|\n", "\n    return 1;\n}\nh();", "\n    return 1;\n}"),
        ("a:\n  |\n", "- b\n\n  - c\nd", "- b\n\n  - c"),
    ],
)
def test_without_a_grammar_brackets_and_indentation_cut(marked: str, insert: str, expected: str) -> None:
    assert cut_at(marked, insert, "yaml") == expected


@pytest.mark.parametrize(
    ("marked", "insert", "expected"),
    [
        ("function f() {\n    |\n}\n", "let x = 1;\n    g();\n}\nh();", "let x = 1;\n    g();"),
        ("function f() {|\n}\n", "\n    for (let i = 0; i < 3; i++) {\n        g();\n    }\n}\nh();", None),
        ("class A {\n    |\n}\n", "f() {\n        return 1;\n    }\n}\nlet x;", "f() {\n        return 1;\n    }"),
        ("let x = |\n", "{\n    a: 1,\n};\nlet y;", "{\n    a: 1,\n};"),
    ],
)
def test_other_grammars_cut_too(marked: str, insert: str, expected: str | None) -> None:
    pytest.importorskip("tree_sitter_javascript")
    expected = expected or insert.removesuffix("\nh();")
    assert cut_at(marked, insert, "javascript") == expected


@given(*[st.text(st.characters(codec=None, exclude_categories=[]), max_size=30)] * 2, st.sampled_from(["python", "c"]))
def test_the_result_is_a_start_of_the_insert(insert: str, prefix: str, language: str) -> None:
    for unit in ("line", "statement", "block"):
        assert insert.startswith(cut(insert, prefix, unit, language))


def test_a_huge_document_is_parsed_in_part() -> None:
    prefix = "x = [1, 2]\n" * 300_000 + "def f():\n    "
    assert resolve(prefix + "\n", len(prefix)).unit == "block"
