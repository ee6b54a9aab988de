from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mim_lsp.syntax import holes, tree
from mim_lsp.syntax.hole_window import WINDOW_CHARS
from mim_lsp.syntax.holes import DEFAULT_WEIGHTS, Hole, HoleKind, draw_hole
from mim_lsp.syntax.tree import SyntaxTree

SOURCE = '''\
"""Doc 漢字 😀."""
import os


class Store(Base):
    """Holds things."""

    def find(self, key, *, default=None):
        if key in self.items and not self.closed:
            return self.items[key + 1]
        for name, value in sorted(self.extra.items(), key=lambda pair: pair[0]):
            self.log("é %s", name, value)
            total = value * 2 - len(name)
        return default


@cached
def build(path: str, mode="r"):
    with open(path, mode) as file:
        lines = [line.strip() for line in file]
    return Store(lines)
'''
KINDS = list(HoleKind)


@pytest.fixture
def only_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """No shifted edges and no empty holes, so that each kind shows what it is."""
    monkeypatch.setattr(holes, "SHIFT_RATE", 0)
    monkeypatch.setattr(holes, "EMPTY_RATE", 0)


def drawn(text: str, kind: HoleKind, count: int = 300) -> Iterator[Hole]:
    parsed, rng = SyntaxTree.parse(text), random.Random(1)
    for _ in range(count):
        hole = draw_hole(parsed, rng, {kind: 1.0})
        assert hole is not None
        yield hole


def middles(text: str, kind: HoleKind) -> set[str]:
    return {text[hole.start : hole.end] for hole in drawn(text, kind)}


@pytest.mark.usefixtures("only_whole")
class TestKinds:
    def test_rest_of_line_ends_at_the_line_or_before_its_closers(self) -> None:
        rests = set()
        for hole in drawn(SOURCE, HoleKind.REST_OF_LINE, 800):
            rest = SOURCE[hole.end :].split("\n", 1)[0]
            rests.add(rest)
            assert "\n" not in SOURCE[hole.start : hole.end]
            assert set(rest) <= set(")]}'\",: ")
            before = SOURCE[: hole.start].rsplit("\n", 1)[-1]
            assert before.isspace() or not before or before.strip()
        assert {"", ")", "):"} <= rests

    def test_rest_of_line_leaves_only_closers_of_what_was_opened_before(self) -> None:
        for hole in drawn("foo(a, bar[b], (c))\n", HoleKind.REST_OF_LINE, 400):
            middle = "foo(a, bar[b], (c))"[hole.start : hole.end]
            assert middle.count("(") + middle.count("[") <= middle.count(")") + middle.count("]")

    def test_rest_of_line_starts_at_tokens_and_sometimes_inside_words(self) -> None:
        starts = Counter(hole.start for hole in drawn("value = compute(first)", HoleKind.REST_OF_LINE, 2000))
        at_tokens = sum(starts[start] for start in (0, 5, 6, 7, 8, 15, 16, 21))
        assert 0.85 < at_tokens / 2000 < 0.99

    def test_lines_are_whole(self) -> None:
        counts = Counter()
        for hole in drawn(SOURCE, HoleKind.LINES, 600):
            middle = SOURCE[hole.start : hole.end]
            assert SOURCE[hole.end : hole.end + 1] in ("", "\n")
            if middle.startswith("\n"):
                counts["from the line before"] += 1
            else:
                assert not SOURCE[: hole.start].rsplit("\n", 1)[-1].strip()
                assert not middle[0].isspace()
            counts[len(middle.strip("\n").split("\n"))] += 1
        assert counts[1] > counts[2] > counts[4] > 0
        assert counts["from the line before"] > 50
        assert max(key for key in counts if isinstance(key, int)) <= 6

    def test_statements(self) -> None:
        found = middles(SOURCE, HoleKind.STATEMENT)
        assert {"import os", "return default", "total = value * 2 - len(name)"} <= found
        for middle in found:
            ast.parse(middle if not middle.startswith("return") else f"def f():\n    {middle}")

    def test_blocks_are_bodies_or_their_heads(self) -> None:
        found = middles(SOURCE, HoleKind.BLOCK)
        loop = 'self.log("é %s", name, value)\n            total = value * 2 - len(name)'
        assert {loop, "\n            " + loop, "return self.items[key + 1]"} <= found
        assert any(middle.startswith("\n    with open") for middle in found)
        assert "with open(path, mode) as file:\n        lines = [line.strip() for line in file]" in found

    def test_arguments(self) -> None:
        found = middles(SOURCE, HoleKind.ARGUMENT)
        assert {"path", ", mode", "path, ", "path, mode", "lines", "key=lambda pair: pair[0]"} <= found
        assert not any("(path" in middle for middle in found)

    def test_parameters(self) -> None:
        found = middles(SOURCE, HoleKind.PARAMETER)
        assert {"self", "self, ", ", key", "default=None", 'path: str, mode="r"', 'mode="r"'} <= found
        assert not any("lambda" in middle or "pair" in middle for middle in found)

    def test_expressions(self) -> None:
        found = middles(SOURCE, HoleKind.EXPRESSION)
        expected = {
            "key in self.items and not self.closed",
            "self.items[key + 1]",
            "key + 1",
            "extra",
            "value * 2",
            "2",
        }
        assert expected | {"default", "[line.strip() for line in file]"} <= found
        assert "import os" not in found

    def test_spans_are_any_characters(self) -> None:
        lengths = {hole.end - hole.start for hole in drawn(SOURCE, HoleKind.SPAN, 500)}
        assert min(lengths) >= 1
        assert 90 < max(lengths) <= 120

    def test_blank_and_missing_places_draw_nothing(self) -> None:
        rng = random.Random(0)
        for kind in KINDS:
            assert draw_hole(SyntaxTree.parse(""), rng, {kind: 1.0}) is None
        for kind in set(KINDS) - {HoleKind.SPAN}:
            assert draw_hole(SyntaxTree.parse(" \n\t\r\n"), rng, {kind: 1.0}) is None
        assert draw_hole(SyntaxTree.parse("x = 1"), rng, {HoleKind.PARAMETER: 1.0}) is None


