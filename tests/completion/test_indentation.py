from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.indentation import normalize_indentation
from mim_lsp.completion.types import Indentation

FOUR, TWO, TABS = Indentation(4, True), Indentation(2, True), Indentation(4, False)


@pytest.mark.parametrize(
    ("prefix", "insert", "indentation", "expected"),
    [
        ("if x:", "\n    y\n    if z:\n        w", FOUR, "\n    y\n    if z:\n        w"),
        ("if x:", "\n    y\n    if z:\n        w", TWO, "\n  y\n  if z:\n    w"),
        ("if x:", "\n  y\n  if z:\n    w\n  v", FOUR, "\n    y\n    if z:\n        w\n    v"),
        ("\tif x:", "\n        y", TABS, "\n\t\ty"),
        ("\tif x:", "\n\t\ty\n\telse:\n\t\tz", TABS, "\n\t\ty\n\telse:\n\t\tz"),
        ("if x:", "\n\ty\n\tif z:\n\t\tw", FOUR, "\n    y\n    if z:\n        w"),
        ("    ", "y = 1\n    z = 2", TABS, "y = 1\n    z = 2"),
        ("        y", " = 1\n    z = 2", TWO, " = 1\n    z = 2"),
        ("if x:", "\n    f(a,\n      b)\n    g", TABS, "\n\tf(a,\n\t  b)\n\tg"),
        ("if x:", "\n    f(\n        a,\n    )", TABS, "\n\tf(\n\t\ta,\n\t)"),
        ("if x:", "\n    f(a,\n      b)", TWO, "\n  f(a,\n    b)"),
        ("if x:", "\n    '''\n      odd\n    '''\n    y", TWO, "\n  '''\n      odd\n    '''\n  y"),
        ("if x:", "\n    # (\n    y", TWO, "\n  # (\n  y"),
        ("if x:", "\n    y\n\n    z", TWO, "\n  y\n\n  z"),
        ("x = ", "1", TWO, "1"),
    ],
)
def test_indentation_is_written_as_the_editor_wants_it(
    prefix: str, insert: str, indentation: Indentation, expected: str
) -> None:
    assert normalize_indentation(insert, prefix, indentation) == expected


def test_braces_are_levels_and_not_alignment_outside_of_python() -> None:
    insert = "\n    g();\n    if (y) {\n        h();\n    }"
    assert normalize_indentation(insert, "if (x) {", TWO, "javascript") == "\n  g();\n  if (y) {\n    h();\n  }"


@given(st.text("ab:\n\t ([)]'\"#", max_size=40), st.text("a \t\n:(", max_size=12), st.sampled_from([FOUR, TWO, TABS]))
def test_only_blanks_at_lines_starts_change(insert: str, prefix: str, indentation: Indentation) -> None:
    written = normalize_indentation(insert, prefix, indentation)
    assert [line.lstrip(" \t") for line in written.split("\n")] == [line.lstrip(" \t") for line in insert.split("\n")]
    assert normalize_indentation(written, prefix, indentation).split() == insert.split()
