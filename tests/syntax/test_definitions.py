from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax.definitions import MAX_DEFINITIONS, MAX_HEADER_CHARS, MAX_METHODS, definitions_of
from mim_lsp.syntax.imports import EVERYTHING, Import, imports_of
from mim_lsp.syntax.tree import SyntaxTree


def stubs(text: str) -> list[str]:
    found = definitions_of(SyntaxTree.parse(text))
    return [line.stub for definition in found for line in (definition, *definition.methods)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(a, b=1) -> int:\n    return a\n", ["def f(a, b=1) -> int: ..."]),
        ("async def f():\n    pass\n", ["async def f(): ..."]),
        (
            "def f(\n    a,  # first\n    *,\n    b: dict[str, int],\n):\n    x = 1\n",
            ["def f(a, *, b: dict[str, int]): ..."],
        ),
        ("@cached\n@other(1)\ndef f(): pass\n", ["def f(): ..."]),
        ("class A(B, metaclass=M):\n    x = 1\n", ["class A(B, metaclass=M):"]),
        (
            "class A:\n    def __init__(self, x): pass\n    def _p(self): pass\n    @property\n    def q(self): pass\n",
            ["class A:", "    def __init__(self, x): ...", "    def q(self): ..."],
        ),
        ("LIMIT = 3\nname: str = 'é'\n", ["LIMIT = 3", "name: str = 'é'"]),
        ("x: int\n", ["x: int = ..."]),
        ("TABLE = {" + "1: 2, " * 40 + "}\n", ["TABLE = ..."]),
        ("if a:\n    def f(): pass\nelse:\n    def g(): pass\n", ["def f(): ...", "def g(): ..."]),
        ("try:\n    import a\nexcept ImportError:\n    A = None\n", ["A = None"]),
        ("def f():\n    def inner(): pass\n    y = 1\n", ["def f(): ..."]),
        ("def f(a): pass\ndef f(b): pass\n", ["def f(a): ..."]),
        ("__all__ = ['a']\nx.y = 1\na, b = 1, 2\nf()\n", []),
        ("", []),
    ],
)
def test_definitions_are_stubs_in_one_line(text: str, expected: list[str]) -> None:
    assert stubs(text) == expected


def test_what_is_too_long_is_cut() -> None:
    long = "def f(" + ", ".join(f"argument_{n}" for n in range(40)) + "): pass\n"
    assert stubs(long) == ["def f(*args, **kwargs): ..."]
    assert len(stubs(long)[0]) < MAX_HEADER_CHARS
    assert len(stubs("".join(f"x{n} = 1\n" for n in range(2 * MAX_DEFINITIONS)))) == MAX_DEFINITIONS
    methods = "".join(f"    def m{n}(self): pass\n" for n in range(2 * MAX_METHODS))
    assert len(stubs("class A:\n" + methods)) == MAX_METHODS + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a.b, c as d\n", [Import("a.b", 0, None, "a.b"), Import("c", 0, None, "d")]),
        ("from . import x\n", [Import("", 1, "x", "x")]),
        ("from ..y.z import (p as q,\n    r)\n", [Import("y.z", 2, "p", "q"), Import("y.z", 2, "r", "r")]),
        ("from m import *\n", [Import("m", 0, EVERYTHING, EVERYTHING)]),
        ("if TYPE_CHECKING:\n    from a import b\n", [Import("a", 0, "b", "b")]),
        (
            "try:\n    import a\nexcept ImportError:\n    from . import a\n",
            [Import("a", 0, None, "a"), Import("", 1, "a", "a")],
        ),
        ("def f():\n    import a\nclass A:\n    import b\n", []),
        ("from __future__ import annotations\n", []),
        ("from a import b\nx = (\nfrom c import d\n", [Import("a", 0, "b", "b")]),
    ],
)
def test_imports(text: str, expected: list[Import]) -> None:
    assert imports_of(SyntaxTree.parse(text))[: len(expected) or None] == expected


PIECES = st.sampled_from(
    [
        "import ",
        "from ",
        "a.b",
        " as ",
        "*",
        ".",
        "..",
        "(",
        ")",
        ",",
        "\n",
        "def ",
        "class ",
        "f",
        ":",
        "    ",
        "@",
        "=",
        "1",
        "漢",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_text_has_definitions_and_imports_of_one_line(text: str) -> None:
    tree = SyntaxTree.parse(text)
    assert all("\n" not in line for line in stubs(text))
    assert all(imported.level >= 0 and not imported.module.startswith(".") for imported in imports_of(tree))
