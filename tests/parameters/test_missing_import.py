"""Where the line of a missing import goes."""

from __future__ import annotations

import pytest

from mim_lsp.parameters.missing_import import import_change
from mim_lsp.parameters.source import Source

LINE = "import json"


def with_import(text: str) -> str:
    change = import_change(Source(text), LINE)
    return text[: change.start] + change.text + text[change.end :]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\nx = 1\n", "import os\nimport json\nx = 1\n"),
        ("import os  # noqa: F401\nx = 1\n", "import os  # noqa: F401\nimport json\nx = 1\n"),
        ("import os\t\r\nx = 1\r\n", "import os\t\r\nimport json\r\nx = 1\r\n"),
        ("import os # last line", "import os # last line\nimport json"),
        ("import os; x = 1\n", "import os\nimport json; x = 1\n"),
        ("x = 1\n", "import json\n\nx = 1\n"),
    ],
)
def test_it_goes_behind_the_last_import_with_its_comment(text: str, expected: str) -> None:
    assert with_import(text) == expected


@pytest.mark.parametrize(
    "head",
    [
        '"""Doc."""\n',
        '"Doc."\n',
        "'It\\'s a doc.'  # with a comment\n",
        '#!/usr/bin/env python\n\nr"""Two\n\nlines."""  # noqa\n',
        '""\n',
    ],
)
def test_it_goes_behind_the_docstring(head: str) -> None:
    text = head + "x = 1\n"
    compile(text, "file.py", "exec")
    assert with_import(text) == head + "import json\n\nx = 1\n"


@pytest.mark.parametrize("first", ['"a" + x\n', "'a', x\n", '"""a""" % x\n', 'f"a"\n', '"a\n'])
def test_what_only_begins_with_a_string_is_no_docstring(first: str) -> None:
    assert with_import(first) == "import json\n\n" + first
