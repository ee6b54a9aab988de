"""From the start of a process to its first completion of a 1,000-line file: on the command line, and in an editor.

Each run is a fresh process. Files are in the page cache and Python's bytecode is there, as on the second start on a
machine. For the editor a client speaks LSP on the server's stdin and stdout without any pause of its own, so the time
is the server's. CPU time is all that the process used up to then, which a busy machine lengthens less than the clock.

Usage: python -m benchmarks.cold_start [--model NAME|DIR] [--runs 7] [--idle 5]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO, Any, NamedTuple

LINES = 1_000
LINE = 500
"""The cursor's, from 1: the middle of the file."""
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Moment(NamedTuple):
    """Since the start of a process: the clock's seconds, and the CPU's."""

    wall: float
    cpu: float


@dataclass
class Report:
    """What the runs took, each by the name of what had been reached."""

    moments: dict[str, list[Moment]] = field(default_factory=dict)
    facts: dict[str, list[float]] = field(default_factory=dict)

    def reached(self, name: str, moment: Moment) -> None:
        """Note one run's moment."""
        self.moments.setdefault(name, []).append(moment)

    def fact(self, name: str, value: float) -> None:
        """Note one run's measurement."""
        self.facts.setdefault(name, []).append(value)

    def __str__(self) -> str:
        lines = [f"{'':<44}{'median':>9}{'best':>9}{'CPU':>9}"]
        for name, moments in self.moments.items():
            wall, cpu = ([part * 1000 for part in parts] for parts in zip(*moments, strict=True))
            lines.append(f"{name:<44}{median(wall):>6.0f} ms{min(wall):>6.0f} ms{median(cpu):>6.0f} ms")
        return "\n".join([*lines, *(f"{name:<44}{median(values):>9.1f}" for name, values in self.facts.items())])


class Client:
    """The least that an editor says to a language server."""

    def __init__(self, command: Sequence[str]) -> None:
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
        )
        assert self.process.stdin
        assert self.process.stdout
        self._to_server: IO[bytes] = self.process.stdin
        self._from_server: IO[bytes] = self.process.stdout

    def request(self, number: int, method: str, params: dict[str, Any] | None = None) -> Any:
        """The server's answer; what it asks meanwhile is answered with null."""
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" not in message and message.get("id") == number:
                return message["result"]
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})

    def notify(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Tell the server something."""
        self._send({"method": method, "params": params})

    def now(self) -> Moment:
        """How long the server has been running."""
        return Moment(time.perf_counter() - self.started, self.cpu_seconds())

    def cpu_seconds(self) -> float:
        """CPU time that the server has used, children excluded."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S

    def memory_mb(self, name: str) -> float:
        """`VmRSS`, what is resident now, or `VmHWM`, the most that ever was."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(f"{name}:"))

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to_server.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._to_server.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while (line := self._from_server.readline()) != b"\r\n":
            assert line, "the server ended"
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        message: dict[str, Any] = json.loads(self._from_server.read(length))
        return message


def environment() -> dict[str, str]:
    """The environment of a user, in which Python keeps its bytecode."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def command_line(command: Sequence[str], path: Path, report: Report) -> None:
    """One run of `mim-lsp complete`."""
    started, used = time.perf_counter(), os.times()
    subprocess.run(
        [*command, "complete", f"{path}:{LINE}:1", "--json"], check=True, capture_output=True, env=environment()
    )
    now = os.times()
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    report.reached("mim-lsp complete, from start to exit", Moment(time.perf_counter() - started, cpu))


def editor(command: Sequence[str], path: Path, idle_s: float, report: Report) -> None:
    """One run of `mim-lsp --stdio`."""
    client, uri = Client([*command, "--stdio"]), path.as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": path.read_text(encoding="utf-8")}
    place = {"position": {"line": LINE - 1, "character": 0}, "context": {"triggerKind": 2}}
    client.request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    report.reached("mim-lsp --stdio, initialize answered", client.now())
    client.notify("initialized", {})
    client.notify("textDocument/didOpen", {"textDocument": document})
    client.request(2, "textDocument/inlineCompletion", {"textDocument": {"uri": uri}, **place})
    report.reached("mim-lsp --stdio, first completion", client.now())
    before = client.now()
    client.request(3, "textDocument/inlineCompletion", {"textDocument": {"uri": uri}, **place})
    report.fact("ms of the same completion again", (client.now().wall - before.wall) * 1000)
    report.fact("MB resident", client.memory_mb("VmRSS"))
    report.fact("MB resident at the peak", client.memory_mb("VmHWM"))
    if idle_s:
        used = client.cpu_seconds()
        time.sleep(idle_s)
        report.fact(f"ms of CPU in {idle_s:g} s of rest", (client.cpu_seconds() - used) * 1000)
    client.request(4, "shutdown")
    client.notify("exit")
    client.process.wait(10)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a model in the box, or a model folder")
    parser.add_argument("--runs", type=int, default=7, help="fresh processes of each kind (default: %(default)s)")
    parser.add_argument("--idle", type=float, default=5.0, help="seconds of rest in the last run (default: 5)")
    args = parser.parse_args()

    command = [sys.executable, "-m", "mim_lsp", *(["--model", args.model] if args.model else [])]
    source = Path(sysconfig.get_path("stdlib"), "argparse.py").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "example.py")
        path.write_text("".join(source.splitlines(keepends=True)[:LINES]), encoding="utf-8")
        for warm_up in (True, False):
            report = Report()
            for run in range(1 if warm_up else args.runs):
                command_line(command, path, report)
                editor(command, path, 0 if warm_up or run + 1 < args.runs else args.idle, report)
    print(report)


if __name__ == "__main__":
    main()
