"""Whatever the text and the language: no exception, sensible ranges, and no more than a bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax.boundaries import far_suffix_start, statement_line_starts
from mim_lsp.syntax.languages import LANGUAGES
from mim_lsp.syntax.lexing import missing_closers, symbols, unbalanced_brackets
from mim_lsp.syntax.scopes import enclosing_headers, import_ranges
from mim_lsp.syntax.tree import SyntaxTree
from mim_lsp.syntax.validity import makes_syntax_worse
from tests.syntax.samples import SAMPLES

ANY_LANGUAGE = st.sampled_from([*LANGUAGES, "plaintext", "no such language"])
PIECES = [
    *("function f(", "class A", "fn f<'a>(", "func f() ", "struct S", "impl ", "import ", "#include <a>", "use a::b;"),
    *("{", "}", "(", ")", "[", "]", "<", ">", ";", ":", ",", "=>", "->", "=", "/", "//", "/*", "*/", "#", "@"),
    *(
        "'",
        '"',
        "`",
        '"""',
        'r#"',
        'R"x(',
        "${",
        "\\",
        "x",
        "1",
        " ",
        "    ",
        "\t",
        "\n",
        "\r\n",
        "😀",
        "漢",
        "\0",
        "\ud800",
    ),
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.text(st.characters(codec=None, exclude_categories=[]), max_size=30),
    st.sampled_from(list(SAMPLES.values())),
)


@given(TEXTS, ANY_LANGUAGE, st.data())
def test_ranges_are_of_the_text(text: str, language: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    tree = SyntaxTree.parse(text, language=language)
    for start, end in [*enclosing_headers(tree, offset), *import_ranges(tree, 5)]:
        assert 0 <= start < end <= len(text)
    starts = statement_line_starts(tree)
    assert starts == sorted(set(starts))
    assert all(start == 0 or text[start - 1] == "\n" for start in starts)
    assert offset <= far_suffix_start(text, offset, language) <= len(text)
    assert all(text[at] == symbol for at, symbol in symbols(text, 0, len(text), language))
    assert unbalanced_brackets(text, language) >= len(missing_closers(text, 0, language))
    span = tree.node_at(offset)
    assert 0 <= span.start <= span.end <= len(text)


@given(TEXTS, TEXTS, TEXTS, ANY_LANGUAGE)
def test_nothing_inserted_is_never_worse(prefix: str, inserted: str, suffix: str, language: str) -> None:
    assert makes_syntax_worse(prefix, inserted, suffix, language) in (True, False)
    assert not makes_syntax_worse(prefix, "", suffix, language)


HOSTILE = ["(", "{\n", "/*", '"""', 'r#"', "f(x)\n", "a b "]


@pytest.mark.slow
@pytest.mark.parametrize("language", [*LANGUAGES, "plaintext"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_the_time_is_bounded(language: str, piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.perf_counter()
    tree = SyntaxTree.parse(text, language=language)
    enclosing_headers(tree, len(text))
    statement_line_starts(tree)
    import_ranges(tree, 64)
    far_suffix_start(text, len(text) // 2, language)
    makes_syntax_worse(text, "x)", text, language)
    assert time.perf_counter() - started < 5
