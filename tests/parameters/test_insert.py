from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mim_lsp.errors import EditError
from mim_lsp.parameters.changes import apply
from mim_lsp.parameters.insert import insert_parameter
from mim_lsp.parameters.plan import Plan
from tests.parameters.answers import answering

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.txt"))
CURSOR = "⌖"


def insert(marked: str, name: str | None = None, written: dict[str, str] | None = None) -> tuple[str, Plan]:
    """The text with the parameter that is missing at the cursor."""
    offset, text = marked.index(CURSOR), marked.replace(CURSOR, "")
    plan = insert_parameter(text, offset, answering(written), name)
    return apply(text, plan.changes), plan


@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_edit_is_the_golden_one(path: Path, line_break: str) -> None:
    parts = path.read_text(encoding="utf-8").replace("\n", line_break).split("=== ")
    before, after, untouched = (part.partition(line_break)[2] for part in parts[1:])
    text, plan = insert(before)
    assert text == after
    source = before.replace(CURSOR, "")
    assert [f"{source.count(chr(10), 0, at) + 1}: {why}" for at, why in plan.untouched] == untouched.split(line_break)[
        :-1
    ]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("", "new=1"),
        ("a", "a, new=1"),
        ("a, b,", "a, b, new=1,"),
        ("**kw", "new=1, **kw"),
        ("*args, **kw", "*args, new=1, **kw"),
        ("a, /", "a, /, new=1"),
        ("\n    a\n", "\n    a,\n    new=1\n"),
        ("\n    a,\n    b,  # y\n", "\n    a,\n    b,  # y\n    new=1,\n"),
        ("\n    a,  # x\n    b  # y\n", "\n    a,  # x\n    b,  # y\n    new=1\n"),
        ("\n\ta,\n\t**kw,\n", "\n\ta,\n\tnew=1,\n\t**kw,\n"),
        ("\n    a, b,\n    c\n", "\n    a, b,\n    c, new=1\n"),
        ("a,\n      b", "a,\n      b,\n      new=1"),
    ],
)
def test_separators_lines_and_trailing_commas_stay(listed: str, expected: str) -> None:
    text, _ = insert(f"def f({listed}):\n    return ⌖new\n", written={"new": "=1"})
    assert text == f"def f({expected}):\n    return new\n"
    ast.parse(text)


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        ("x⌖ = 1\n", None, "no Python function"),
        ("def f(a):\n    return ⌖a\n", None, "reads no undefined name"),
        ("def f(a):\n    return ⌖a\n", "a", "already has a parameter a"),
        ("def f():\n    ⌖b = 1\n", "b", "already has a name b"),
        ("def f():\n    global ⌖b\n    b = 1\n", "b", "already has a name b"),
        ("def f():\n    return len⌖('')\n", "len", "hide Python's own len"),
        ("import os\ndef f():\n    return os⌖.sep\n", "os", "hide the module's os"),
        ("def f():\n    pass⌖\n", "class", "cannot be the name"),
        ("def f():\n    pass⌖\n", "a b", "cannot be the name"),
        ("from os import *\ndef f():\n    return ⌖sep\n", None, "reads no undefined name"),
    ],
)
def test_what_would_change_the_meaning_is_refused(code: str, name: str | None, message: str) -> None:
    with pytest.raises(EditError, match=message):
        insert(code, name)


@pytest.mark.parametrize("written", [": Unknown = 1", "=other", "=(yield)", "=lambda: x", ": int = a", "=[\n1]"])
def test_what_the_header_cannot_read_is_not_used(written: str) -> None:
    text, _ = insert("def f(a):\n    return a + ⌖new\n", written={"new": written})
    assert text == "def f(a, new):\n    return a + new\n"


def test_an_annotation_is_asked_for_where_the_others_have_one() -> None:
    code = "def f(a: int):\n    return a + ⌖new\n"
    text, _ = insert(code, written={"new": "=1", "new: ": "int = 1"})
    assert text == "def f(a: int, new: int = 1):\n    return a + new\n"


def test_the_name_that_the_model_writes_comes_first() -> None:
    code = "def f(a):⌖\n    return a + first + second\n"
    assert insert(code)[1].declaration.name == "first"
    assert insert(code, written={"(a, ": "second"})[1].declaration.name == "second"
