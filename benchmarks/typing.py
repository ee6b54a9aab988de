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
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean

from benchmarks.editor import INLINE, Editor, Tally
from benchmarks.lsp_client import LspClient
from benchmarks.machine import describe, load_average
from benchmarks.typist import Passage, Typist, choose_passages

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
