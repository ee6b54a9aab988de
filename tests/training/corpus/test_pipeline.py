from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus import pipeline
from mim_lsp.training.corpus.manifest import load_manifest
from mim_lsp.training.corpus.pipeline import STAGE
from mim_lsp.training.corpus.progress import terminal_progress
from mim_lsp.training.corpus.reader import read_documents
from mim_lsp.training.corpus.report import CorpusReport
from tests.training.corpus.conftest import Workshop


def build(manifest: Path, out: Path, **settings: Any) -> CorpusReport:
    """As `pipeline.build`, in this process alone if nothing else is said."""
    return pipeline.build(manifest, out, **{"processes": 1, **settings})


def source(name: str, functions: int = 12) -> str:
    """A plain module whose every function is its own."""
    lines = [f'"""The {name} module."""\n']
    for number in range(functions):
        lines.append(f"def {name}_{number}(value_{number}):\n    return value_{number} + {name}_start\n")
    return "\n".join(lines)


def stock(workshop: Workshop) -> Path:
    """A manifest of two packages in which every reason to drop a file occurs that depends on other files."""
    workshop.wheel(
        "trained",
        {
            "trained/alpha.py": source("alpha"),
            "trained/alpha_copy.py": source("alpha"),
            "trained/alpha_crlf.py": source("alpha").replace("\n", "\r\n"),
            "trained/alpha_near.py": source("alpha", functions=60) + "\nEND = 1\n",
            "trained/alpha_near_2.py": source("alpha", functions=60),
            "trained/held.py": source("held"),
            "trained/task.py": source("task") + "# the cheapest fare of a journey through all the many stops\n",
            "trained/latin.py": b"# caf\xe9\n" * 40,
            "trained/mail.py": source("mail") + "# by jane@some-host.org\n",
            "trained/skip/me.py": source("skip"),
            "trained/tiny.py": "x = 1\n",
        },
        exclude=("trained/skip/*",),
    )
    workshop.wheel("kept_apart", {"kept_apart/held.py": source("held")}, held_out=True)
    return workshop.manifest()


def task_file(workshop: Workshop) -> Path:
    path = workshop.folder / "tasks.jsonl"
    fields = {"prompt": "# the cheapest fare of a journey ", "canonical_solution": "through all the many stops\n"}
    path.write_text(json.dumps(fields), encoding="utf-8")
    return path


def test_every_file_is_kept_or_dropped_for_its_reason(workshop: Workshop) -> None:
    out = workshop.folder / "out"
    report = build(stock(workshop), out, cache=workshop.cache, decontaminate=[task_file(workshop)])
    kept = {document.path: document for document in read_documents(out, "train")}
    assert sorted(kept) == ["trained/alpha.py", "trained/alpha_near.py", "trained/mail.py"]
    assert kept["trained/mail.py"].content == source("mail") + "# by user@example.com\n"
    with (out / "dropped.csv").open(encoding="utf-8", newline="") as file:
        dropped = {line["path"]: line["reason"] for line in csv.DictReader(file)}
    assert dropped == {
        "trained/alpha_copy.py": "exact duplicate",
        "trained/alpha_crlf.py": "exact duplicate",
        "trained/alpha_near_2.py": "near duplicate",
        "trained/held.py": "exact duplicate",
        "trained/latin.py": "not UTF-8 text",
        "trained/skip/me.py": "excluded by the manifest",
        "trained/task.py": "evaluation task",
        "trained/tiny.py": "too small",
    }
    assert report.kept("train").files + sum(tally.files for tally in report.dropped().values()) == 11
    assert report.kept("train").bytes == sum(len(document.content.encode()) for document in kept.values())


def test_held_out_packages_keep_their_files_and_stay_apart(workshop: Workshop) -> None:
    out = workshop.folder / "out"
    report = build(stock(workshop), out, cache=workshop.cache)
    assert [(d.package, d.path) for d in read_documents(out, "heldout")] == [("kept_apart", "kept_apart/held.py")]
    assert {d.package for d in read_documents(out, "train")} == {"trained"}
    assert report.kept("heldout").files == 1


