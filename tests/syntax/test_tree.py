from __future__ import annotations

import itertools
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax import tree as tree_module
from mim_lsp.syntax.tree import SimilarTrees, Span, SyntaxTree, window_around
from tests.tiny import SOURCE

SNIPPETS = st.lists(
    st.sampled_from(
        [
            "def f(x):\n",
            "    return ",
            "x",
            "(",
            ")",
            "[",
            "'",
            '"""',
            "\n",
            " ",
            "😀",
            "漢",
            "é",
            "=",
            "\r\n",
            "\t",
            "\0",
        ]
    ),
    max_size=25,
).map("".join)


def test_offsets_are_code_points_whatever_stands_before() -> None:
    text = "s = '😀漢é'\nvalue = other\n"
    tree = SyntaxTree.parse(text)
    found = [text[start:end] for start, end, _ in tree.nodes({"identifier"})]
    assert found == ["s", "value", "other"]
    assert tree.node_at(text.index("other") + 2) == Span(text.index("other"), text.index("other") + 5, "identifier")


@pytest.mark.parametrize("offset", [-1, 0, 3, 99])
def test_node_at_takes_any_offset(offset: int) -> None:
    assert SyntaxTree.parse("a b").node_at(offset).end <= 3
    assert SyntaxTree.parse("").node_at(offset) == Span(0, 0, "module")


@given(SNIPPETS, st.integers(-2, 60), st.integers(-2, 60))
def test_a_walk_in_a_range_sees_the_nodes_that_overlap_it(text: str, start: int, end: int) -> None:
    tree = SyntaxTree.parse(text)
    everywhere = [tree.span(visit.node) for visit in tree.walk()]
    inside = [tree.span(visit.node) for visit in tree.walk(start, end)]
    overlapping = [
        span for span in everywhere if span.start < end and span.end > max(start, 0) and span.end > span.start
    ]
    assert [span for span in inside if span in set(overlapping)] == overlapping
    assert all(span in everywhere for span in inside)


def test_a_walk_tells_parent_and_field() -> None:
    visits = SyntaxTree.parse("x = y").walk()
    right = next(visit for visit in visits if visit.field == "right")
    assert right.parent is not None
    assert (right.parent.type, right.node.type) == ("assignment", "identifier")


def test_a_walk_enters_only_what_it_is_told_to() -> None:
    tree = SyntaxTree.parse("def f():\n    x\ny\n")
    types = [visit.node.type for visit in tree.walk(enter=lambda node: node.type == "module")]
    assert types == ["module", "function_definition", "expression_statement"]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("", 0),
        ("x = 1\n", 0),
        ("x = \n", 1),
        ("x = 'é' +\n", 1),
        ("def f(:\n  pass", 1),
        ("if x\n    y\n", 1),
        ("\0", 1),
    ],
)
def test_errors_are_counted(text: str, errors: int) -> None:
    tree = SyntaxTree.parse(text)
    assert bool(tree.error_count()) == tree.has_error == bool(errors)
    assert tree.error_count() >= errors


def test_a_missing_node_at_the_very_end_is_an_error() -> None:
    assert SyntaxTree.parse("class A").error_count() >= 1
    assert SyntaxTree.parse("assert x if y else").error_count() >= 1


@given(st.text(st.characters(codec=None, exclude_categories=[]), max_size=60))
def test_any_text_parses_to_spans_inside_it(text: str) -> None:
    tree = SyntaxTree.parse(text)
    for visit in tree.walk():
        start, end, _ = tree.span(visit.node)
        assert 0 <= start <= end <= len(text)
    assert tree.error_count() >= tree.has_error


