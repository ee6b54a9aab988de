"""What the pages say must not drift from what is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mim_lsp.cli import build_parser

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md"), *ROOT.glob("models/**/*.md")]
LINKS = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))]
COMMANDS = [
    line.strip()
    for page in PAGES
    for line in page.read_text("utf-8").splitlines()
    if line.startswith("    mim-lsp ") and "COMMAND" not in line
]


@pytest.mark.parametrize(("page", "link"), LINKS, ids=[f"{page.name}:{link}" for page, link in LINKS])
def test_relative_links_lead_somewhere(page: Path, link: str) -> None:
    assert (page.parent / link).exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_in_the_pages_parse(command: str) -> None:
    build_parser().parse_args(shlex.split(command, comments=True)[1:])