def test_the_report_says_what_is_on_disk(workshop: Workshop) -> None:
    out = workshop.folder / "out"
    report = build(stock(workshop), out, cache=workshop.cache, decontaminate=[task_file(workshop)])
    fields = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert fields["evaluation_tasks"] == 1
    assert fields["kept"]["train"]["files"] == len(read_documents(out, "train"))
    assert fields["dropped"]["exact duplicate"]["files"] == 3
    assert fields["licenses"]["MIT"]["files"] == 4
    assert {shard["name"] for shard in fields["shards"]} == {"train-00000.parquet", "heldout-00000.parquet"}
    text = (out / "report.md").read_text(encoding="utf-8")
    assert "| evaluation task | 1 |" in text
    assert report.summary() in text
    assert "E-mail addresses masked: 1." in report.summary()


def test_building_again_in_other_processes_gives_the_same_bytes(workshop: Workshop) -> None:
    manifest, tasks = stock(workshop), task_file(workshop)
    build(manifest, workshop.folder / "a", cache=workshop.cache, decontaminate=[tasks])
    program = (
        "import sys; from pathlib import Path; from mim_lsp.training.corpus.pipeline import build\n"
        "manifest, out, cache, tasks = map(Path, sys.argv[1:])\n"
        "build(manifest, out, cache=cache, decontaminate=[tasks], processes=2)\n"
    )
    arguments = [str(path) for path in (manifest, workshop.folder / "b", workshop.cache, tasks)]
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, env={"PYTHONHASHSEED": "7"})
    first, second = (
        {path.name: path.read_bytes() for path in (workshop.folder / name).iterdir()} for name in ("a", "b")
    )
    assert set(first) == {"train-00000.parquet", "heldout-00000.parquet", "report.json", "report.md", "dropped.csv"}
    assert first == second


def test_nothing_is_written_when_a_package_is_refused(workshop: Workshop) -> None:
    workshop.wheel("fine", {"fine/a.py": source("a")})
    workshop.wheel("copyleft", {"copyleft/a.py": source("b")}, metadata="License-Expression: GPL-3.0-only\n")
    out = workshop.folder / "out"
    with pytest.raises(CorpusError, match=r"copyleft==1\.0: licence 'GPL-3\.0-only' is not allowed"):
        build(workshop.manifest(), out, cache=workshop.cache)
    assert not out.exists()


def test_a_build_that_was_stopped_goes_on_and_gives_the_same_bytes(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, tasks = stock(workshop), task_file(workshop)
    examined: list[str] = []
    examine = pipeline._examine

    def examine_one(examiner: Any, job: Any) -> None:
        if examined == ["trained"]:
            raise KeyboardInterrupt
        examined.append(job.package.name)
        examine(examiner, job)

    out = workshop.folder / "stopped"
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "_examine", examine_one)
        with pytest.raises(KeyboardInterrupt):
            build(manifest, out, cache=workshop.cache, decontaminate=[tasks])
    assert [path.name for path in out.iterdir()] == [STAGE]
    monkeypatch.setattr(pipeline, "_examine", lambda *args: examined.append(args[1].package.name) or examine(*args))
    build(manifest, out, cache=workshop.cache, decontaminate=[tasks])
    assert examined == ["trained", "kept_apart"]
    build(manifest, workshop.folder / "straight", cache=workshop.cache, decontaminate=[tasks])
    stopped, straight = (
        {path.name: path.read_bytes() for path in (workshop.folder / name).iterdir()}
        for name in ("stopped", "straight")
    )
    assert stopped == straight


def test_what_was_examined_by_other_rules_is_examined_again(workshop: Workshop) -> None:
    manifest, tasks = stock(workshop), task_file(workshop)
    plan = load_manifest(manifest)
    (package, _) = plan.packages
    stage = pipeline.Stage(workshop.folder, plan, [])
    assert stage.path_of(package) == pipeline.Stage(workshop.folder, plan, []).path_of(package)
    others = [
        pipeline.Stage(workshop.folder, plan, pipeline.read_tasks([tasks])).path_of(package),
        pipeline.Stage(workshop.folder, replace(plan, docstring_share=0.5), []).path_of(package),
        stage.path_of(replace(package, sha256="0" * 64)),
        stage.path_of(replace(package, exclude=())),
    ]
    assert len({stage.path_of(package), *others}) == 5


