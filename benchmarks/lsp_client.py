"""A language server's process and the least that an editor needs to talk to it, with the time of every answer.

Made for measuring and for tests of odd input: it sends what it is told, keeps every answer, and never waits by itself.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

PATIENCE_S = 60.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")

Message = dict[str, Any]


@dataclass
class Request:
    """A request that was sent, and what came back."""

    id: int | str
    sent: float
    """When it was sent; seconds of `time.perf_counter`."""
    answers: list[Message] = field(default_factory=list)
    """All answers with its id; a good server sends exactly one."""
    answered: float | None = None
    """When the first answer was there."""
    done: threading.Event = field(default_factory=threading.Event)

    def result(self, timeout_s: float = PATIENCE_S) -> Any:
        """The result, waiting for it.

        Raises:
            TimeoutError: there is no answer in time.
            RuntimeError: the answer is an error.
        """
        if not self.done.wait(timeout_s):
            raise TimeoutError(f"no answer to {self.id} within {timeout_s:g} s")
        if "error" in self.answers[0]:
            raise RuntimeError(f"answer to {self.id}: {self.answers[0]['error']}")
        return self.answers[0].get("result")

    @property
    def latency_ms(self) -> float:
        """From sending to the answer; only once it is there."""
        assert self.answered is not None
        return 1000 * (self.answered - self.sent)


@dataclass(frozen=True)
class Usage:
    """What a process holds and has used. Linux only."""

    resident_mb: float
    descriptors: int
    threads: int
    cpu_s: float


class LspClient:
    """A server process. `received` has all its notifications; what it asks is answered with `settings` or null."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.settings = dict(settings or {})
        self.capabilities: dict[str, Any] = {}
        """What the server can do, once it is initialized."""
        self.requests: dict[int | str, Request] = {}
        self.received: list[Message] = []
        self.unasked: list[Message] = []
        """Answers to no request of ours: those with the id null, for instance."""
        self._ids = itertools.count()
        self.last_log = ""
        """What the server wrote to stderr, once it has ended."""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **(environment or {})},
        )
        self._writing = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def initialize(self, **params: Any) -> Any:
        """Shake hands; returns the server's answer."""
        capabilities = {
            "workspace": {"configuration": True},
            "textDocument": {"inlineCompletion": {}, "synchronization": {}},
            "window": {"workDoneProgress": False},
        }
        params = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities} | params
        result = self.request("initialize", params).result()
        self.capabilities = result.get("capabilities", {})
        self.notify("initialized", {})
        return result

    def request(self, method: str, params: Any = None, id: int | str | None = None) -> Request:
        """Send a request; its answer arrives in what is returned."""
        id = id if id is not None else f"r{next(self._ids)}"
        request = self.requests.setdefault(id, Request(id, 0.0))
        request.sent = time.perf_counter()
        self.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        return request

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: Any) -> None:
        """Send any JSON."""
        body = json.dumps(message).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def send_bytes(self, data: bytes) -> None:
        """Send anything at all."""
        assert self.process.stdin
        with self._writing:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def hang_up(self) -> None:
        """Close the server's stdin, as a client does that ends."""
        assert self.process.stdin
        with self._writing:
            self.process.stdin.close()

    def usage(self) -> Usage:
        """What the server's process holds now."""
        process = Path(f"/proc/{self.process.pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        stat = (process / "stat").read_text().rpartition(")")[2].split()
        return Usage(
            resident_mb=int(status["VmRSS"].split()[0]) / 1024,
            descriptors=len(os.listdir(process / "fd")),
            threads=int(status["Threads"]),
            cpu_s=(int(stat[11]) + int(stat[12])) * _TICK_S,
        )

    def log(self) -> str:
        """What the server wrote to stderr so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def close(self, timeout_s: float = PATIENCE_S) -> int:
        """End the session as the protocol asks; the exit code. A server that does not end is killed."""
        try:
            if self.process.poll() is None:
                self.request("shutdown").result(timeout_s)
                self.notify("exit")
                return self.process.wait(timeout_s)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join()
            assert self.process.stdout
            self.process.stdout.close()
            self.last_log = self.log()
            self._log.close()
            with suppress(BrokenPipeError):  # what was still to be sent has no reader
                self.hang_up()
        return self.process.returncode

    def _read(self) -> None:
        assert self.process.stdout
        while (message := _receive(self.process.stdout)) is not None:
            now = time.perf_counter()
            if "method" in message and "id" in message:
                with suppress(ValueError, BrokenPipeError):  # the stream was closed meanwhile
                    self.send({"jsonrpc": "2.0", "id": message["id"], "result": self._answer(message)})
            elif "method" in message:
                self.received.append(message)
            elif message.get("id") in self.requests:
                request = self.requests[message["id"]]
                request.answered = request.answered or now
                request.answers.append(message)
                request.done.set()
            else:
                self.unasked.append(message)

    def _answer(self, message: Message) -> Any:
        if message["method"] == "workspace/configuration":
            return [self.settings for _ in message["params"]["items"]]
        return None


def _receive(stream: IO[bytes]) -> Message | None:
    """The next message; None at the end of the stream."""
    length = 0
    while (line := stream.readline()) != b"\r\n":
        if not line:
            return None
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    message: Message = json.loads(stream.read(length))
    return message
