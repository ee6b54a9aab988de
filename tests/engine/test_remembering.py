"""What of a document a memory is given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mim_lsp.engine import remembering
from mim_lsp.engine.engine import MimEngine
from mim_lsp.engine.memory import MemoryWeights, Remembering
from mim_lsp.engine.remembering import make_memory
from mim_lsp.engine.task import make_task
from mim_lsp.engine.types import InfillRequest
from mim_lsp.runtime.loading import Direction
from tests.engine.oracle import TOKENIZER, OracleRuntime, engine_on

WEIGHTS = Remembering(MemoryWeights(1.0, 0.0, 0.0, 0.0, 0.0))
ASKED = InfillRequest("return ", "\n", 0, 0)


def remembered(engine: MimEngine, asked: InfillRequest, direction: Direction) -> str:
    """The text that one direction's memory holds, in text order, with `|` where the hole is."""
    vocabulary = engine.vocabularies[list(Direction).index(direction)]
    memory = make_memory(vocabulary, make_task(engine.model, vocabulary, asked, "infill", 2), asked, "infill", WEIGHTS)
    far, near = memory._text.split(chr(vocabulary.n_tokens))
    if direction is Direction.BACKWARD:
        far, near = near[::-1], far[::-1]
    return "|".join(TOKENIZER.decode([ord(character) for character in part]) for part in (near, far))


@pytest.mark.parametrize("direction", list(Direction))
def test_a_long_document_is_cut_at_lines(direction: Direction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "REMEMBERED_CHARS", 12)
    before, after = "first = 1\nsecond\nx = (", ")\ny = 2\nz = 3\n"
    held = remembered(engine_on(OracleRuntime()), replace(ASKED, before=before, after=after), direction)
    near, far = held.split("|")
    assert "first" not in near
    assert "z" not in far
    assert "y = 2" in far


@pytest.mark.parametrize("direction", list(Direction))
def test_a_line_without_an_end_is_cut_too(direction: Direction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "REMEMBERED_CHARS", 50)
    asked = replace(ASKED, before="x" * 10_000 + " = (", after=")" + "y" * 10_000)
    assert len(remembered(engine_on(OracleRuntime()), asked, direction)) <= 101


@pytest.mark.parametrize("direction", list(Direction))
def test_other_files_are_remembered_in_the_direction_s_own_order(direction: Direction) -> None:
    vocabulary = engine_on(OracleRuntime()).vocabularies[list(Direction).index(direction)]
    engine, asked = engine_on(OracleRuntime()), replace(ASKED, elsewhere=("x = alpha\n", "y = beta\n"))
    task = make_task(engine.model, vocabulary, asked, "infill", 2)
    for weights, expected in ((WEIGHTS, False), (Remembering(WEIGHTS.document, WEIGHTS.document), True)):
        memory = make_memory(vocabulary, task, asked, "infill", weights)
        own = vocabulary.characters(" = beta")
        found = [each.levels for each in memory.sources(own[:-1]) if each.is_elsewhere]
        assert bool(found) == expected
        if expected:
            assert own[-1] in found[0][0][1]
    assert vocabulary.index_of(asked.elsewhere) is vocabulary.index_of(asked.elsewhere)
