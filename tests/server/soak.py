"""An hour of editing real files with the real server, to see that it neither grows nor leaks.

Each round types passages of the interpreter's own library like a person in a hurry, sends bursts of requests and of
cancels, jumps about in other open documents, replaces whole texts, and closes everything. After each round the
process is looked at. It fails when, after warming up, resident memory grows by more than 5 percent, when descriptors
or threads become more, when a request stays unanswered, or when the server is not at rest once nobody types.

    scripts/soak                            an hour
    python -m tests.server.soak --minutes 1
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.editor import INLINE, Editor, Tally
from benchmarks.lsp_client import LspClient, Request, Usage
from benchmarks.typist import choose_passages

GROWTH = 0.05
SPEED = 6.0
"""Of the typist, as a multiple of a person's."""
BURST = 100
WARM_UP = 0.3
"""Share of the rounds that memory may still grow in."""
WINDOW = 0.2
"""Share of the rounds, after warming up and at the end, whose medians are compared."""
SETTLE_S, REST_S = 3.0, 5.0
MOST_IDLE_CPU = 0.01
"""Share of one core that a server at rest may take."""
NAMES = (
    "argparse.py",
    "ast.py",
    "configparser.py",
    "doctest.py",
    "inspect.py",
    "pathlib.py",
    "tarfile.py",
    "zipfile.py",
)


@dataclass
class Soak:
    """What was seen."""

    samples: list[Usage] = field(default_factory=list)
    """After each round, with all documents closed."""
    tally: Tally = field(default_factory=Tally)
    requests: int = 0
    unanswered: int = 0
    idle_cpu: float = 0.0
    """Share of one core at the end, nobody typing."""
    exit_code: int | None = None

    def ends(self, what: Callable[[Usage], float]) -> tuple[float, float]:
        """Medians of the first samples after warming up, and of the last ones."""
        values = [what(sample) for sample in self.samples[int(WARM_UP * len(self.samples)) :]]
        window = max(1, int(WINDOW * len(self.samples)))
        return median(values[:window]), median(values[-window:])

    def problems(self) -> list[str]:
        """What is not as it must be; empty if all is well."""
        found = []
        before, after = self.ends(lambda usage: usage.resident_mb)
        if after > before * (1 + GROWTH):
            found.append(f"resident memory grew from {before:.1f} to {after:.1f} MB")
        for name in ("descriptors", "threads"):
            before, after = self.ends(lambda usage, name=name: float(getattr(usage, name)))  # type: ignore[misc]
            if after > before:
                found.append(f"{name} grew from {before:g} to {after:g}")
        if self.unanswered:
            found.append(f"{self.unanswered} of {self.requests} requests were not answered exactly once")
        if self.idle_cpu > MOST_IDLE_CPU:
            found.append(f"at rest the server took {100 * self.idle_cpu:.1f} % of a core")
        if self.exit_code != 0:
            found.append(f"the server ended with {self.exit_code}")
        return found

    def __str__(self) -> str:
        (mb, mb_after), (open_files, open_after), (threads, threads_after) = (
            self.ends(lambda usage: usage.resident_mb),
            self.ends(lambda usage: float(usage.descriptors)),
            self.ends(lambda usage: float(usage.threads)),
        )
        return (
            f"{len(self.samples)} rounds, {self.tally.keys} keys, {self.requests} requests, "
            f"{self.tally.accepted} suggestions accepted\n"
            f"resident: {mb:.1f} -> {mb_after:.1f} MB ({100 * (mb_after / mb - 1):+.1f} %)\n"
            f"descriptors: {open_files:g} -> {open_after:g}, threads: {threads:g} -> {threads_after:g}\n"
            f"at rest: {100 * self.idle_cpu:.2f} % of a core; exit code {self.exit_code}"
        )


def soak(seconds: float, seed: int = 0, say: Callable[[str], None] = lambda line: None) -> Soak:
    """Edit for so long, in whole rounds, and at least ten of them."""
    rng, seen = random.Random(seed), Soak()
    library = Path(sysconfig.get_path("stdlib"))
    files = [(name, (library / name).read_text(encoding="utf-8")) for name in NAMES]
    with tempfile.TemporaryDirectory() as folder:
        environment = {"MIM_LSP_STATS": str(Path(folder, "stats.jsonl"))}
        client = LspClient([sys.executable, "-m", "mim_lsp", "--stdio"], environment)
        client.initialize()
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(seen.samples) < 10:
            _round(client, files, rng, seen)
            seen.samples.append(client.usage())
            say(f"round {len(seen.samples)}: {seen.samples[-1]}")
        seen.idle_cpu = _cpu_at_rest(client)
        seen.exit_code = client.close()
    return seen


def _round(client: LspClient, files: Sequence[tuple[str, str]], rng: random.Random, seen: Soak) -> None:
    number = len(seen.samples)
    others = [_open(client, f"{number}-{i}-{name}", text) for i, (name, text) in enumerate(rng.sample(list(files), 3))]
    for i, passage in enumerate(choose_passages(rng.sample(list(files), 2), 2, 3, seed=rng.getrandbits(32))):
        Editor(client, passage, 10 * number + i, seen.tally, SPEED).type_all()
        for uri in others:
            _jump_about(client, uri, rng)
    _burst(client, others, rng)
    for uri in others:
        client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    for request in client.requests.values():
        answered = request.done.wait(60)
        seen.unanswered += not answered or len(request.answers) != 1
    seen.requests += len(client.requests)
    client.requests.clear()


def _open(client: LspClient, name: str, text: str) -> str:
    uri = f"file:///soak/{name}"
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})
    return uri


def _jump_about(client: LspClient, uri: str, rng: random.Random) -> None:
    """Look at another document: focus, edits far apart, a whole new text now and then."""
    client.notify("mim/didFocus", {"textDocument": {"uri": uri}})
    for version in range(2, 5):
        line = rng.randrange(1500)
        at = {"line": line, "character": 0}
        change: dict[str, object] = {"range": {"start": at, "end": at}, "text": rng.choice(("x = ", "# 😀\r\n", "if "))}
        if rng.random() < 0.1:
            change = {"text": "def f(a, b):\n    return a\n" * rng.randrange(400)}
        document = {"uri": uri, "version": version}
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        _ask(client, uri, line, 4).done.wait(2)


def _burst(client: LspClient, uris: Sequence[str], rng: random.Random) -> None:
    """Many requests at once, some of them cancelled."""
    for _ in range(BURST):
        request = _ask(client, rng.choice(uris), rng.randrange(200), 0)
        if rng.random() < 0.5:
            client.notify("$/cancelRequest", {"id": request.id})


def _ask(client: LspClient, uri: str, line: int, character: int) -> Request:
    place = {"position": {"line": line, "character": character}, "context": {"triggerKind": 2}}
    return client.request(INLINE, {"textDocument": {"uri": uri}, **place})


def _cpu_at_rest(client: LspClient) -> float:
    time.sleep(SETTLE_S)
    before = client.usage().cpu_s
    time.sleep(REST_S)
    return (client.usage().cpu_s - before) / REST_S


def main() -> int:
    """Run, print what was seen; 1 if something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="without a line for each round")
    args = parser.parse_args()
    seen = soak(60 * args.minutes, args.seed, (lambda line: None) if args.quiet else _print)
    _print(str(seen))
    for problem in seen.problems():
        _print(f"PROBLEM: {problem}")
    return bool(seen.problems())


def _print(line: str) -> None:
    sys.stdout.write(f"{line}{os.linesep}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
