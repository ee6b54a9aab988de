"""What a request gives each direction's memory to hold: the document, and other files."""

from __future__ import annotations

from mim_lsp.engine.memory import DocumentMemory, Remembering
from mim_lsp.engine.task import SideTask
from mim_lsp.engine.types import Decode, InfillRequest
from mim_lsp.engine.vocabulary import OwnVocabulary
from mim_lsp.runtime.loading import Direction

REMEMBERED_CHARS = 100_000
"""Characters of the document that are remembered on each side of the hole."""


def make_memory(
    vocabulary: OwnVocabulary, task: SideTask, request: InfillRequest, decode: Decode, weights: Remembering
) -> DocumentMemory:
    """One direction's memory of the document around the hole, in streams of its near side alone; and of other files."""
    before = request.prefix if request.before is None else request.before
    after = request.suffix if request.after is None else request.after
    sides = [vocabulary.characters(_last_lines(before)), vocabulary.characters(_first_lines(after))]
    near, far = sides if vocabulary.direction is Direction.FORWARD else sides[::-1]
    near = near[: len(near) - task.n_healed]
    files = vocabulary.index_of(request.elsewhere) if request.elsewhere and weights.files is not None else None
    return DocumentMemory(near, "" if decode == "streams" else far, weights, vocabulary.border, files)


def _last_lines(text: str) -> str:
    """Its last `REMEMBERED_CHARS` characters, from the first line's break among them on."""
    if len(text) <= REMEMBERED_CHARS:
        return text
    last = text[-REMEMBERED_CHARS:]
    return last[max(0, last.find("\n")) :]


def _first_lines(text: str) -> str:
    """Its first `REMEMBERED_CHARS` characters, up to the last line's end among them."""
    if len(text) <= REMEMBERED_CHARS:
        return text
    end = text.rfind("\n", 0, REMEMBERED_CHARS)
    return text[: end if end > 0 else REMEMBERED_CHARS]
