"""Other files of the workspace as completions see them: only when switched on, and only after a moment of rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from mim_lsp.completion.exclusion import Exclusions
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.server.context import Context
from mim_lsp.server.model_host import Place

pytestmark = pytest.mark.asyncio
TEXT = "from shapes import area\n\nprint(\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "shapes.py").write_text("def area(width: int, height: int) -> int:\n    return width * height\n")
    return Place((tmp_path / "main.py").as_uri(), TEXT, len(TEXT) - 1)


def context(place: Place, tmp_path: Path, *, enabled: bool) -> Context:
    context = Context()
    context.follow((tmp_path,), Exclusions(roots=[tmp_path]), read=enabled, remember=enabled)
    context.update(place.document, TEXT)
    return context


async def test_imported_signatures_are_known_after_a_rest(place: Place, tmp_path: Path) -> None:
    one = context(place, tmp_path, enabled=True)
    assert one.added(CompletionOptions(), place).related == ""
    assert "area(width: int, height: int)" in (await one.refreshed(CompletionOptions(), place)).related
    assert "area(" in one.added(CompletionOptions(), place).related


async def test_nothing_is_read_when_it_is_off(place: Place, tmp_path: Path) -> None:
    one = context(place, tmp_path, enabled=False)
    assert await one.refreshed(CompletionOptions(), place) == CompletionOptions()


async def test_a_closed_document_is_forgotten(place: Place, tmp_path: Path) -> None:
    one = context(place, tmp_path, enabled=True)
    await one.refreshed(CompletionOptions(), place)
    one.close(place.document)
    assert one.added(CompletionOptions(), place) == CompletionOptions()


async def test_files_near_by_are_remembered_after_a_rest(place: Place, tmp_path: Path) -> None:
    one = context(place, tmp_path, enabled=True)
    assert one.added(CompletionOptions(), place).elsewhere == ()
    remembered = (await one.refreshed(CompletionOptions(), place)).elsewhere
    assert remembered == ((tmp_path / "shapes.py").read_text(),)
    assert one.added(CompletionOptions(), place).elsewhere == remembered
