"""Keystrokes replayed in real files, through the whole server: what a person who types would see and wait for.

Passages of real files are typed again with a person's rhythm: gaps from a log-normal distribution, words in bursts,
pauses at line ends, typos that are taken back, closers that the editor puts there and that are typed over. After every
key the client does what VS Code does: it cancels the request before, tells the change and asks again. A suggestion
of at least 4 characters that is just what the file has next is accepted in most cases; every other one is typed over.
What the file has next is the truth for what is counted as right.

Several servers can be driven with the same keys, each with its own process:

    python -m benchmarks.typing --server before="env -C OLD_CHECKOUT python -m mim_lsp --stdio" \
        --server after="python -m mim_lsp --stdio" --out FOLDER

Usage: python -m benchmarks.typing [--server NAME=COMMAND ...] [--files FILE_OR_FOLDER ...] [--passages 10] [--lines 12]
       [--speed 1] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.lsp_client import LspClient, Request
from benchmarks.machine import describe, load_average
from benchmarks.typist import Edit, Passage, Typist, choose_passages

INLINE = "textDocument/inlineCompletion"
CODE_ACTION = "textDocument/codeAction"
LEAST_ACCEPTED = 4
"""Characters of a suggestion that is worth a look."""
ACCEPT_RATE = 0.7
ARRIVAL_S = 1.0
"""From putting the cursor somewhere to the first key."""
REACTION_S = 0.3
"""From seeing a suggestion to accepting it."""
NOTICED_S = 0.03
"""A suggestion must have been shown so long before the next key to be seen at all."""
LATE_S = 20.0
COUNTERS = (
    "encodedTokens",
    "refreshedTokens",
    "warmedTokens",
    "speculatedTokens",
    "cacheHits",
    "flightHits",
    "answers",
    "decodesStarted",
    "decodesCancelled",
    "speculations",
)
"""Facts of `mim/status`; a server that does not tell one has none."""


@dataclass
class Tally:
    """What was seen with one server."""

    keys: int = 0
    latency_ms: list[float] = field(default_factory=list)
    """From key to answer, of requests that were answered and not cancelled."""
    in_time: int = 0
    """Keys whose answer was there before the next key."""
    shown: int = 0
    """Suggestions that came to be shown anew; what is left of one after a key that agrees with it is the same one."""
    shown_characters: int = 0
    right: int = 0
    """Of them those that are just what the file has next."""
    right_characters: int = 0
    accepted: int = 0
    accepted_characters: int = 0
    typed_characters: int = 0
    doubled: int = 0
    """Suggestions that are wrong and repeat what stands behind the cursor, or close a bracket that nobody opened."""
    flickers: int = 0
    """A suggestion that still agreed with what was typed was replaced by another one."""
    withdrawn: int = 0
    """A suggestion that still agreed with what was typed disappeared."""
    cpu_s: float = 0.0
    counters: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Suggestion:
    """Ghost text."""

    text: str
    replaces: int
    """Characters behind the cursor that it takes the place of."""

    def after_key(self, key: str) -> Suggestion | None:
        """What is left when `key` was typed; None if it says otherwise."""
        rest = self.text[len(key) :]
        return Suggestion(rest, self.replaces) if key and rest and self.text.startswith(key) else None


class Editor:
    """One passage being typed in one server."""

    def __init__(self, client: LspClient, passage: Passage, number: int, tally: Tally, speed: float) -> None:
        self._client, self._tally, self._speed = client, tally, speed
        self._typist = Typist(passage, random.Random(number))
        self._moods = random.Random(f"accept {number}")
        self._uri = f"file:///typing/{number}/{passage.name}"
        self._version = 1
        self._pending: Request | None = None
        self._shown: Suggestion | None = None
        document = {"uri": self._uri, "languageId": "python", "version": 1, "text": self._typist.text}
        client.notify("textDocument/didOpen", {"textDocument": document})

    def type_all(self) -> None:
        """Go to the passage, and type it to its end."""
        self._arrive()
        self._ask()
        while not self._typist.done:
            gap = self._typist.gap_s() / self._speed
            if self._sees_what_fits(gap):
                self._accept()
            else:
                self._press()
        leftover = self._typist.leave()
        if leftover:
            self._change(leftover)
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})

    def _arrive(self) -> None:
        """Put the cursor there and look; VS Code asks for code actions then, of servers that have some."""
        if self._client.capabilities.get("codeActionProvider"):
            position = _position(self._typist.text[: self._typist.cursor])
            span = {"start": position, "end": position}
            params = {"textDocument": {"uri": self._uri}, "range": span, "context": {"diagnostics": []}}
            asked = self._client.request(CODE_ACTION, params)
            asked.result()
            del self._client.requests[asked.id]  # it is no completion, whose times are taken
        time.sleep(ARRIVAL_S / self._speed)

    def _sees_what_fits(self, gap_s: float) -> bool:
        """Let the time to the next key pass; whether a suggestion is there by then that is going to be accepted."""
        next_key = time.perf_counter() + gap_s
        if self._pending and self._pending.done.wait(max(0.0, gap_s - NOTICED_S)):
            self._tally.in_time += 1
            self._show(self._pending)
            self._pending = None
        fits = self._shown is not None and self._is_right(self._shown) and len(self._shown.text) >= LEAST_ACCEPTED
        if fits and self._moods.random() < ACCEPT_RATE:
            time.sleep(REACTION_S / self._speed)
            return True
        time.sleep(max(0.0, next_key - time.perf_counter()))
        return False

    def _press(self) -> None:
        progress = self._typist.progress
        edit = self._typist.press()
        self._tally.keys += 1
        self._tally.typed_characters += self._typist.progress - progress
        typed = edit.text if edit and edit.start == edit.end else ""
        if edit:
            self._change(edit)
            key = typed[: self._typist.cursor - edit.start]
            self._shown = self._shown and self._shown.after_key(key)
        else:
            self._shown = self._shown and self._shown.after_key(self._typist.text[self._typist.cursor - 1])
        self._ask()

    def _accept(self) -> None:
        assert self._shown
        self._tally.accepted += 1
        self._tally.accepted_characters += len(self._shown.text)
        self._tally.keys += 1
        self._change(self._typist.accept(self._shown.text, self._shown.replaces))
        self._shown = None
        self._ask()

    def _change(self, edit: Edit) -> None:
        """Tell the server of an edit, after which the typist's text is what it is now."""
        before = self._typist.text[: edit.start]
        removed = edit.end - edit.start
        start = _position(before)
        end = {"line": start["line"], "character": start["character"] + removed}  # what is removed has no line breaks
        self._version += 1
        change = {"range": {"start": start, "end": end}, "text": edit.text}
        document = {"uri": self._uri, "version": self._version}
        self._client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def _ask(self) -> None:
        if self._pending:
            self._client.notify("$/cancelRequest", {"id": self._pending.id})
        position = _position(self._typist.text[: self._typist.cursor])
        params = {"textDocument": {"uri": self._uri}, "position": position, "context": {"triggerKind": 2}}
        self._pending = self._client.request(INLINE, params)

    def _show(self, request: Request) -> None:
        """Take an answer that came in time."""
        answer = request.answers[0]
        if "result" not in answer:
            return
        items = answer["result"]["items"]
        before, self._shown = self._shown, self._suggestion(items[0]) if items else None
        if before is not None and self._shown is not None and before.text == self._shown.text:
            return  # the same to the eye, whatever closers it takes the place of by now
        if before is not None:
            self._tally.flickers += self._shown is not None
            self._tally.withdrawn += self._shown is None
        if self._shown is not None:
            self._count(self._shown)

    def _suggestion(self, item: dict[str, Any]) -> Suggestion:
        span = item["range"]
        cursor = _position(self._typist.text[: self._typist.cursor])
        typed = cursor["character"] - span["start"]["character"]
        return Suggestion(item["insertText"][typed:], max(0, span["end"]["character"] - cursor["character"]))

    def _count(self, shown: Suggestion) -> None:
        tally = self._tally
        tally.shown += 1
        tally.shown_characters += len(shown.text)
        if self._is_right(shown):
            tally.right += 1
            tally.right_characters += len(shown.text)
        else:
            tally.doubled += doubles(shown.text, self._typist.behind_cursor[shown.replaces :])

    def _is_right(self, shown: Suggestion) -> bool:
        """Whether accepting it gives just what the file has next, as far as it goes."""
        if self._typist.mistyped or not self._typist.ahead.startswith(shown.text):
            return False
        kept = self._typist.behind_cursor[shown.replaces :]
        line_end = kept.partition("\n")[0]
        # Closers that stay must be what comes next, else accepting would leave them where they do not belong.
        return not line_end or self._typist.ahead[len(shown.text) :].startswith(line_end) or "\n" not in shown.text


