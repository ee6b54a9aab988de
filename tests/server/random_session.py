"""Random sessions: edits, requests, cancels, closes and settings in any order, and what must hold of all of them.

A session is driven by one random generator, so a seed names it; under Hypothesis the generator's draws shrink.

    python -m tests.server.random_session --edits 50000     in this process, with the scripted completer
    python -m tests.server.random_session --edits 500 --model mim-py-nano
    python -m tests.server.random_session --edits 5000 --stdio      a process of its own, over its streams
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.lsp_client import LspClient, Request
from mim_lsp.completion import open_completer
from mim_lsp.completion.types import Completer
from mim_lsp.server import create_server
from mim_lsp.server.reading import take_message
from tests.server.client_documents import ClientDocument
from tests.server.scripted_server import ScriptedCompleter
from tests.server.session import SCRIPT

ENCODINGS = ("utf-8", "utf-16", "utf-32")
PATIENCE_S = 60.0
MOST_OPEN = 4
PAUSES_OF_A_MODEL_S = (0.0, 0.02, 0.1, 0.3)
"""Long enough for a real model to come to an end now and then."""
LONGEST = 4000
"""A document that is longer is replaced by a short one."""
INLINE = "textDocument/inlineCompletion"
SETTINGS: tuple[dict[str, object], ...] = (
    {"maxTokens": 8},
    {"eagerness": 0.1},
    {"eagerness": "odd", "mode": 7},
    {"enabled": False},
    {"mode": "line", "maxCandidates": 2},
    {"speculate": False, "debounceMs": 5},
    {},
    {},
)


class Link(Protocol):
    """The way to a server."""

    settings: dict[str, object]
    """What the client answers when it is asked for the user's settings."""

    @property
    def answers(self) -> Mapping[str, list[Any]]:
        """By id, all answers that came."""
        ...

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        ...

    async def breathe(self, seconds: float) -> None:
        """Let the server work."""
        ...


