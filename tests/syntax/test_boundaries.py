from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax.boundaries import far_prefix_end, far_suffix_start, statement_line_starts
from mim_lsp.syntax.tree import SyntaxTree


def at_cursor(marked: str) -> tuple[str, int]:
    """The text without its `|`, and where that stood."""
    offset = marked.index("|")
    return marked[:offset] + marked[offset + 1 :], offset


@pytest.mark.parametrize(
    ("marked", "rest"),
    [
        ("foo(|)\nx", ")"),
        ("foo(bar[|])  \nx", "])  "),
        ("def f(a|):\n    x", "):"),
        ("d = {'k|': 1}\n", ""),
        ("d = ['k|',\n]", "',"),
        ('s = "|"; \n', '"; '),
        ("x = |\ny", ""),
        ("x = |", ""),
        ("foo(|)", ")"),
        ("|", ""),
        ("foo(|) + 1\n", ""),
        ("foo(|)\r\nx", ")\r"),
        ("foo(|)  # note\n", ""),
        ("'😀|')\n", "')"),
    ],
)
def test_the_known_rest_of_the_line_is_closers_only(marked: str, rest: str) -> None:
    text, offset = at_cursor(marked)
    assert text[offset : far_suffix_start(text, offset)] == rest


@pytest.mark.parametrize(
    ("marked", "typed"),
    [
        ("a\n    x = |1\n", "\n    x = "),
        ("x = |", "x = "),
        ("a\n|b", "\n"),
        ("a\n\n|", "\n"),
        ("|", ""),
        ("\n|", "\n"),
        ("漢\r\n\t😀|", "\n\t😀"),
    ],
)
def test_the_typed_part_begins_with_the_line_break(marked: str, typed: str) -> None:
    text, offset = at_cursor(marked)
    assert text[far_prefix_end(text, offset) : offset] == typed


@given(st.text("a)(\n '\"\r\t😀", max_size=50), st.data())
def test_far_sides_leave_out_no_more_than_the_line(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    end, start = far_prefix_end(text, offset), far_suffix_start(text, offset)
    assert 0 <= end <= offset <= start <= len(text)
    assert "\n" not in text[end + 1 : offset]
    assert "\n" not in text[offset:start]


def test_the_rest_of_a_huge_line_is_read_once() -> None:
    assert far_suffix_start(")" * 5_000_000, 1) == 5_000_000
    assert far_suffix_start("a" * 5_000_000, 1) == 1


def starts_of(text: str) -> list[str]:
    return [text[start:].split("\n", 1)[0].strip() for start in statement_line_starts(SyntaxTree.parse(text))]


def test_lines_of_outer_statements() -> None:
    text = (
        "import a; import b\n'é'\n@dec\n@dec2\ndef f():\n    inner = 1\n\nclass A:\n    x = 1\n\n    @p\n"
        "    def g(self):\n        y\n    class B:\n        z = 1\nif x:\n    y\n@d\nclass C:\n    w = 1\n"
    )
    expected = [
        *("import a; import b", "'é'", "@dec", "class A:", "x = 1", "@p", "class B:", "z = 1", "if x:", "@d", "w = 1"),
    ]
    assert starts_of(text) == expected


def test_lines_of_outer_statements_while_the_code_does_not_parse() -> None:
    text = "import os\nclass A(\n    def f(self):\n        x = [\n\ny = 1\n"
    starts = starts_of(text)
    assert starts[0] == "import os"
    assert not any(start.startswith(("x =", "[")) for start in starts)


@given(
    st.lists(st.sampled_from(["class A:\n", "    ", "def f(\n", "x = 1\n", "@d\n", "'''", "漢", "\r\n"]), max_size=25)
)
def test_outer_lines_ascend_and_begin_lines(parts: list[str]) -> None:
    text = "".join(parts)
    starts = statement_line_starts(SyntaxTree.parse(text))
    assert starts == sorted(set(starts))
    assert all(start == 0 or text[start - 1] == "\n" for start in starts)
