from __future__ import annotations

import argparse
import tarfile
from types import ModuleType

import pytest

from mim_lsp.parameters.proposals import parameter_names
from mim_lsp.parameters.source import Source

NESTED = """\
import os
LIMIT = 3

class Thing:
    size = 1

    def method(self, a):
        def inner(b):
            return a + b + lost + LIMIT
        return [each + missing for each in inner(size)]

def other(missing, lost):
    lost.attribute = keyword(missing=1)
    return os.sep + str(lost)
"""


def undefined(text: str, name: str) -> list[str]:
    source = Source(text)
    (signature,) = (each for each in source.signatures if each.name == name)
    return source.scopes.undefined(signature)


def test_scopes_are_those_of_python() -> None:
    assert undefined(NESTED, "method") == ["lost", "missing", "size"]
    assert undefined(NESTED, "inner") == ["lost"]
    assert undefined(NESTED, "other") == ["keyword"]


def test_in_broken_code_a_name_that_is_bound_anywhere_is_defined() -> None:
    assert undefined(NESTED + "x = (\n", "method") == []
    assert undefined(NESTED + "x = (\n", "other") == ["keyword"]


@pytest.mark.parametrize(
    "body",
    [
        "for lost in a: lost",
        "with a as lost: lost",
        "(lost := a); lost",
        "import lost; lost",
        "from a import b as lost; lost",
        "global lost; lost = a",
        "[lost for lost in a]",
        "a.lost(lost=1)",
        "lost: int = 1; lost",
    ],
)
@pytest.mark.parametrize("rest", ["", "x = (\n"], ids=["parses", "broken"])
def test_bound_names_are_not_undefined(body: str, rest: str) -> None:
    assert undefined(f"def f(a):\n    {body}\n{rest}", "f") == []


@pytest.mark.parametrize("module", [argparse, tarfile])
def test_real_code_lacks_nothing(module: ModuleType) -> None:
    with open(str(module.__file__), encoding="utf-8") as file:
        source = Source(file.read())
    assert len(source.signatures) > 100
    assert [source.scopes.undefined(each) for each in source.signatures if source.scopes.undefined(each)] == []


@pytest.mark.parametrize("name", ["G1_node", "X", "_Thing", "value", "MAX_SIZE"])
def test_only_capwords_are_written_as_classes_are(name: str) -> None:
    source = Source(f"def f(a):\n    return a + {name} + Thing\n", 0)
    signature = source.function_at(4)
    assert signature is not None
    assert parameter_names(source, signature) == [name]
