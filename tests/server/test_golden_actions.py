"""Code actions as data files: files with a cursor, or two around a selection, and what picking an action makes of them.

Sections begin with `=== file NAME`, `=== action`, `=== after NAME` and `=== told`. All files lie on disk, too, and
are open; a file that is not named under `after` must stay as it is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from lsprotocol import types as t

from tests.server.session import Session, start
from tests.server.test_parameters import applied_to, clients_with

pytestmark = pytest.mark.asyncio
GOLDEN = sorted((Path(__file__).parent / "actions").glob("*.txt"))
CURSOR = "⌖"
_SECTION = re.compile(r"^=== (\w+) ?(.*)\n", re.MULTILINE)


class Golden(NamedTuple):
    """What a data file says."""

    files: dict[str, str]
    title: str
    after: dict[str, str]
    told: str

    @classmethod
    def read(cls, path: Path, line_break: str) -> Golden:
        files, after, lines = {}, {}, {"action": "", "told": ""}
        _, *parts = _SECTION.split(path.read_text(encoding="utf-8"))
        for kind, name, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            if kind in lines:
                lines[kind] = text.strip()
            else:
                {"file": files, "after": after}[kind][name] = text.replace("\n", line_break)
        return cls(files, lines["action"], after, lines["told"])


@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
async def test_the_edit_is_the_golden_one(path: Path, line_break: str, tmp_path: Path) -> None:
    golden = Golden.read(path, line_break)
    async with start(capabilities=clients_with(), roots=[tmp_path]) as session:
        await session.texts(session.open("x = 1\n"), 0, 5, invoked=True)  # the model is loaded
        texts = _open_all(session, tmp_path, golden)
        action = await _picked(session, tmp_path, golden)
        edited = {}
        for change in action.edit.document_changes if action.edit else ():
            assert isinstance(change, t.TextDocumentEdit)
            assert change.text_document.version == 1
            edited[change.text_document.uri] = applied_to(texts[change.text_document.uri], change)
        assert edited == {(tmp_path / name).as_uri(): text for name, text in golden.after.items()}
        if golden.told:
            await session.until(lambda: bool(session.client.messages))
            assert session.client.messages[-1].message.endswith(f"to be looked at: {golden.told}")


def _open_all(session: Session, folder: Path, golden: Golden) -> dict[str, str]:
    """Write and open the files; returns their texts by URI."""
    texts = {}
    for name, marked in golden.files.items():
        path, text = folder / name, marked.replace(CURSOR, "")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        texts[path.as_uri()] = text
        session.open_at(path.as_uri(), text)
    return texts


async def _picked(session: Session, folder: Path, golden: Golden) -> t.CodeAction:
    """The action of the title at the cursor, resolved."""
    name, marked = next((name, text) for name, text in golden.files.items() if CURSOR in text)
    before, *more = marked.split(CURSOR)
    start, end = _place(session, before), _place(session, before + more[0] if len(more) > 1 else before)
    context = t.CodeActionContext([])
    params = t.CodeActionParams(t.TextDocumentIdentifier((folder / name).as_uri()), t.Range(start, end), context)
    found: dict[str, t.CodeAction] = {}

    async def is_there() -> bool:  # a title may come without what the model writes at first
        found.update({each.title: each for each in await session.send(t.TEXT_DOCUMENT_CODE_ACTION, params)})
        return golden.title in found

    await session.until(is_there)
    action: t.CodeAction = await session.send(t.CODE_ACTION_RESOLVE, found[golden.title])
    return action


def _place(session: Session, before: str) -> t.Position:
    lines = before.split("\n")
    return t.Position(len(lines) - 1, session.width(lines[-1]))