@pytest.mark.parametrize(
    "text", ["(" * 10_000 + ")" * 10_000, "(" * 60_000, "x = [" + "é, " * 300_000 + "]", "'" * 90_000]
)
def test_a_huge_tree_costs_a_bounded_walk(text: str) -> None:
    tree = SyntaxTree.parse(text)
    assert sum(1 for _ in tree.walk()) <= tree_module.MAX_VISITED_NODES
    middle = len(text) // 2
    assert sum(1 for _ in tree.walk(middle, middle + 10)) <= 10_020
    assert tree.error_count() <= tree_module.MAX_VISITED_NODES


def test_a_walk_into_a_wide_node_skips_what_lies_before() -> None:
    text = "x = [" + "1, " * 50_000 + "]"
    assert sum(1 for _ in SyntaxTree.parse(text).walk(90_000, 90_006)) <= 12


def test_a_walk_is_lazy() -> None:
    tree = SyntaxTree.parse("a\n" * 1000)
    assert [span.start for span in itertools.islice(tree.nodes({"identifier"}), 2)] == [0, 2]


def test_of_a_long_text_only_the_part_around_the_focus_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "MAX_PARSED_CHARS", 60)
    text = "".join(f"def f{i}():\n    return '漢'\n" for i in range(50))
    focus = text.index("def f25")
    tree = SyntaxTree.parse(text, focus)
    names = [text[start:end] for start, end, kind in tree.nodes({"identifier"})]
    assert "f25" in names
    assert len(names) < 6
    assert next(tree.nodes({"function_definition"})).start > 0


@given(st.text("ab\n d", max_size=80), st.data())
def test_a_window_holds_its_centre_and_is_bounded(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    low, high = window_around(text, start, end, 20)
    assert 0 <= low <= start <= end <= high <= len(text)
    assert high - low <= 20 + end - start


def test_a_window_begins_with_a_definition_if_it_can() -> None:
    text = "x = 1\n" * 100 + "def f():\n    pass\n" + "    y\n" * 10
    low, _ = window_around(text, len(text), len(text), 400)
    assert text[low:].startswith("def f")
    assert window_around("a\n" * 9, 3, 4, 100) == (0, 18)


def everything(tree: SyntaxTree) -> list[tuple[Span, bool, bool]]:
    return [(tree.span(visit.node), visit.node.is_error, visit.node.is_missing) for visit in tree.walk()]


EDITS = st.tuples(st.integers(0, len(SOURCE)), st.sampled_from([0, 0, 0, 1, 3, 80]), SNIPPETS)


@given(st.lists(EDITS, min_size=1, max_size=6))
def test_a_similar_text_has_the_same_tree_as_if_it_were_the_first(edits: list[tuple[int, int, str]]) -> None:
    trees, text = SimilarTrees(), SOURCE
    trees.parse(text)
    for at, removed, inserted in edits:
        text = text[:at] + inserted + text[at + removed :]
        assert everything(trees.parse(text)) == everything(SyntaxTree.parse(text))


def test_any_text_may_follow_any_other() -> None:
    trees = SimilarTrees()
    for text in ("", SOURCE, "", "x = (", SOURCE[::-1], SOURCE + SOURCE, "\ud800\nx", SOURCE):
        assert everything(trees.parse(text)) == everything(SyntaxTree.parse(text))


def test_parsing_holds_on_to_nothing() -> None:
    tracemalloc.start()
    try:
        for number in range(30):
            SyntaxTree.parse(f"x = {number}\n" * 10_000)
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_text_that_takes_too_long_has_no_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "MAX_PARSE_SECONDS", 0.0)
    tree = SyntaxTree.parse("x = [" * 50_000)
    assert not tree.is_parsed
    assert not tree.has_error
    assert list(tree.walk()) == []


def test_threads_parse_at_the_same_time() -> None:
    texts = [f"name_{number} = {number}\n" * 3_000 for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        trees = list(pool.map(SyntaxTree.parse, texts))
    for text, tree in zip(texts, trees, strict=True):
        assert not tree.has_error
        assert {text[start:end] for start, end, _ in tree.nodes({"identifier"})} == {text.partition(" ")[0]}