@pytest.mark.parametrize("kind", KINDS)
def test_max_chars_caps_every_kind(kind: HoleKind) -> None:
    parsed, rng = SyntaxTree.parse(SOURCE), random.Random(1)
    found = [draw_hole(parsed, rng, {kind: 1.0}, max_chars=25) for _ in range(150)]
    lengths = [hole.end - hole.start for hole in found if hole]
    assert len(lengths) > 20  # a draw may meet only lines that are too long
    assert max(lengths) <= 25


def test_kinds_are_drawn_by_weight() -> None:
    parsed, rng = SyntaxTree.parse(SOURCE), random.Random(3)
    drawn_holes = [draw_hole(parsed, rng) for _ in range(1500)]
    kinds = Counter(hole.kind for hole in drawn_holes if hole)
    for kind, weight in DEFAULT_WEIGHTS.items():
        assert kinds[kind] / 1500 == pytest.approx(weight / sum(DEFAULT_WEIGHTS.values()), abs=0.04)


def test_kinds_without_weight_are_never_drawn() -> None:
    parsed, rng = SyntaxTree.parse("x = 1\n"), random.Random(3)
    weights = {HoleKind.PARAMETER: 9.0, HoleKind.STATEMENT: 1.0, HoleKind.SPAN: 0.0}
    for _ in range(200):
        hole = draw_hole(parsed, rng, weights)
        assert hole is not None
        assert hole.kind is HoleKind.STATEMENT


def test_some_holes_are_empty_and_end_a_line() -> None:
    parsed, rng = SyntaxTree.parse(SOURCE), random.Random(4)
    holes_drawn = [draw_hole(parsed, rng) for _ in range(1500)]
    empty = [hole for hole in holes_drawn if hole and hole.start == hole.end]
    assert 0.015 < len(empty) / 1500 < 0.045
    assert all(hole.kind is HoleKind.REST_OF_LINE and SOURCE[hole.end] == "\n" for hole in empty)


