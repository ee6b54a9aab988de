"""Every test and command that docs/completion-experience.md names is there."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "completion-experience.md").read_text(encoding="utf-8")
TESTS = sorted(set(re.findall(r"`((?:tests|editors)/[^`]+)`", PAGE)))
PROGRAMS = sorted(set(re.findall(r"`python -m ([\w.]+)", PAGE)))
SCRIPTS = sorted(set(re.findall(r"`(scripts/[\w-]+)`", PAGE)))
BAR, COMPLAINTS = 14, 20


@pytest.mark.parametrize("test", TESTS)
def test_a_test_that_is_named_exists(test: str) -> None:
    path, _, name = test.partition("::")
    assert (ROOT / path).is_file()
    assert not name or re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_is_named_exists(program: str) -> None:
    assert find_spec(program) is not None


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_that_is_named_exists(script: str) -> None:
    assert (ROOT / script).is_file()


def test_no_row_is_left_out_and_each_shows_something_or_says_that_it_is_not_reached() -> None:
    bar, complaints = (
        section.split("## ")[0] for section in PAGE.split("## The bar\n")[1].split("## Twenty complaints\n")
    )
    rows = [line for line in (bar + complaints).splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not re.match(r"\| (row|#) ", row)]
    assert len(rows) == BAR + COMPLAINTS
    assert [row for row in rows if "`" not in row.rsplit("|", 2)[1] and "**Not reached" not in row] == []
