"""What the model is told of other files when settings, folders and documents change, over the protocol."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types as t

from tests.server.session import Session, start

pytestmark = pytest.mark.asyncio
OWN = "x = 1\nwhere\n"
BESIDE = "def area(width):\n    return width\n"
END = (1, 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose URI has escapes."""
    return _folder(tmp_path, "my project")


def _folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "shapes.py").write_text(BESIDE)
    return folder


class _Open:
    """A document beside others, which is edited before it is asked about: no answer comes out of the cache."""

    def __init__(self, session: Session, path: Path) -> None:
        self.session, self.uri, self.version = session, path.as_uri(), 1
        session.open_at(self.uri, OWN)

    async def ask(self) -> object:
        """The options with which the model was asked."""
        self.version += 1
        self.session.change(self.uri, self.version, (0, 4), str(self.version % 10), until=(0, 5))
        await self.session.texts(self.uri, *END, invoked=True)
        return (await self.session.report()).options

    async def is_told(self, *texts: str) -> bool:
        """Whether the model is told of these files, and no others, when it is asked."""
        return getattr(await self.ask(), "elsewhere", None) == [*texts]

    async def has_max_tokens(self, wanted: int) -> bool:
        """Whether the setting holds."""
        return getattr(await self.ask(), "max_tokens", None) == wanted

    async def rest(self) -> None:
        """Wait until the server has used a moment of rest to look at the document."""
        before = (await self.session.report()).warmed

        async def has_rested() -> bool:
            return bool((await self.session.report()).warmed > before)

        self.session.client.protocol.notify("mim/didFocus", {"textDocument": {"uri": self.uri}})
        await self.session.until(has_rested)


async def _ready(session: Session) -> None:
    async def is_ready() -> bool:
        return await session.report() is not None

    await session.until(is_ready)


async def test_a_change_of_the_settings_loses_no_other_file_and_adds_none(folder: Path) -> None:
    async with start(roots=[folder], configuration={"speculate": False}) as session:
        await _ready(session)
        document = _Open(session, folder / "a.py")
        await document.rest()
        assert await document.is_told(BESIDE)
        session.client.set_configuration({"mim": {"speculate": False, "maxTokens": 20}})
        session.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings=None))
        await session.until(lambda: document.has_max_tokens(20))
        await session.until(lambda: document.is_told(BESIDE))
        await document.rest()  # its own text must not come back as another file's
        assert await document.is_told(BESIDE)


async def test_folders_are_added_and_removed(folder: Path, tmp_path: Path) -> None:
    other = _folder(tmp_path, "other")
    (other / "pyproject.toml").write_text("[tool.mim-lsp]\nmax-tokens = 21\n")
    first, second = (t.WorkspaceFolder(each.as_uri(), each.name) for each in (folder, other))
    async with start(roots=[folder], configuration={"speculate": False}) as session:

        def change(added: list[t.WorkspaceFolder], removed: list[t.WorkspaceFolder]) -> None:
            params = t.DidChangeWorkspaceFoldersParams(t.WorkspaceFoldersChangeEvent(added, removed))
            session.client.workspace_did_change_workspace_folders(params)

        await _ready(session)
        document = _Open(session, other / "a.py")
        await document.rest()
        assert await document.is_told()
        change([second], [])
        await session.until(lambda: document.is_told(BESIDE))
        assert not await document.has_max_tokens(21)
        change([], [first])  # the project's file is that of the first folder
        await session.until(lambda: document.has_max_tokens(21))
        change([], [second])
        await session.until(lambda: document.is_told())


async def test_an_explanation_knows_of_other_files(folder: Path) -> None:
    async with start(roots=[folder], configuration={"speculate": False}) as session:
        await _ready(session)
        document = _Open(session, folder / "a.py")
        await document.rest()
        place = {"textDocument": {"uri": document.uri}, "position": {"line": END[0], "character": END[1]}}
        await session.send("mim/explain", place)
        assert (await session.report()).options.elsewhere == [BESIDE]


async def test_what_is_prepared_after_asking_by_a_key_is_as_sure_as_while_typing() -> None:
    async with start(configuration={"eagerness": 0.6, "maxCandidates": 1}) as session:
        document = _Open(session, Path("/tmp/mim-tests/prepared.py"))

        async def has_prepared() -> bool:
            return bool((await session.status()).speculations)

        await document.ask()
        await session.until(has_prepared)
        assert (await session.report()).options.eagerness == 0.6


async def test_nothing_is_prepared_for_who_asks_by_a_key_only() -> None:
    async with start(configuration={"trigger": "manual"}) as session:
        document = _Open(session, Path("/tmp/mim-tests/by_key.py"))
        await document.ask()
        await document.rest()
        assert (await session.status()).speculations == 0
