"""The real server with a scripted completer, for tests; run it as a script in place of `mim-lsp --stdio`.

What the completer does is decided by the text before the cursor on its line:

    wait      writes until it is cancelled, or until the client sends `script/release`
    boom      raises RuntimeError
    noise     prints to stdout
    nothing   has nothing to offer
    hang      goes on whatever happens, for `--hang-s` and ten seconds more
    where     answers with the offset and the three characters before it
    else      the rest of the line of `LINES` that begins with the text

Further requests: `script/report` tells what was asked of the completer so far, `script/text` what the server takes a
document's text to be.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from dataclasses import asdict
from typing import Any

from mim_lsp.completion.types import CancelFlag, Candidate, CompletionOptions, CompletionResult, Watch
from mim_lsp.errors import Cancelled, ModelError
from mim_lsp.server import create_server, serve
from mim_lsp.server.settings import RuntimeChoice

LINES = (
    "return a + b",
    "total = sum(values)  # π😀",
    "for value in values:\n        print(value)\n        yield value",
    "def fetch(url, timeout: float = 10",
    "import json",
    "from app.tools import fetch",
    "def later():\n    pass",
)
CONFIDENCE = 0.5
STEP_S = 0.002


class ScriptedCompleter:
    """A completer that follows the script above and keeps count."""

    def __init__(self, gate: threading.Semaphore, hang_s: float = 0.0, name: str = "scripted") -> None:
        self.gate = gate
        self.name = name
        self.hang_s = hang_s
        self.calls = 0
        self.warmed = 0
        self.active = 0
        self.most_active = 0
        self.cancelled = 0
        self.forgotten: list[str] = []
        self.threads = {threading.current_thread().name}
        self.last_options: dict[str, Any] = {}

    @property
    def model_name(self) -> str:
        return self.name

    def complete(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
        watch: Watch | None = None,
    ) -> CompletionResult:
        self.calls += 1
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        self.threads.add(threading.current_thread().name)
        self.last_options = asdict(options)
        try:
            result = self._follow_script(text, offset, options, cancel or CancelFlag())
        finally:
            self.active -= 1
        if watch is not None:
            watch(result.insert_text)
        return result

    def warm(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> int:
        self.threads.add(threading.current_thread().name)
        self.warmed += 1
        return 1

    def forget(self, document: str) -> None:
        self.threads.add(threading.current_thread().name)
        self.forgotten.append(document)

    def report(self) -> dict[str, Any]:
        return {
            "calls": self.calls,
            "warmed": self.warmed,
            "active": self.active,
            "mostActive": self.most_active,
            "cancelled": self.cancelled,
            "forgotten": self.forgotten,
            "threads": sorted(self.threads),
            "options": {**self.last_options, "disabled_filters": sorted(self.last_options.get("disabled_filters", ()))},
        }

    def _follow_script(
        self, text: str, offset: int, options: CompletionOptions, cancel: CancelFlag
    ) -> CompletionResult:
        typed = text[:offset].rpartition("\n")[2].lstrip()
        if "boom" in typed:
            raise RuntimeError("scripted failure")
        if "nothing" in typed:
            return CompletionResult(reason="blank")
        if "noise" in typed:
            sys.stdout.write("noise from Python\n")
            sys.stdout.flush()
            os.write(1, b"noise from C\n")
        if "hang" in typed:
            time.sleep(self.hang_s + 10)
        if "wait" in typed:
            self._wait(cancel)
        if "where" in typed:
            return _offer(f"{offset}:{text[max(0, offset - 3) : offset]}", options)
        rest = next((line[len(typed) :] for line in LINES if typed and line.startswith(typed)), "pass")
        return _offer(rest, options)

    def _wait(self, cancel: CancelFlag) -> None:
        while not self.gate.acquire(timeout=STEP_S):
            if cancel.is_set():
                self.cancelled += 1
                raise Cancelled


def _offer(text: str, options: CompletionOptions) -> CompletionResult:
    if options.eagerness < 1 - CONFIDENCE:
        return CompletionResult(reason="low_confidence")
    texts = [text] + [f"{text}  # {number}" for number in range(2, options.candidates + 1)]
    return CompletionResult(candidates=tuple(Candidate(each, CONFIDENCE, "met", 1) for each in texts), met=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stdio", action="store_true", help="accepted as editors pass it")
    parser.add_argument("--load-wait", action="store_true", help="load only after script/release")
    parser.add_argument("--load-error", help="fail to load with this ModelError")
    parser.add_argument("--load-crash", action="store_true", help="fail to load with an error that nobody foresaw")
    parser.add_argument("--hang-s", type=float, default=30.0, help="time after which a completion counts as hanging")
    args = parser.parse_args()
    gate = threading.Semaphore(0)
    completers: list[ScriptedCompleter] = []

    def load(choice: RuntimeChoice) -> ScriptedCompleter:
        if args.load_wait:
            gate.acquire()
        if args.load_error:
            raise ModelError(args.load_error)
        if args.load_crash:
            raise KeyError("weights")
        completers.append(ScriptedCompleter(gate, args.hang_s, choice.model or "scripted"))
        return completers[-1]

    server = create_server(load, args.hang_s)
    server.feature("script/release")(lambda params: gate.release())
    server.feature("script/report")(lambda params: completers[-1].report() if completers else None)
    server.feature("script/text")(lambda params: getattr(server.document(params.uri), "source", None))
    return serve(server)


if __name__ == "__main__":
    sys.exit(main())
