from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.decontaminate import Decontaminator, Task, is_telling, read_tasks
from mim_lsp.training.corpus.words import WordHashes, hash_words, split_words

PROMPT = (
    'def cheapest_fare(stops):\n    """Find the cheapest fare of a journey through the stops."""\n    best = None\n'
)
SOLUTION = "    for stop in stops:\n        best = stop.fare if best is None else min(best, stop.fare)\n"
SUFFIX = "    return best\n"
FIELDS = {"prompt": PROMPT, "canonical_solution": SOLUTION, "suffix": SUFFIX, "entry_point": "cheapest_fare"}
TASK = Task(PROMPT + SOLUTION + SUFFIX, "cheapest_fare")


def is_contaminated(text: str, *tasks: Task) -> bool:
    known = WordHashes()
    return Decontaminator(tasks, known).is_contaminated(text, hash_words(split_words(text), known))


@pytest.mark.parametrize("packed", [False, True])
def test_tasks_are_read_plain_and_packed(tmp_path: Path, packed: bool) -> None:
    data = (json.dumps(FIELDS) + "\n\n" + json.dumps({"prompt": "p", "canonical_solution": "c"}) + "\n").encode()
    path = tmp_path / ("tasks.jsonl.gz" if packed else "tasks.jsonl")
    path.write_bytes(gzip.compress(data) if packed else data)
    assert read_tasks([path]) == [TASK, Task("pc")]


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("tasks.jsonl", b"{", "cannot read evaluation tasks"),
        ("tasks.jsonl", b"\xff", "cannot read evaluation tasks"),
        ("tasks.jsonl.gz", b"not gzip", "cannot read evaluation tasks"),
        ("tasks.jsonl.gz", gzip.compress(b"{}" * 1000)[:20], "cannot read evaluation tasks"),
        ("tasks.jsonl", b'{"prompt": "p"}', "line 1 is not an evaluation task"),
        ("tasks.jsonl", b"[1]", "line 1 is not an evaluation task"),
        ("tasks.jsonl", b'{"prompt": "p", "canonical_solution": null}', "line 1 is not an evaluation task"),
    ],
)
def test_what_is_no_task_file_is_refused(tmp_path: Path, name: str, data: bytes, complaint: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=complaint):
        read_tasks([path])


def test_a_missing_task_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cannot read evaluation tasks"):
        read_tasks([tmp_path / "absent.jsonl"])


def test_a_copied_task_is_found_however_it_is_laid_out() -> None:
    assert is_contaminated(TASK.text, TASK)
    assert is_contaminated("import os\n\n\nclass A:\n" + TASK.text.replace("\n", "\n    "), TASK)


def test_ten_telling_words_in_a_row_are_enough_and_nine_are_not() -> None:
    words = ["the", "cheapest", "fare", "of", "a", "journey", "through", "the", "stops", "quickly"]
    task = Task(" ".join(words))
    assert is_contaminated("x = 1  # " + " ".join(words), task)
    assert not is_contaminated("x = 1  # " + " ".join(words[:9]), task)
    assert not is_contaminated("x = 1  # " + " ".join(words[:9]) + " slowly", task)


@pytest.mark.parametrize(
    "idiom",
    [
        "for i in range(len(s)):\n    if i == 0:\n        return False\n",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]",
        "(x: int, y: int) -> int:\n    return x + y if x > y else y\n",
    ],
)
def test_idioms_of_the_language_do_not_count(idiom: str) -> None:
    assert not is_contaminated(idiom, Task(idiom))


def test_a_window_tells_by_its_own_words() -> None:
    assert is_telling(["fare", "journey", "(", ")"])
    assert not is_telling(["fare", "fare", "FARE", "return", "ValueError", "len", "ab", "x1"])


def test_the_entry_point_with_its_docstring_is_found_without_any_shared_window() -> None:
    task = Task('def add(x: int, y: int):\n    """Add two numbers x and y\n    """\n    return x + y\n', "add")
    assert is_contaminated('def add(first, second):\n    r"""Add two\n    numbers x and y\n\n    More."""\n', task)
    assert not is_contaminated('def plus(first, second):\n    """Plainly add two numbers x and y"""\n', task)
    assert not is_contaminated('def add(first, second):\n    """Add two vectors."""\n', task)


def test_without_tasks_nothing_is_contaminated() -> None:
    assert not is_contaminated(TASK.text)
    assert not is_contaminated("", TASK)