def doubles(text: str, behind: str) -> bool:
    """Whether a suggestion repeats the text behind the cursor or closes what is not open.

    Args:
        text: what the suggestion inserts.
        behind: the document from where the inserted text ends.
    """
    rest, _, following = behind.partition("\n")
    rest = rest.strip()
    next_line = next((line.strip() for line in following.split("\n") if line.strip()), "")
    last_line = text.rpartition("\n")[2].strip()
    if rest.strip(")]}") and text.rstrip().endswith(rest):
        return True
    if "\n" in text and len(last_line) >= LEAST_ACCEPTED and last_line == next_line:
        return True
    depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth < 0 and rest[:1] in tuple(")]}"):
            return True
    return False


def _position(before: str) -> dict[str, int]:
    """Line and column (UTF-16) of the end of a text."""
    line = before.rpartition("\n")[2]
    return {"line": before.count("\n"), "character": len(line.encode("utf-16-le", "surrogatepass")) // 2}


def drive(command: Sequence[str], passages: Sequence[Passage], speed: float) -> Tally:
    """Type all passages in a new server."""
    client = LspClient(command, settings={"stats": False})
    tally = Tally()
    client.initialize()
    _wait_for_the_model(client)
    cpu_s, status = client.usage().cpu_s, client.request("mim/status", {}).result()
    client.requests.clear()
    for number, passage in enumerate(passages):
        Editor(client, passage, number, tally, speed).type_all()
    requests = list(client.requests.values())
    for request in requests:
        request.done.wait(LATE_S)
    tally.cpu_s = client.usage().cpu_s - cpu_s
    now = client.request("mim/status", {}).result()
    tally.counters = {name: now[name] - status[name] for name in COUNTERS if name in now}
    tally.reasons = dict(now.get("reasons", {}))
    tally.latency_ms = [one.latency_ms for one in requests if one.answers and "result" in one.answers[0]]
    client.close()
    return tally


def _wait_for_the_model(client: LspClient) -> None:
    """Complete once, so that loading is over."""
    uri = "file:///typing/first.py"
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "import "}
    client.notify("textDocument/didOpen", {"textDocument": document})
    place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 7}, "context": {"triggerKind": 1}}
    client.request(INLINE, place).result()
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie; nan if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def rows(tally: Tally) -> dict[str, str]:
    """The table's rows of one server; `n/a` where it does not tell."""
    keys = max(1, tally.keys)

    def per_key(name: str) -> str:
        return f"{tally.counters[name] / keys:.2f}" if name in tally.counters else "n/a"

    answers = tally.counters.get("answers")
    hits = tally.counters.get("cacheHits")
    return {
        "keys": str(tally.keys),
        "ms from key to answer, p50": f"{percentile(tally.latency_ms, 0.5):.1f}",
        "ms from key to answer, p95": f"{percentile(tally.latency_ms, 0.95):.1f}",
        "answered before the next key": f"{100 * tally.in_time / keys:.1f} %",
        "answered from the cache": f"{100 * hits / answers:.1f} %" if answers and hits is not None else "n/a",
        "encoded tokens a key": per_key("encodedTokens"),
        "of them after jumps": per_key("refreshedTokens"),
        "tokens a key read in idle time": per_key("warmedTokens"),
        "tokens a key read ahead for what may come": per_key("speculatedTokens"),
        "suggestions shown": str(tally.shown),
        "shown and right": f"{tally.right} ({100 * tally.right / max(1, tally.shown):.0f} %)",
        "characters shown and right": str(tally.right_characters),
        "accepted": str(tally.accepted),
        "accepted characters for each one typed": f"{tally.accepted_characters / max(1, tally.typed_characters):.3f}",
        "doubled text or brackets": str(tally.doubled),
        "flickers": str(tally.flickers),
        "withdrawn": str(tally.withdrawn),
        "completions begun a key": per_key("decodesStarted"),
        "completions given up a key": per_key("decodesCancelled"),
        "ms of CPU a key": f"{1000 * tally.cpu_s / keys:.1f}",
    }


