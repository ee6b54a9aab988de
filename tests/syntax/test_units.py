from __future__ import annotations

import pytest

from mim_lsp.syntax.tree import SyntaxTree
from mim_lsp.syntax.units import units_at


def units(marked: str, language: str = "python") -> tuple[str | None, str | None]:
    """The texts of the statement and of the body that hold the character behind the `|` of a text."""
    offset = marked.index("|")
    text = marked[:offset] + marked[offset + 1 :]
    found = units_at(SyntaxTree.parse(text, language=language), offset)
    statement, block = (span and text[span.start : span.end] for span in found)
    return statement, block


@pytest.mark.parametrize(
    ("marked", "statement", "block"),
    [
        ("x = |1\ny = 2\n", "x = 1", None),
        ("f(\n    |a,\n)\n", "f(\n    a,\n)", None),
        ("def f():\n    x = |1\n    y\n", "x = 1", "x = 1\n    y"),
        ("def f|():\n    x\n", "def f():\n    x", None),
        ("if a:\n    b\n|else:\n    c\nd\n", "else:\n    c", None),
        (
            "def f():\n    if a:\n        b\n    |else:\n        c\n",
            "else:\n        c",
            "if a:\n        b\n    else:\n        c",
        ),
        ("def f():\n    for 漢 in |'😀':\n        b\n", "for 漢 in '😀':\n        b", "for 漢 in '😀':\n        b"),
        ("x\n|\ny\n", None, None),
        ("# |note\nx\n", "# note", None),
    ],
)
def test_statement_and_body_of_a_place(marked: str, statement: str | None, block: str | None) -> None:
    assert units(marked) == (statement, block)


@pytest.mark.parametrize(
    ("language", "module", "marked", "statement", "block"),
    [
        (
            "javascript",
            "tree_sitter_javascript",
            "function f() { let |x = 1; g(); }",
            "let x = 1;",
            "{ let x = 1; g(); }",
        ),
        (
            "javascript",
            "tree_sitter_javascript",
            "for (let |i = 0; i < 3; i++) g();",
            "for (let i = 0; i < 3; i++) g();",
            None,
        ),
        ("go", "tree_sitter_go", "package a\nfunc f() {\n\tx := |1\n}\n", "x := 1", "x := 1"),
        ("rust", "tree_sitter_rust", "fn f() { let x = |1; }", "let x = 1;", "{ let x = 1; }"),
        ("java", "tree_sitter_java", "class A { int f() { return |1; } }", "return 1;", "{ return 1; }"),
        ("c", "tree_sitter_c", "int f() { return |1; }", "return 1;", "{ return 1; }"),
    ],
)
def test_other_grammars(language: str, module: str, marked: str, statement: str, block: str | None) -> None:
    pytest.importorskip(module)
    found = units(marked, language)
    assert (found[0] or "").rstrip() == statement
    assert (found[1] or "").strip("{} \n") == (block or "").strip("{} \n")


def test_without_a_grammar_there_are_no_units() -> None:
    assert units("a: |b\n", "yaml") == (None, None)
