from __future__ import annotations

import pytest

from mim_lsp.parameters.removal import remove
from mim_lsp.parameters.source import Source

CODE = """\
class A:
    def m(self, a: int, b=1, *, c=2):
        return [a, b, c, c]

    def n(self):
        self.m(1, 2)
        self.m(1, c=3, b=2)
        return self.m(*self.all)
"""


def without(index: int, code: str = CODE) -> tuple[str, tuple[str, ...]] | None:
    source = Source(code)
    removed = remove(source, source.signatures[0], index)
    return (removed.text, removed.traits) if removed else None


def test_the_argument_goes_with_the_parameter() -> None:
    expected = CODE.replace(", b=1", "").replace("1, 2)", "1)").replace("c=3, b=2", "c=3")
    assert without(2) == (expected, ("used once", "method", "default"))
    text, traits = without(1) or ("", ())
    assert text == CODE.replace(", a: int", "").replace("(1, 2)", "(2)").replace("(1, c=3", "(c=3")
    assert traits == ("used once", "annotated", "method")


def test_a_keyword_only_parameter_is_told_apart() -> None:
    code = CODE.replace(", *, c=2", ", *, d, c=2").replace("c, c]", "c, c, d]")
    text, traits = without(5, code) or ("", ())
    assert "*, d):" in text
    assert "c=3" not in text
    assert traits == ("keyword-only", "method", "default")


@pytest.mark.parametrize(
    "code",
    [
        "def f(a):\n    return 1\n",  # the body does without
        "def f(a):\n    return a + missing\n",  # it lacks another name, too
        "def f(a):\n    a = 1\n    return a\n",  # it binds the name itself
        "def f(*, a):\n    return a\n",  # what is left does not parse
    ],
)
def test_what_would_be_no_fair_question_is_left_out(code: str) -> None:
    index = len(Source(code).signatures[0].parameters) - 1
    assert without(index, code) is None
