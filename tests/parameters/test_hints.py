from __future__ import annotations

import pytest

from mim_lsp.parameters.declaration import Declaration
from mim_lsp.parameters.hints import declared_elsewhere, with_fitting_none
from mim_lsp.parameters.source import Source

OTHERS = """\
def f():
    return size


def a(size: int = 1): ...
def b(size: int = 1): ...
def c(size=None): ...
def d(size): ...
"""


def elsewhere(code: str, *, annotated: bool = False) -> Declaration | None:
    source = Source(code)
    return declared_elsewhere(source, source.signatures[0], "size", annotated=annotated)


def test_most_of_the_others_decide() -> None:
    assert elsewhere(OTHERS) == Declaration("size", "int", "1")


def test_a_bare_name_says_nothing_and_an_annotation_may_be_asked_for() -> None:
    assert elsewhere("def f(): return size\ndef d(size): ...\n") is None
    assert elsewhere("def f(): return size\ndef c(size=None): ...\n") == Declaration("size", None, "None")
    assert elsewhere("def f(): return size\ndef c(size=None): ...\n", annotated=True) is None
    assert elsewhere("def f(*size): return size\n") is None


@pytest.mark.parametrize(
    ("code", "written", "expected"),
    [
        ("def f():\n    return a is None\n", "1", "None"),
        ("def f():\n    return a is not None\n", "None", "None"),
        ("def f():\n    return a is None\n", None, "no"),
        ("def f(b=1):\n    return a is None\n", None, "None"),
        ("def f():\n    return a\n", "1", "1"),
        ("def f():\n    return a\n", "None", "no"),
        ("def f(b=1):\n    return a\n", "None", "None"),
        ("def f():\n    return x.a is None, aa is None\n", "None", "no"),
    ],
)
def test_none_is_a_default_where_the_body_asks_for_it(code: str, written: str | None, expected: str) -> None:
    source = Source(code)
    found = with_fitting_none(source, source.signatures[0], Declaration("a", None, written))
    assert (found.default or "no") == expected


@pytest.mark.parametrize("annotation", ["int | None", "Optional[int]"])
def test_an_annotation_loses_none_with_the_default(annotation: str) -> None:
    source = Source("def f():\n    return a\n")
    found = with_fitting_none(source, source.signatures[0], Declaration("a", annotation, "None"))
    assert found == Declaration("a", "int")