ENGLISH = "The reader of this page is told how a queue works, and what to do if it is full. " * 4


def test_documentation_and_docstrings_enter_as_text(workshop: Workshop) -> None:
    told = (ENGLISH * 2).replace("The reader of this page", "Whoever calls this module").strip()
    module = f'"""{told}"""\n' + source("alpha").partition("\n")[2]
    files = {"README.rst": ENGLISH, "docs/use.md": ENGLISH.replace("queue", "stack"), "LICENSE.md": ENGLISH * 2}
    workshop.sdist("app", {"src/app/alpha.py": module, **files})
    workshop.sdist("other", {"README.rst": ENGLISH + "and no more"}, held_out=True)
    out = workshop.folder / "out"
    report = build(workshop.manifest("prose = true\ndocstring_share = 1.0\n"), out, cache=workshop.cache)
    found = {(d.path, d.kind): d.content for d in read_documents(out, "train", prose=True)}
    assert sorted(found) == [("docs/use.md", "text"), ("src/app/alpha.py", "code"), ("src/app/alpha.py", "text")]
    assert found["src/app/alpha.py", "text"] == told + "\n"
    assert found["src/app/alpha.py", "code"] == module
    assert [d.path for d in read_documents(out, "train")] == ["src/app/alpha.py"]
    with (out / "dropped.csv").open(encoding="utf-8", newline="") as file:
        assert [(line["path"], line["kind"], line["reason"]) for line in csv.DictReader(file)] == [
            ("README.rst", "text", "near duplicate")  # of the held-out package's
        ]
    assert report.kept_prose("train").files == 2
    assert report.kept_prose("train").bytes == sum(len(text) for (_, kind), text in found.items() if kind == "text")
    assert "2 files and 0.0 MB of them natural language" in report.summary()


def test_without_the_setting_only_code_enters(workshop: Workshop) -> None:
    workshop.sdist("app", {"app/alpha.py": source("alpha"), "README.rst": ENGLISH})
    out = workshop.folder / "out"
    build(workshop.manifest(), out, cache=workshop.cache)
    assert [d.path for d in read_documents(out, "train", prose=True)] == ["app/alpha.py"]


def test_packages_are_never_run(workshop: Workshop) -> None:
    mark = workshop.folder / "ran"
    text = source("alpha") + f"\nopen({str(mark)!r}, 'w')\n"
    workshop.wheel(
        "active", {"active/__init__.py": text, "setup.py": text, "active.pth": f"import os; open({str(mark)!r})"}
    )
    workshop.sdist("source", {"setup.py": text, "source/__init__.py": text, "pyproject.toml": "[build-system]\n"})
    build(workshop.manifest(), workshop.folder / "out", cache=workshop.cache)
    assert not mark.exists()


def test_progress_tells_every_stage_and_reaches_its_end(workshop: Workshop) -> None:
    seen: list[tuple[str, int, int]] = []
    build(
        stock(workshop),
        workshop.folder / "out",
        cache=workshop.cache,
        progress=lambda stage, done, total: seen.append((stage, done, total)),
    )
    stages = list(dict.fromkeys(stage for stage, _, _ in seen))
    assert stages == [
        *("fetch kept_apart", "fetch trained", "examine", "examine trained", "examine kept_apart"),
        *("select kept_apart", "select trained", "write"),
    ]
    assert seen[-1] == ("write", 2, 2)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_bar_shows_on_a_terminal_only(is_terminal: bool) -> None:
    output = io.StringIO()
    with terminal_progress(Console(file=output, force_terminal=is_terminal, width=100)) as progress:
        progress("select one", 3, 10)
    assert ("select one" in output.getvalue()) == is_terminal
    assert ("3/10" in output.getvalue()) == is_terminal