class InProcess:
    """A server in this process and event loop: everything but the bytes of its streams."""

    def __init__(self, load: Callable[[], Completer]) -> None:
        self.server = create_server(lambda choice: load())
        self.server.feedback.enabled = False
        self.server.protocol.set_writer(self, include_headers=False)
        self._answers: dict[str, list[Any]] = {}
        self.unasked: list[Any] = []
        self.settings: dict[str, object] = {}

    @property
    def answers(self) -> Mapping[str, list[Any]]:
        return self._answers

    def write(self, data: bytes) -> None:
        """What the server sends."""
        message = json.loads(data)
        if "method" in message and "id" in message:
            result = [self.settings] if message["method"] == "workspace/configuration" else None
            asyncio.get_running_loop().call_soon(self.send, {"id": message["id"], "result": result})
        elif "method" not in message:
            self._answers.setdefault(message["id"], []).append(message)

    def close(self) -> None:
        """Demanded of a writer."""

    def send(self, message: dict[str, Any]) -> None:
        take_message(self.server, json.dumps({"jsonrpc": "2.0", **message}).encode())

    async def breathe(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class OverStdio:
    """A server in a process of its own."""

    def __init__(self, client: LspClient) -> None:
        self.client = client
        self.settings = client.settings

    @property
    def answers(self) -> Mapping[str, list[Any]]:
        return {
            str(id): one.answers for id, one in self.client.requests.items() if one.answers and str(id).startswith("q")
        }

    def send(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self.client.requests[message["id"]] = Request(message["id"], time.perf_counter())
        self.client.send({"jsonrpc": "2.0", **message})

    async def breathe(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def text_of(self, uri: str) -> Any:
        """What the server takes a document's text to be."""
        return self.client.request("script/text", {"uri": uri}).result()


@dataclass
class RandomSession:
    """One client that does anything. `rng` decides."""

    link: Link
    rng: random.Random
    encoding: str
    text_of: Callable[[str], Any]
    """What the server takes the text of a URI to be; None if it is not open."""
    pauses_s: tuple[float, ...] = (0.0, 0.0, 0.001, 0.004)
    """How long the server is let work now and then."""
    documents: dict[str, ClientDocument] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """Shake hands."""
        capabilities = {
            "general": {"positionEncodings": [self.encoding]},
            "workspace": {"configuration": True},
            "textDocument": {"inlineCompletion": {}},
        }
        self.request("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self.notify("initialized", {})

    async def run(self, edits: int) -> None:
        """Do things until there were so many edits; the texts are compared all along."""
        actions = [self.edit] * 12 + [self.ask] * 6 + [self.cancel] * 2
        actions += [self.open, self.close, self.configure, self.look, self.focus, self.ask_nonsense]
        while self.done["edits"] < edits:
            action = self.rng.choice(actions)
            action()
            self.done[action.__name__] += 1
            if self.rng.random() < 0.1:
                await self.link.breathe(self.rng.choice(self.pauses_s))
            if self.rng.random() < 0.05:
                self.compare()
        self.compare()

    def compare(self) -> None:
        """The server has the documents that the client has, with the same texts."""
        for document in self.documents.values():
            assert self.text_of(document.uri) == document.text
            self.done["comparisons"] += 1

    def open(self) -> None:
        """Open a document, at times one that is open already, or was before."""
        uri = f"file:///tmp/mim-tests/r{self.rng.randrange(MOST_OPEN)}.py"
        text = "".join(
            self.rng.choices(("def f(a, b):\n    ", "ret", "x\r\n", "😀", "wait\n"), k=self.rng.randint(0, 6))
        )
        document = self.documents[uri] = ClientDocument(uri, text, self.encoding, cursor=len(text))
        language = self.rng.choice(("python", "python", "rust", "plaintext"))
        item = {"uri": uri, "languageId": language, "version": document.version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def close(self) -> None:
        """Close a document, whatever is under way for it."""
        if self.documents:
            uri = self.rng.choice(sorted(self.documents))
            del self.documents[uri]
            self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def edit(self) -> None:
        """Change a document, in one message or several changes of one message; version numbers may go astray."""
        document = self._any_document()
        if document is None:
            return
        changes = []
        for _ in range(self.rng.choice((1, 1, 1, 1, 2, 3))):
            before = document.text
            change = {"text": "fresh"} if len(before) > LONGEST else document.random_change(self.rng)
            document.apply(change)
            document.earlier = [*document.earlier[-5:], before]
            changes.append(change)
            self.done["edits"] += 1
        document.version = self.rng.choice((document.version + 1,) * 8 + (document.version, 0))
        versioned = {"uri": document.uri, "version": document.version}
        self.notify("textDocument/didChange", {"textDocument": versioned, "contentChanges": changes})

    def ask(self) -> None:
        """Ask for a suggestion, mostly at the cursor."""
        document = self._any_document()
        if document is not None:
            at_cursor = self.rng.random() < 0.7
            position = document.position(document.cursor) if at_cursor else document.random_position(self.rng)
            self._ask(document.uri, position)

    def ask_nonsense(self) -> None:
        """Ask about a document that is not open."""
        self._ask("file:///tmp/mim-tests/never.py", {"line": 3, "character": 1})

    def cancel(self) -> None:
        """Cancel a recent request, an old one, or one that never was."""
        recent = self.asked[-3:] or ["nobody"]
        self.notify("$/cancelRequest", {"id": self.rng.choice((*recent, "nobody"))})

    def configure(self) -> None:
        """Change the user's settings."""
        self.link.settings.clear()
        self.link.settings.update(self.rng.choice(SETTINGS))
        self.notify("workspace/didChangeConfiguration", {"settings": None})

    def look(self) -> None:
        """Ask how the server is."""
        self.request("mim/status", {})

    def focus(self) -> None:
        """Come to a document."""
        document = self._any_document()
        if document is not None:
            self.notify("mim/didFocus", {"textDocument": {"uri": document.uri}})

    def request(self, method: str, params: Any) -> str:
        """Send a request; its id."""
        id = f"q{len(self.asked)}"
        self.asked.append(id)
        self.link.send({"id": id, "method": method, "params": params})
        return id

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self.link.send({"method": method, "params": params})

    async def finish(self, release: Callable[[], None]) -> None:
        """Close everything, and wait for every answer; `release` lets a waiting completion go on."""
        while self.documents:
            self.close()
        await self.until(lambda: all(id in self.link.answers for id in self.asked), release)
        assert {id: len(answers) for id, answers in self.link.answers.items()} == dict.fromkeys(self.asked, 1)

    async def until(self, fact: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until `fact()` holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not fact():
            assert time.monotonic() < deadline, "waited in vain"
            meanwhile()
            await self.link.breathe(0.002)

    def _ask(self, uri: str, position: dict[str, int]) -> None:
        trigger = self.rng.choice((1, 2, 2))
        self.request(INLINE, {"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": trigger}})
        self.done["requests"] += 1

    def _any_document(self) -> ClientDocument | None:
        if not self.documents:
            self.open()
        return self.documents[self.rng.choice(sorted(self.documents))] if self.documents else None


class Complaints(logging.Handler):
    """Collects what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


async def in_process(rng: random.Random, encoding: str, edits: int, model: str | None = None) -> Counter[str]:
    """One random session in this process; returns what was done.

    Raises:
        AssertionError: something does not hold that must.
    """
    gate = threading.Semaphore(0)
    scripted = ScriptedCompleter(gate)
    link = InProcess(lambda: open_completer(model) if model else scripted)
    server, complaints = link.server, Complaints()
    gc.collect()  # futures that other tests left behind complain now, and not of this session
    logging.getLogger().addHandler(complaints)
    try:
        session = RandomSession(link, rng, encoding, lambda uri: getattr(server.document(uri), "source", None))
        if model:
            session.pauses_s = PAUSES_OF_A_MODEL_S
        session.start()
        await session.run(edits)
        await session.finish(gate.release)
        await session.until(lambda: not server.model.active_decodes and not server._background, gate.release)
        _check_at_rest(server)
        session.done.update(decodes=server.counters.decodes_started, cancelled=server.counters.decodes_cancelled)
        assert scripted.most_active <= 1
        assert complaints.lines == []
    finally:
        logging.getLogger().removeHandler(complaints)
        server.model.close(PATIENCE_S)
        server.shutdown()  # type: ignore[no-untyped-call]
    return session.done


async def over_stdio(rng: random.Random, encoding: str, edits: int) -> Counter[str]:
    """One random session with the scripted server's process; returns what was done.

    Raises:
        AssertionError: something does not hold that must.
    """
    link = OverStdio(LspClient([sys.executable, str(SCRIPT)]))
    client = link.client
    session = RandomSession(link, rng, encoding, link.text_of)
    session.start()
    await session.run(edits)
    await session.finish(lambda: client.notify("script/release", {}))
    status = client.request("mim/status", {}).result()
    await session.until(lambda: not client.request("mim/status", {}).result()["activeDecodes"])
    held = [status[name] for name in ("documents", "heldDocuments", "cacheEntries", "cacheBytes")]
    assert held == [0, 0, 0, 0]
    assert client.request("script/report", {}).result()["mostActive"] <= 1
    session.done.update(decodes=status["decodesStarted"], cancelled=status["decodesCancelled"])
    assert client.close() == 0
    assert "ERROR" not in client.last_log
    return session.done


def _check_at_rest(server: Any) -> None:
    """Nothing is held for documents that are closed."""
    assert server.workspace.text_documents == {}
    assert server.suggestions.held_documents() == 0
    assert (len(server.suggestions.cache), server.suggestions.cache.bytes) == (0, 0)
    assert [id for id, future in server.protocol._request_futures.items() if not future.done()] == []


def main() -> None:
    """Run one long session after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=20_000, help="edits in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first session")
    parser.add_argument("--each", type=int, default=2_000, help="edits of one session (default: %(default)s)")
    parser.add_argument("--stdio", action="store_true", help="in a process of its own")
    parser.add_argument("--model", help="a real model instead of the scripted completer")
    args = parser.parse_args()
    total: Counter[str] = Counter()
    for seed in range(args.seed, args.seed + -(-args.edits // args.each)):
        encoding = ENCODINGS[seed % len(ENCODINGS)]
        print(f"seed {seed}, {encoding}", flush=True)  # noqa: T201 - the seed of a failure
        rng = random.Random(seed)
        one = over_stdio(rng, encoding, args.each) if args.stdio else in_process(rng, encoding, args.each, args.model)
        total += asyncio.run(one)
    print(dict(total))  # noqa: T201


if __name__ == "__main__":
    main()
