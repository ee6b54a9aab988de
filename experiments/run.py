"""Train and measure the arms of suites; what is done already is kept.

python -m experiments.run objectives format seeds --corpus .cache/corpora/py-base --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from experiments.arms import SUITES, Arm

RESULTS = "results.json"
TASKS = {
    "holes": (("line", "argument", "expression", "statement", "block"), 200, 0),
    "prose": (("words",), 400, 0),
    "tuning": (("line", "argument", "expression"), 80, 7),
}
"""File of tasks: kinds, how many of each, seed."""
END_BIASES = (0.0, 2.0, 4.0, 6.0)
"""An arm fills holes with the one that does best on the tuning tasks: objectives differ in how rare <eom> is."""


def run_arm(arm: Arm, corpus: Path, out: Path) -> None:
    """Train an arm, measure it, and write what came of it."""
    folder = folder_of(arm, out)
    if (folder / RESULTS).exists():
        return
    started = time.monotonic()
    resume = ["--resume"] if (folder / "checkpoint").exists() else []
    _mim_lsp([*arm.command(str(corpus), str(folder)), *resume], folder)
    model = next(folder.glob("mim-py-*"))
    results = {"name": arm.name, "command": " ".join(["mim-lsp", *arm.command("CORPUS", "OUT")])}
    results |= measure(arm, model, corpus, out)
    results["minutes"] = (time.monotonic() - started) / 60
    (folder / RESULTS).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"{arm.name}: {results['minutes']:.1f} minutes", flush=True)


def folder_of(arm: Arm, out: Path) -> Path:
    """Where an arm's run is."""
    return out / re.sub(r"\W+", "-", arm.name)


def fill_again(arm: Arm, out: Path) -> None:
    """Fill the holes once more with a model that was trained, for when decoding has changed."""
    path = folder_of(arm, out) / RESULTS
    if arm.decode and path.exists():
        results = json.loads(path.read_text(encoding="utf-8"))
        results |= _filled(arm.decode, next(path.parent.glob("mim-py-*")), out)
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def measure(arm: Arm, model: Path, corpus: Path, out: Path) -> dict[str, Any]:
    """Likelihoods of held-out code and prose, and holes exactly filled."""
    heldout = ["eval", "heldout", "--json", "--corpus", str(corpus), "--model", str(model)]
    found: dict[str, Any] = {
        "code": _asked([*heldout, "--windows", "400"]),
        "prose": _asked([*heldout, "--windows", "200", "--prose"]),
    }
    if "fim" in arm.recipe:
        command = [sys.executable, "-m", "experiments.fim_orders", str(model), str(corpus)]
        found["orders"] = json.loads(_output(command))
    if arm.decode:
        found |= _filled(arm.decode, model, out)
    return found


def _filled(decode: str, model: Path, out: Path) -> dict[str, Any]:
    def fill(tasks: str, end_bias: float) -> Any:
        path = str(out / f"{tasks}.jsonl")
        flags = ["--decode", decode, "--end-bias", str(end_bias), "--no-memory", "--compare", "1", "--threads", "1"]
        return _asked(["eval", "infilling", "--json", "--tasks", path, "--model", str(model), *flags])

    best = max(END_BIASES, key=lambda end_bias: fill("tuning", end_bias)["exact_match"])
    return {"end_bias": best, "holes": fill("holes", best), "words": fill("prose", best)}


def write_tasks(corpus: Path, out: Path) -> None:
    """The tasks that all arms are measured by."""
    out.mkdir(parents=True, exist_ok=True)
    for name, (kinds, count, seed) in TASKS.items():
        path = out / f"{name}.jsonl"
        if not path.exists():
            draw = ["--kinds", *kinds, "--count", str(count), "--seed", str(seed)]
            _output([*_PROGRAM, "corpus", "tasks", str(corpus), "--out", str(path), *draw])


_PROGRAM = (sys.executable, "-m", "mim_lsp")


def _asked(arguments: Sequence[str]) -> Any:
    return json.loads(_output([*_PROGRAM, *arguments]))


def _output(command: Sequence[str]) -> str:
    """What a command prints, computed by one core.

    Raises:
        RuntimeError: it failed.
    """
    one_core = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=one_core)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return done.stdout


def _mim_lsp(arguments: Sequence[str], folder: Path) -> None:
    """Train, with what it says in a file beside the run's folder."""
    with folder.with_suffix(".log").open("a", encoding="utf-8") as log:
        subprocess.run([*_PROGRAM, *arguments], check=True, stdout=log, stderr=log)


def main() -> None:
    """Run all arms of the suites that are named, some at the same time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="+", choices=SUITES)
    parser.add_argument("--corpus", type=Path, default=Path(".cache/corpora/py-base"))
    parser.add_argument("--out", type=Path, default=Path("runs/experiments"))
    parser.add_argument("--again", action="store_true", help="only fill the holes again, with what was trained")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="arms at the same time, a core each")
    args = parser.parse_args()
    write_tasks(args.corpus, args.out)
    arms = [arm for suite in args.suites for arm in SUITES[suite]]
    with ThreadPoolExecutor(args.jobs) as pool:
        jobs = [
            pool.submit(fill_again, arm, args.out) if args.again else pool.submit(run_arm, arm, args.corpus, args.out)
            for arm in arms
        ]
        for job in jobs:
            job.result()


if __name__ == "__main__":
    main()