def test_some_edges_fall_inside_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holes, "EMPTY_RATE", 0)
    broken = 0
    for hole in drawn("total = compute(first, second)\n", HoleKind.ARGUMENT, 2000):
        broken += hole.start not in (16, 21, 22, 23) or hole.end not in (21, 22, 23, 29)
    assert 0.05 < broken / 2000 < 0.15


def test_the_same_seed_draws_the_same_holes() -> None:
    parsed = SyntaxTree.parse(SOURCE)
    first, second = ([draw_hole(parsed, random.Random(seed)) for seed in range(30)] for _ in range(2))
    assert first == second
    assert len(set(first)) > 20


PARTS = [
    "def f(x, *y):\n",
    "    return ",
    "foo(a, b=[1, 2])",
    "(",
    "'",
    '"""',
    "\n",
    " ",
    "😀",
    "漢",
    "\r\n",
    "\t",
    "\0",
    "\ud800",
    "if x:\n",
]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PARTS), max_size=30), st.integers(0, 2**32), st.sampled_from([None, *KINDS]), st.data())
def test_holes_lie_within_bounds_in_any_text(
    parts: list[str], seed: int, kind: HoleKind | None, data: st.DataObject
) -> None:
    text = "".join(parts)
    within = data.draw(st.none() | st.tuples(st.integers(-5, 200), st.integers(-5, 200)))
    max_chars = data.draw(st.integers(1, 200))
    weights = DEFAULT_WEIGHTS if kind is None else {kind: 1.0}
    hole = draw_hole(SyntaxTree.parse(text), random.Random(seed), weights, within, max_chars)
    low, high = within or (0, len(text))
    if hole is not None:
        assert max(low, 0) <= hole.start <= hole.end <= min(high, len(text))
        assert hole.end - hole.start <= max_chars
        assert hole.start < hole.end or hole.kind is HoleKind.REST_OF_LINE
        assert kind in (None, hole.kind)


@given(st.text(max_size=80), st.integers(0, 2**32))
def test_a_text_with_any_character_has_a_hole(text: str, seed: int) -> None:
    assert (draw_hole(SyntaxTree.parse(text), random.Random(seed)) is None) == (text == "")


def test_windows_do_not_cut_lines() -> None:
    parsed, rng = SyntaxTree.parse(SOURCE), random.Random(5)
    for _ in range(300):
        start = rng.randrange(len(SOURCE) - 150)
        hole = draw_hole(parsed, rng, {HoleKind.LINES: 1.0}, (start, start + 150))
        if hole is not None and hole.end < len(SOURCE):
            assert SOURCE[hole.end] == "\n" or SOURCE[hole.end - 1].isalnum()  # a shifted edge stands in a word
            assert hole.start >= start


@pytest.mark.parametrize("kind", KINDS)
def test_the_work_does_not_grow_with_the_text(kind: HoleKind, monkeypatch: pytest.MonkeyPatch) -> None:
    visited = 0
    walk = tree.SyntaxTree.walk

    def counted(*args: object, **kwargs: object) -> Iterator[tree.Visit]:
        nonlocal visited
        for visit in walk(*args, **kwargs):  # type: ignore[arg-type]
            visited += 1
            yield visit

    monkeypatch.setattr(tree.SyntaxTree, "walk", counted)
    parsed = SyntaxTree.parse(SOURCE * 400)
    assert draw_hole(parsed, random.Random(0), {kind: 1.0}) is not None
    assert visited <= 2 * WINDOW_CHARS


@pytest.mark.parametrize("text", ["x = [" + "1, " * 200_000 + "]", "(" * 10_000 + ")" * 10_000, "a" * 5_000_000])
def test_texts_without_lines_have_holes_too(text: str) -> None:
    parsed, rng = SyntaxTree.parse(text), random.Random(0)
    for _ in range(5):
        hole = draw_hole(parsed, rng)
        assert hole is not None
        assert hole.end - hole.start <= 400
