from __future__ import annotations

import pytest

from mim_lsp.syntax.list_items import items_of, misplaced, repeated_names
from mim_lsp.syntax.lists import ListKind


def forms(kind: ListKind, *pieces: str) -> list[tuple[str, str]]:
    """Form and name of each item."""
    return [(each.form, each.name) for each in items_of(pieces, kind)]


@pytest.mark.parametrize(
    ("kind", "piece", "expected"),
    [
        ("parameters", " a", ("plain", "a")),
        ("parameters", "a: int", ("plain", "a")),
        ("parameters", "a: Callable[[int], bool] = x == 1", ("default", "a")),
        ("parameters", "a: Literal['=']", ("plain", "a")),
        ("parameters", "a: Annotated[int, Field(gt=1)]", ("plain", "a")),
        ("parameters", "a: Annotated[int, Field(gt=1)] = 2", ("default", "a")),
        ("parameters", "größe=1", ("default", "größe")),
        ("parameters", "*", ("star", "")),
        ("parameters", "/", ("slash", "")),
        ("parameters", "*args: int", ("args", "args")),
        ("parameters", "**kw", ("kwargs", "kw")),
        ("parameters", "# a comment\n  a=1  # another", ("default", "a")),
        ("parameters", "(a", ("other", "")),
        ("types", "*Ts", ("plain", "Ts")),
        ("types", "T: (int, str) = int", ("default", "T")),
        ("arguments", "a", ("plain", "")),
        ("arguments", "a=1", ("default", "a")),
        ("arguments", "a == 1", ("plain", "")),
        ("arguments", "'# no comment'", ("plain", "")),
        ("arguments", "*a", ("args", "")),
        ("arguments", "**a", ("kwargs", "")),
        ("bases", "a.B", ("plain", "a.B")),
        ("bases", "metaclass=M", ("default", "metaclass")),
    ],
)
def test_forms_and_names(kind: ListKind, piece: str, expected: tuple[str, str]) -> None:
    assert forms(kind, piece, " ") == [expected]


def test_names_that_are_there_twice() -> None:
    assert repeated_names(items_of(["a", "b=a", "*a", "*", "/"], "parameters")) == ["a"]
    assert repeated_names(items_of(["a", "a", "b=1", "b=2"], "arguments")) == ["b"]


@pytest.mark.parametrize(
    ("kind", "listed", "count"),
    [
        ("parameters", "a|/|b|c=1|*|d|e=2|f|**g", 0),
        ("parameters", "a=1|b|c", 2),
        ("parameters", "*|**a", 1),
        ("parameters", "**a|b|c", 2),
        ("arguments", "a|*b|c|d=1|*e|**f|g=2", 0),
        ("arguments", "a=1|b|**c|*d", 2),
        ("types", "T|*Ts|**P|U=int", 0),
        ("types", "T=int|U", 1),
    ],
)
def test_what_stands_where_it_must_not_is_counted(kind: ListKind, listed: str, count: int) -> None:
    assert misplaced(items_of(listed.split("|"), kind), kind) == count
