"""A client of the scripted server, in the words of the tests."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types as t
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

SCRIPT = Path(__file__).with_name("scripted_server.py")
PATIENCE_S = 60.0
WIDTHS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode()),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "utf-32": len,
}


Place = tuple[int, int]
"""Line and column as the protocol has them, in the client's units."""


class Session:
    """One client and its server process."""

    def __init__(self, client: LanguageClient, encoding: str) -> None:
        self.client = client
        self.width = WIDTHS[encoding]
        self.capabilities: t.ServerCapabilities
        self.registered: dict[str, Any] = {}
        """What the server has registered after `initialized`: options by method."""
        self._ids = itertools.count(1)

    def follow_registrations(self) -> None:
        """Take what the server registers and takes back."""

        def register(params: t.RegistrationParams) -> None:
            self.registered |= {each.method: each.register_options for each in params.registrations}

        def unregister(params: t.UnregistrationParams) -> None:
            for each in params.unregisterations:
                del self.registered[each.method]

        self.client.feature(t.CLIENT_REGISTER_CAPABILITY)(register)
        self.client.feature(t.CLIENT_UNREGISTER_CAPABILITY)(unregister)

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self.client._server is not None
        return self.client._server

    def open(self, text: str, name: str | None = None, language: str = "python") -> str:
        """Open a new document; returns its URI."""
        uri = f"file:///tmp/mim-tests/{name or f'm{next(self._ids)}.py'}"
        self.open_at(uri, text, language)
        return uri

    def open_at(self, uri: str, text: str, language: str = "python") -> None:
        """Open a new document with that URI."""
        self.client.text_document_did_open(
            t.DidOpenTextDocumentParams(t.TextDocumentItem(uri=uri, language_id=language, version=1, text=text))
        )

    def change(
        self, uri: str, version: int, at: tuple[int, int], text: str, until: tuple[int, int] | None = None
    ) -> None:
        """Insert `text`, or replace a range, given as lines and columns in the client's units."""
        span = t.Range(t.Position(*at), t.Position(*(until or at)))
        self.client.text_document_did_change(
            t.DidChangeTextDocumentParams(
                t.VersionedTextDocumentIdentifier(version, uri), [t.TextDocumentContentChangePartial(span, text)]
            )
        )

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(t.DidCloseTextDocumentParams(t.TextDocumentIdentifier(uri)))

    def ask(
        self, uri: str, line: int, column: int, *, invoked: bool = False, id: str | None = None
    ) -> asyncio.Future[t.InlineCompletionList]:
        """Send a completion request now; the future is its answer."""
        kind = t.InlineCompletionTriggerKind.Invoked if invoked else t.InlineCompletionTriggerKind.Automatic
        params = t.InlineCompletionParams(
            context=t.InlineCompletionContext(kind),
            text_document=t.TextDocumentIdentifier(uri),
            position=t.Position(line, column),
        )
        return asyncio.wrap_future(
            self.client.protocol.send_request(t.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id=id)
        )

    async def texts(self, uri: str, line: int, column: int, *, invoked: bool = False) -> list[str]:
        """The texts that are offered at a position."""
        answer = await asyncio.wait_for(self.ask(uri, line, column, invoked=invoked), PATIENCE_S)
        return [str(item.insert_text) for item in answer.items]

    def cancel(self, id: str) -> None:
        self.client.cancel_request(t.CancelParams(id=id))

    async def status(self) -> Any:
        return await self._custom("mim/status")

    async def report(self) -> Any:
        return await self._custom("script/report")

    async def release(self) -> None:
        """Let one waiting completion, or the loading, go on."""
        await self._custom("script/release")

    async def until(self, fact: Callable[[], Awaitable[bool]] | Callable[[], bool]) -> None:
        """Wait until `fact()` holds."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            holds = fact()
            if (await holds) if isinstance(holds, Awaitable) else holds:
                return
            assert time.monotonic() < deadline, "waited in vain"
            await asyncio.sleep(0.005)

    async def until_decoding(self) -> None:
        await self.until(self._decoding)

    async def until_idle(self) -> None:
        await self.until(self._idle)

    async def _decoding(self) -> bool:
        return bool((await self.status()).activeDecodes)

    async def _idle(self) -> bool:
        return not (await self.status()).activeDecodes

    async def send(self, method: str, params: object) -> Any:
        """The answer to a request, of the protocol's or of our own."""
        request = asyncio.wrap_future(self.client.protocol.send_request(method, params))
        return await asyncio.wait_for(request, PATIENCE_S)

    async def command(self, name: str, *arguments: object) -> Any:
        """The answer to a command."""
        return await self.send(t.WORKSPACE_EXECUTE_COMMAND, t.ExecuteCommandParams(name, list(arguments) or None))

    async def _custom(self, method: str) -> Any:
        return await self.send(method, {})


@asynccontextmanager
async def start(
    *flags: str,
    encoding: str = "utf-16",
    configuration: dict[str, object] | None = None,
    initialization_options: object = None,
    roots: Sequence[Path] = (),
    process_id: int | None = None,
    capabilities: Callable[[t.ClientCapabilities], None] = lambda caps: None,
) -> AsyncIterator[Session]:
    """A session with a new server process, ended at the end of the block unless the test has done so."""
    client = make_test_lsp_client()
    await client.start_io(sys.executable, str(SCRIPT), *flags)
    session = Session(client, encoding)
    session.follow_registrations()
    client.set_configuration({"mim": configuration or {}})
    answer = await client.initialize_session(
        t.InitializeParams(
            capabilities=_capabilities(encoding, capabilities),
            initialization_options=initialization_options,
            process_id=process_id,
            workspace_folders=[t.WorkspaceFolder(root.as_uri(), root.name) for root in roots] or None,
        )
    )
    session.capabilities = answer.capabilities
    try:
        yield session
    finally:
        if session.process.returncode is None:
            await client.shutdown_session()
        await client.stop()


def _capabilities(encoding: str, adjust: Callable[[t.ClientCapabilities], None]) -> t.ClientCapabilities:
    caps = client_capabilities("visual-studio-code")
    caps.general = t.GeneralClientCapabilities(position_encodings=[encoding])
    assert caps.workspace is not None
    assert caps.text_document is not None
    caps.workspace.configuration = True
    caps.window = t.WindowClientCapabilities(work_done_progress=True)
    caps.text_document.inline_completion = t.InlineCompletionClientCapabilities(dynamic_registration=False)
    adjust(caps)
    return caps
