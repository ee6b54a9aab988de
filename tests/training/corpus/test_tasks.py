"""Tasks drawn from held-out documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mim_lsp.errors import CorpusError, SettingsError
from mim_lsp.training.corpus.shards import Row, write_shards
from mim_lsp.training.corpus.tasks import KINDS, MAX_DOCUMENT_CHARS, MAX_MIDDLE_CHARS, write_tasks

CODE = '''"""A module about snakes."""

import os

TEXT = """
not_code(at=all)
"""


# a comment alone
def walk(root, depth=0):
    """Walk on.

    indented_words(in_a_docstring)
    """
    for name in os.listdir(root):
        path = os.path.join(root, name)  # commented
        print("🐍 naïve", depth, path)
        if os.path.isdir(path) and depth < 9:
            walk(path, depth + 1)
    return depth
'''
CODE_LINES = {
    "import os",
    "def walk(root, depth=0):",
    "for name in os.listdir(root):",
    'print("🐍 naïve", depth, path)',
    "if os.path.isdir(path) and depth < 9:",
    "walk(path, depth + 1)",
    "return depth",
}
"""Lines that are neither comment nor docstring, nor hold a part of either."""


def corpus(folder: Path, *contents: str, split: str = "heldout") -> Path:
    rows = [Row(content, f"m{number}.py", "snakes", "1", "MIT") for number, content in enumerate(contents)]
    write_shards(rows, folder, split)
    return folder


def tasks(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_tasks_are_holes_of_held_out_documents(tmp_path: Path) -> None:
    out = tmp_path / "new" / "tasks.jsonl"
    written = write_tasks(corpus(tmp_path, CODE), out, count_per_kind=4)
    assert written == {"line": 4, "argument": 4, "expression": 4}
    drawn = tasks(out)
    assert [task["kind"] for task in drawn] == [kind for kind in KINDS for _ in range(4)]
    assert len({task["task_id"] for task in drawn}) == 12
    for task in drawn:
        assert task["prompt"] + task["canonical_solution"] + task["suffix"] == CODE
        assert 0 < len(task["canonical_solution"].strip()) <= MAX_MIDDLE_CHARS
        assert task["task_id"].startswith(f"{task['kind']}/snakes/m0.py:")


def test_lines_are_code_from_a_token_to_the_line_s_end(tmp_path: Path) -> None:
    out = tmp_path / "tasks.jsonl"
    write_tasks(corpus(tmp_path, CODE), out, kinds=["line"], count_per_kind=60)
    drawn = tasks(out)
    assert {line_of(task) for task in drawn} == CODE_LINES
    for task in drawn:
        assert task["suffix"].startswith("\n")
        assert task["canonical_solution"] == task["canonical_solution"].strip()
        typed = task["prompt"].rpartition("\n")[2]
        assert not (typed[-1:].isalnum() and task["canonical_solution"][0].isalnum()), "starts inside a word"
        assert typed.count('"') % 2 == 0, "starts inside a string"
    assert any(task["canonical_solution"] in CODE_LINES for task in drawn), "whole lines"
    assert any(task["canonical_solution"] not in CODE_LINES for task in drawn), "rests of lines"


def line_of(task: dict[str, Any]) -> str:
    """The line with the hole, without its indentation."""
    return (task["prompt"].rpartition("\n")[2] + task["canonical_solution"]).strip()


def test_arguments_and_expressions_are_whole_nodes(tmp_path: Path) -> None:
    out = tmp_path / "tasks.jsonl"
    write_tasks(corpus(tmp_path, "f(alpha)\nbeta = gamma\n"), out, kinds=["argument", "expression"], count_per_kind=9)
    assert {(task["kind"], task["canonical_solution"]) for task in tasks(out)} == {
        ("argument", "alpha"),
        ("expression", "gamma"),
    }


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    folder = corpus(tmp_path, CODE, CODE.replace("walk", "crawl"))

    def drawn(name: str, **settings: Any) -> bytes:
        write_tasks(folder, tmp_path / name, **{"count_per_kind": 5, **settings})
        return (tmp_path / name).read_bytes()

    first = drawn("a", seed=7)
    assert drawn("b", seed=7) == first
    assert drawn("c", seed=8) != first
    assert first.startswith(drawn("d", seed=7, kinds=["line"]))


def test_fewer_holes_than_wanted(tmp_path: Path) -> None:
    written = write_tasks(corpus(tmp_path, "f(alpha)\n"), tmp_path / "t", kinds=["argument"], count_per_kind=5)
    assert written == {"argument": 1}


def test_documents_that_do_not_parse_or_are_long_are_left_out(tmp_path: Path) -> None:
    broken, long, good = "f(bad\n", "f(long)\n" + "#" * MAX_DOCUMENT_CHARS, "f(good)\n"
    write_tasks(corpus(tmp_path, broken, long, good), tmp_path / "t", kinds=["argument"], count_per_kind=5)
    assert {task["canonical_solution"] for task in tasks(tmp_path / "t")} == {"good"}


@pytest.mark.parametrize("contents", [["# nothing\n"], ["x\n" * MAX_DOCUMENT_CHARS]])
def test_no_holes_at_all(tmp_path: Path, contents: list[str]) -> None:
    with pytest.raises(CorpusError, match="'argument'"):
        write_tasks(corpus(tmp_path, *contents), tmp_path / "t", kinds=["argument"])
    assert not (tmp_path / "t").exists()


def test_training_documents_are_not_touched(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no held-out document"):
        write_tasks(corpus(tmp_path, CODE, split="train"), tmp_path / "t")


def test_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'lines'; choose from line, argument, expression"):
        write_tasks(tmp_path, tmp_path / "t", kinds=["lines"])


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("dear")
    with pytest.raises(SettingsError, match="exists already"):
        write_tasks(corpus(tmp_path, CODE), tmp_path / "t")
    assert (tmp_path / "t").read_text() == "dear"


def test_statements_blocks_and_complete_places_are_drawn_on_demand(tmp_path: Path) -> None:
    out = tmp_path / "tasks.jsonl"
    kinds = ["statement", "block", "complete"]
    assert write_tasks(corpus(tmp_path, CODE), out, kinds=kinds, count_per_kind=3) == dict.fromkeys(kinds, 3)
    for task in tasks(out):
        assert task["prompt"] + task["canonical_solution"] + task["suffix"] == CODE
        assert (task["canonical_solution"] == "") == (task["kind"] == "complete")


def test_where_nothing_is_missing_a_statement_a_block_or_an_argument_ends(tmp_path: Path) -> None:
    out = tmp_path / "tasks.jsonl"
    write_tasks(corpus(tmp_path, CODE), out, kinds=["complete"], count_per_kind=40)
    drawn = tasks(out)
    assert len(drawn) > 10
    for task in drawn:
        assert task["suffix"][0] in "\n,)"
        assert task["suffix"].strip()
        assert not task["prompt"].endswith((" ", "\n", "(", ","))


def test_unknown_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no tasks of kind 'poem'; choose from line, argument"):
        write_tasks(corpus(tmp_path, CODE), tmp_path / "tasks.jsonl", kinds=["poem"])


def test_tasks_bring_the_nearest_files_of_their_package(tmp_path: Path) -> None:
    places = [("snakes", "a/b/one.py"), ("snakes", "a/b/two.py"), ("snakes", "a/three.py"), ("birds", "a/b/four.py")]
    rows = [Row(f"{CODE}# {path}\n", path, package, "1", "MIT") for package, path in places]
    write_shards(rows, tmp_path, "heldout")
    write_tasks(tmp_path, tmp_path / "some.jsonl", kinds=["line"], count_per_kind=60, n_elsewhere=2)
    write_tasks(tmp_path, tmp_path / "none.jsonl", kinds=["line"], count_per_kind=60)
    found = tasks(tmp_path / "some.jsonl")
    assert [{**task, "elsewhere": None} for task in found] == [
        {**task, "elsewhere": None} for task in tasks(tmp_path / "none.jsonl")
    ]
    of_one = [task["elsewhere"] for task in found if "a/b/one.py:" in task["task_id"]]
    assert of_one
    assert all([text.rsplit("# ", 1)[1] for text in each] == ["a/b/two.py\n", "a/three.py\n"] for each in of_one)
    assert all(task["elsewhere"] == [] for task in found if "birds" in task["task_id"])


def test_words_are_drawn_in_natural_language_only(tmp_path: Path) -> None:
    text = "Snakes walk slowly.\nThey have no feet, which\nhelps them little.\n"
    rows = [Row(CODE, "m.py", "snakes", "1", "MIT"), Row(text, "README.md", "snakes", "1", "MIT", "text")]
    write_shards(rows, tmp_path, "heldout")
    write_tasks(tmp_path, tmp_path / "t", kinds=["words"], count_per_kind=12)
    drawn = tasks(tmp_path / "t")
    assert len(drawn) == 12
    for task in drawn:
        middle = task["canonical_solution"]
        assert task["prompt"] + middle + task["suffix"] == text
        assert "\n" not in middle
        assert 1 <= len(middle.split()) <= 4
        beside = task["prompt"][-1:] + task["suffix"][:1]
        assert not any(char.isalpha() for char in beside), "whole words"
