"""How long the light bulb takes: the list of code actions, and the edit of the one that is picked, in a long file.

The server with its own model has a real file open, at whose end a function lacks a parameter that it calls itself
with. Before each list a character is typed, so that nothing of the file is known; then each action is resolved.

Usage: python -m benchmarks.parameters [--rounds 30] [--file FILE] (default: subprocess.py of the standard library)
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.lsp_client import LspClient
from benchmarks.machine import describe, load_average

FUNCTION = """\


def retried(url, attempts=3):
    for attempt in range(attempts):
        answer = open_connection(url, timeout=timeout)
    return answer or retried(url)


def hasty(url, timeout):
    return retried(url), json.dumps(url)
"""
CAPABILITIES = {
    "textDocument": {"codeAction": {"dataSupport": True, "resolveSupport": {"properties": ["edit"]}}},
    "workspace": {"workspaceEdit": {"documentChanges": True, "changeAnnotationSupport": {}}},
}


def measure(client: LspClient, text: str, rounds: int) -> dict[str, list[float]]:
    """The times of the answers, in ms, by kind of request."""
    uri = "file:///benchmark/long.py"
    client.notify(
        "textDocument/didOpen",
        {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": text}},
    )
    line = text[: text.index("timeout=timeout", text.index("def retried"))].count("\n")
    column = text.split("\n")[line].index("timeout=timeout") + len("timeout=")
    at = {"line": line, "character": column}
    times: dict[str, list[float]] = {"list": [], "signature": [], "signature and calls": []}
    start = {"line": 0, "character": 0}
    for version in range(2, rounds + 2):
        change = {"range": {"start": start, "end": start}, "text": "#"}
        client.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]},
        )
        params = {"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}}
        asked = client.request("textDocument/codeAction", params)
        actions = [each for each in asked.result() if each["title"].startswith("Add parameter")]
        times["list"].append(asked.latency_ms)
        for kind, action in zip(list(times)[1:], actions, strict=True):
            resolved = client.request("codeAction/resolve", action)
            assert resolved.result().get("edit"), "the edit is missing"
            times[kind].append(resolved.latency_ms)
    return times


def await_model(client: LspClient) -> None:
    """Wait until the model is loaded."""
    status: Any = None
    while status is None or status["state"] not in ("ready", "failed"):
        status = client.request("mim/status", {}).result()


def main() -> int:
    """Print the median and the 95th percentile of each kind of request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--file", type=Path, default=Path(subprocess.__file__))
    args = parser.parse_args()
    text = args.file.read_text(encoding="utf-8") + FUNCTION
    print(f"{text.count(chr(10))} lines; {describe(None)['processor']}; load {load_average()}")
    client = LspClient([sys.executable, "-m", "mim_lsp", "--stdio"])
    client.initialize(capabilities=CAPABILITIES)
    await_model(client)
    for kind, times in measure(client, text, args.rounds).items():
        print(f"{kind:20} p50 {median(times):6.1f} ms   p95 {quantiles(times, n=20)[-1]:6.1f} ms")
    return client.close()


if __name__ == "__main__":
    sys.exit(main())
