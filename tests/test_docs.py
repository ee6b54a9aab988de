"""What the pages say must not drift from what is there."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from mim_lsp.cli import build_parser
from tests.cli.test_parser import PARSERS

ROOT = Path(__file__).parent.parent
NOT_OURS = {"build", "dist", "node_modules", "runs"}
"""Folders, beside hidden ones, in which there may be pages that are not in the repository."""


def pages(root: Path) -> Iterator[Path]:
    """The pages of the repository, in every folder."""
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if name not in NOT_OURS and not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".md"))


PAGES = list(pages(ROOT))
LINKS = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))]
COMMANDS = [
    line.strip()
    for page in PAGES
    for line in page.read_text("utf-8").splitlines()
    if line.startswith("    mim-lsp ") and "COMMAND" not in line
]


def test_pages_of_inner_folders_are_looked_at() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in PAGES}
    assert names >= {"README.md", "docs/editors/vscode.md", "editors/vscode/walkthrough/keys.md"}
    assert not any("node_modules" in name for name in names)


@pytest.mark.parametrize(("page", "link"), LINKS, ids=[f"{page.relative_to(ROOT)}:{link}" for page, link in LINKS])
def test_relative_links_lead_somewhere(page: Path, link: str) -> None:
    assert (page.parent / link).exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_in_the_pages_parse(command: str) -> None:
    build_parser().parse_args(shlex.split(command, comments=True)[1:])


@pytest.mark.parametrize("name", PARSERS)
def test_every_command_and_flag_is_on_the_page_of_the_command_line(name: str) -> None:
    page = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    flags = {flag for action in PARSERS[name]._actions for flag in action.option_strings if flag.startswith("--")}
    assert name.removeprefix("mim-lsp ") in page
    assert [flag for flag in sorted(flags - {"--help"}) if not re.search(rf"{flag}(?![\w-])", page)] == []
