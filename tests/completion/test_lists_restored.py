"""An item that is taken out of a real list, and suggested in any sloppy form, gives the original text back."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mim_lsp
from mim_lsp.completion.filters import check
from mim_lsp.completion.lists import fit_list
from mim_lsp.completion.place import Place
from mim_lsp.syntax.calls import calls_of
from mim_lsp.syntax.signatures import signatures_of
from mim_lsp.syntax.tree import SyntaxTree

Spans = tuple[tuple[int, int], ...]
FILES = sorted(Path(mim_lsp.__file__).parent.rglob("*.py"))
OWN_LIST = """\
def f[T, U](a: T, b: U = 1, *args: int, c, **kwargs): pass
def f(a,b=2,/,c=3): pass
class A(B, C, metaclass=M): pass
x = g(lambda a, *, b=1: (a, b), "b, c", {1: 2, 3: 4}, x=[1, 2], **y)
@dec(
    über,  # first, as it is
    größe=1,
    tail=f"{a, b}",
)
def h(
\ta,
\tb=1,
\t*,
\tc,
): pass
"""


@functools.cache
def lists(path: Path | None) -> tuple[str, list[Spans]]:
    """A file, and the items of its parameter and argument lists that have at least two."""
    text = path.read_text() if path else OWN_LIST
    tree = SyntaxTree.parse(text)
    found: list[Spans] = [tuple((each.start, each.end) for each in s.parameters) for s in signatures_of(tree)]
    names = sorted(set(re.findall(r"(\w+)\(", text)))
    found += [
        tuple((each.start, each.end) for each in call.arguments) for name in names for call in calls_of(tree, name)
    ]
    return text, [spans for spans in found if len(spans) > 1 and is_uniform(text, spans)]


def is_uniform(text: str, spans: Spans) -> bool:
    """Whether all commas are followed by the same blanks: else the list does not say how it is spaced."""
    gaps = {text[end:start] for (_, end), (start, _) in pairwise(spans)}
    return len(gaps) == 1 and "#" not in "".join(gaps)


def holes(text: str, spans: Spans, index: int) -> Iterator[tuple[int, int, Sequence[str]]]:
    """Ways to take an item out, and how it may be suggested then."""
    start, end = spans[index]
    item = text[start:end]
    free = (item, f" {item}", f"{item},", f"{item} ,", f", {item}", f",{item} ,")
    yield start, end, free
    if index + 1 < len(spans):
        yield start, spans[index + 1][0], free
    if index > 0:
        comma = spans[index - 1][1]
        yield comma, end, (f",{item}", f", {item}", f" ,  {item}, ")
        yield comma + text[comma:start].index(",") + 1, end, free


@given(st.sampled_from([None, *FILES]), st.randoms(use_true_random=False))
def test_an_item_comes_back_as_it_was(path: Path | None, chance: random.Random) -> None:
    text, found = lists(path)
    if not found:
        return
    spans = chance.choice(found)
    index = chance.randrange(len(spans))
    for start, end, written in holes(text, spans, index):
        place = Place(text[:start], text[end:])
        for sloppy in written:
            insert = fit_list(sloppy, place)
            assert place.prefix + insert + place.suffix == text, (sloppy, text[start:end])
            assert check(insert, place) not in ("repeats_name", "breaks_list_order")


def test_there_are_lists_of_every_layout() -> None:
    gaps = set()
    for path in [None, *FILES[:60]]:
        text, found = lists(path)
        gaps |= {re.sub(r"[ \t]+$", "_", text[spans[0][1] : spans[1][0]]) for spans in found}
    assert {",", ",_", ",\n_"} <= gaps


@pytest.mark.parametrize("name", ["a", "größe"])
def test_the_same_item_once_more_is_refused(name: str) -> None:
    place = Place(f"def f({name}, ", "): pass")
    assert check(fit_list(name, place), place) == "repeats_name"