def table(tallies: dict[str, Tally]) -> str:
    """All servers side by side, as Markdown."""
    columns = {name: rows(tally) for name, tally in tallies.items()}
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    for row in rows(Tally()):
        lines.append(f"| {row} | " + " | ".join(column[row] for column in columns.values()) + " |")
    return "\n".join(lines)


def python_files(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Names and texts of the Python files named, and of those in folders."""
    found = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    return [(file.name, file.read_text(encoding="utf-8").replace("\r\n", "\n")) for file in found]


def _default_files() -> list[Path]:
    library = Path(sysconfig.get_path("stdlib"))
    return [library / name for name in ("argparse.py", "configparser.py", "tarfile.py", "textwrap.py", "zipfile.py")]


def main() -> None:
    """Measure, print the table and write everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", action="append", metavar="NAME=COMMAND", help="may be given several times")
    parser.add_argument("--files", nargs="+", type=Path, default=_default_files(), help="Python files or folders")
    parser.add_argument("--passages", type=int, default=10)
    parser.add_argument("--lines", type=int, default=12, help="of each passage")
    parser.add_argument("--speed", type=float, default=1.0, help="of the typist, as a factor; 1 is a person's")
    parser.add_argument("--out", type=Path, help="folder of typing.json, typing.md and typing.png")
    args = parser.parse_args()
    servers = dict(one.split("=", 1) for one in args.server or [f"mim-lsp={sys.executable} -m mim_lsp --stdio"])
    passages = choose_passages(python_files(args.files), args.passages, args.lines)
    machine = {**describe(None), "load before": load_average()}
    tallies = {name: drive(shlex.split(command), passages, args.speed) for name, command in servers.items()}
    machine["load after"] = load_average()
    print(table(tallies))
    if args.out:
        from benchmarks.typing_plot import plot

        args.out.mkdir(parents=True, exist_ok=True)
        run = {"machine": machine, "speed": args.speed, "passages": len(passages), "lines": args.lines}
        run["typist's mean gap, ms"] = round(1000 * mean(_gaps(passages)) / args.speed)
        results = {"run": run, "servers": {name: asdict(tally) for name, tally in tallies.items()}}
        (args.out / "typing.json").write_text(json.dumps(results, default=float) + "\n", encoding="utf-8")
        (args.out / "typing.md").write_text(table(tallies) + "\n", encoding="utf-8")
        plot({name: tally.latency_ms for name, tally in tallies.items()}, args.out / "typing.png")


def _gaps(passages: Sequence[Passage]) -> list[float]:
    """The time before each key of a typist who accepts nothing."""
    gaps = []
    for number, passage in enumerate(passages):
        typist = Typist(passage, random.Random(number))
        while not typist.done:
            gaps.append(typist.gap_s())
            typist.press()
    return gaps


if __name__ == "__main__":
    main()
