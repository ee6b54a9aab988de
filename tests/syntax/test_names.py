from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax.names import undefined_names

FUNCTION = (
    "import os\n\n\ndef total(prices, *rest, tax=0, **named):\n    amount = 0\n    for price in prices:\n        |\n"
)


def undefined(marked: str, inserted: str) -> set[str]:
    """The undefined names of an insertion at the `|` of a text."""
    prefix, suffix = marked.split("|")
    return set(undefined_names(prefix, inserted, suffix))


@pytest.mark.parametrize(
    ("marked", "inserted", "names"),
    [
        ("x = |\n", "y", {"y"}),
        (FUNCTION, "amount += cost * factor", {"cost", "factor"}),
        (FUNCTION, "print(self.tax)", {"self"}),
        ("class A:\n    limit = 1\n\n    def f(self):\n        return |\n", "limit", {"limit"}),
        ("class A:\n    def g(self): pass\n\n    def f(self):\n        return |\n", "g(self)", {"g"}),
        ("def f():\n    y = 1\n\n\ndef g():\n    return |\n", "y", {"y"}),
        ("import a.b\nx = |\n", "b.c", {"b"}),
        ("x = [|]\n", "y for z in range(3)", {"y"}),
        ("x = pri|\n", "ces", {"prices"}),
        ("class (:\nx = |\n", "y", {"y"}),
        ("x = 'y'\nz = |\n", "y", set()),  # in doubt: the name stands at the top of the file
    ],
)
def test_names_that_nothing_defines(marked: str, inserted: str, names: set[str]) -> None:
    assert undefined(marked, inserted) == names


@pytest.mark.parametrize(
    ("marked", "inserted"),
    [
        (FUNCTION, "amount += price * tax + len(rest) + named['x'] + os.sep"),
        (FUNCTION, "weight = price\n        amount += weight"),
        (FUNCTION, "if (weight := price):\n            print(weight)"),
        (FUNCTION, "amount += sum(n for n in rest if n)"),
        (FUNCTION, "rest.sort(key=lambda item: item.cost)"),
        (FUNCTION, "try:\n            pass\n        except OSError as error:\n            raise ValueError from error"),
        ("def f():\n    return |\n\n\ndef later(): pass\n", "later()"),
        ("from os.path import *\nx = |\n", "join('a')"),
        ("from a import (\n    b,\n    c as d,\n)\n\n\ndef f():\n    return |\n", "b(d)"),
        ("try:\n    import json\nexcept ImportError:\n    json = None\n\n\ndef f():\n    return |\n", "json"),
        ("def f():\n    global cache\n    cache = {}\n\n\ndef g():\n    return |\n", "cache"),
        ("def outer(a):\n    def inner():\n        return |\n    return inner\n", "a"),
        ("class A:\n    limit = 1\n    more = |\n", "limit + 1"),
        ("@decorated\ndef decorated(): pass\n\n\n@|\ndef f(): pass\n", "decorated"),
        ("x = pri|\n", "nt(1)"),
        ("self.na|\n", "me.first"),
        ("f(|)\n", "size=1"),
        ("match point:\n    case |:\n        pass\n", "(a, b) if a"),
        ("point = 1\nmatch point:\n    case |:\n        pass\n", "(a, b) if a"),
        ("x = |\n", "'y' # z"),
        ("x = f'{|}'\n", "__name__"),
    ],
)
def test_names_that_are_defined_or_in_doubt(marked: str, inserted: str) -> None:
    assert undefined(marked, inserted) == set()


@given(*[st.text(st.characters(codec=None, exclude_categories=[]), max_size=30)] * 3)
def test_never_raises(prefix: str, inserted: str, suffix: str) -> None:
    undefined_names(prefix, inserted, suffix)


def test_a_thousand_lines_cost_little() -> None:
    body = "".join(f"    value_{i} = compute(value_{i - 1}, {i})\n" for i in range(20))
    text = "import os\n\n\n" + "".join(f"def function_{n}(value_0):\n{body}\n\n" for n in range(45))
    prefix, suffix = text[: len(text) // 2], text[len(text) // 2 :]
    prefix, suffix = prefix[: prefix.rfind("\n") + 1] + "    ", "\n" + suffix.partition("\n")[2]
    undefined_names(prefix, "x = value_3 + unknown", suffix)
    best = min(_timed(prefix, "x = value_3 + function_1(unknown)", suffix) for _ in range(5))
    assert best < 0.02  # about 1 ms when nothing else runs


def _timed(prefix: str, inserted: str, suffix: str) -> float:
    started = time.perf_counter()
    assert undefined_names(prefix, inserted, suffix) == {"unknown"}
    return time.perf_counter() - started
