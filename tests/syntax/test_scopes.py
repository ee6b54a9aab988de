from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax import scopes
from mim_lsp.syntax.scopes import enclosing_headers, import_ranges
from mim_lsp.syntax.tree import SyntaxTree


def headers_at(marked: str) -> list[str]:
    """The headers around the `|` in a text."""
    offset = marked.index("|")
    text = marked[:offset] + marked[offset + 1 :]
    return [text[start:end] for start, end in enclosing_headers(SyntaxTree.parse(text), offset)]


CLASS = "class A:\n    def f(self):\n        return 1\n"


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("|", []),
        ("x = 1|", []),
        ("class A:\n    def f(self):\n        if x:\n            return |", ["class A:", "    def f(self):"]),
        ("async def f(😀):\n    漢 = |\n", ["async def f(😀):"]),
        (CLASS + "    |\n    def g(self): pass\n", ["class A:"]),
        (CLASS + "|\n    def g(self): pass\n", ["class A:"]),
        (CLASS + "|\nx = 1\n", []),
        (CLASS + "        |\nx = 1\n", ["class A:", "    def f(self):"]),
        (CLASS + "    # about g|\n", ["class A:"]),
        ("def f(a):\n    x\n\ndef g(b):\n    |", ["def g(b):"]),
        (
            "def f(\n    a: str = ':',\n    b={1: 2},  # :\n) -> 'x':\n    |",
            ["def f(\n    a: str = ':',\n    b={1: 2},  # :\n) -> 'x':"],
        ),
        ("def f(\n    a,\n):|\n    return 1\n", ["def f(\n    a,\n):"]),
        ("def f(\n    a,|\n):\n    return 1\n", []),
        ("def f(a|): pass", []),
        ("def f(a): return |a", ["def f(a):"]),
        ("def f():\n    x = '''\nclass Not:\ntext\n'''\n    y|", ["def f():"]),
        ("def f():\n    '''Doc\nclass Not:\n  text |\n'''\n    y", ["def f():"]),
        ("class A:\n# note\n\tdef f(self):\n\t\tx|\n", ["class A:", "\tdef f(self):"]),
        ("class A:\r\n    def f(self):\r\n        |\r\n", ["class A:", "    def f(self):"]),
        ("classes = 1\ndefine(\n    |", []),
    ],
)
def test_headers_around_a_place(marked: str, expected: list[str]) -> None:
    assert headers_at(marked) == expected


def test_headers_in_code_that_does_not_parse() -> None:
    assert headers_at("class A(B):\n    def f(self):\n        x = [(\n        y = |\n    def g(") == [
        "class A(B):",
        "    def f(self):",
    ]
    assert headers_at("class A:\n    def f(self\n\n    def g(self):\n        x = |") == ["class A:", "    def g(self):"]


def test_a_signature_that_is_still_open_is_no_header() -> None:
    assert headers_at("class A(B):\n    def f(self, :\n        |") == ["class A(B):"]


def test_headers_far_above_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = "class A:\n" + "    x = 1\n" * 100 + "    def f(self):\n        |"
    assert headers_at(marked) == ["class A:", "    def f(self):"]
    monkeypatch.setattr(scopes, "MAX_SCANNED_CHARS", 200)
    assert headers_at(marked) == ["    def f(self):"]


@given(
    st.lists(
        st.sampled_from(["class A:\n", "  ", "\t", "def f(\n", "):", "x", "\n", "'''", "#", "漢", "\r\n"]), max_size=25
    ),
    st.data(),
)
def test_headers_nest_and_end_before_the_place(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    offset = data.draw(st.integers(0, len(text)))
    headers = enclosing_headers(SyntaxTree.parse(text), offset)
    assert headers == sorted(headers)
    assert all(start < end <= offset and text[end - 1] == ":" for start, end in headers)


def imports_of(text: str, limit: int = 10) -> list[str]:
    return [text[start:end] for start, end in import_ranges(SyntaxTree.parse(text), limit)]


def test_imports_of_the_top_level_in_order() -> None:
    text = "'漢'\nfrom __future__ import x\nimport a; import b.c as d\n"
    text += "def f():\n    import no\n\nfrom e import (\n    f,\n)\n"
    assert imports_of(text) == ["from __future__ import x", "import a", "import b.c as d", "from e import (\n    f,\n)"]
    assert imports_of(text, limit=2) == ["from __future__ import x", "import a"]
    assert imports_of(text, limit=0) == []


def test_imports_of_a_broken_file() -> None:
    assert imports_of("import a\nx = (\nimport b\ndef f(:\n")[:1] == ["import a"]
    assert "import b" in imports_of("import a\nfoo(a,\nimport b\n")
