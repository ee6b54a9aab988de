from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mim_lsp.completion.document import offset_at, parse_location, read_document

ROOT = Path(__file__).parent.parent
PLACES = re.findall(r"^\| `(.+?)` \| `(.+?)` \|$", (ROOT / "examples/README.md").read_text(), re.MULTILINE)


def test_every_example_has_a_place() -> None:
    listed = {parse_location(place).path.name for place, _ in PLACES}
    assert listed == {path.name for path in ROOT.glob("examples/*.py")}


@pytest.mark.parametrize("place", [place for place, _ in PLACES])
def test_cursor_stands_in_its_gap(place: str) -> None:
    location = parse_location(place)
    text = read_document(ROOT / "examples" / location.path)
    middles = {other: middle for other, middle in PLACES if parse_location(other).path == location.path}
    # From the end, so that one gap's text does not move the next gap.
    for other, middle in sorted(middles.items(), key=lambda item: -parse_location(item[0]).line):
        offset = offset_at(text, parse_location(other).line, parse_location(other).column)
        text = text[:offset] + middle + text[offset:]
    ast.parse(text)
    assert text.splitlines()[location.line - 1].startswith(middles[place], location.column - 1)


def test_the_one_that_scripts_try_takes_is_the_first() -> None:
    assert f"examples/{PLACES[0][0]}" in (ROOT / "scripts/try").read_text()
