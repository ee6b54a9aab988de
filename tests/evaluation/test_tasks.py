"""Reading tasks, and what a malformed file is answered with."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.errors import DocumentError
from mim_lsp.evaluation.tasks import InfillingTask, read_tasks

FIELDS = {"task_id": "a/0", "prompt": "x = ", "suffix": "\n", "canonical_solution": "1"}


def written(tmp_path: Path, *lines: str | bytes, name: str = "tasks.jsonl") -> Path:
    path = tmp_path / name
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return path


def test_reads_all_fields_and_ignores_others(tmp_path: Path) -> None:
    fields = {**FIELDS, "test": "def check(f): pass", "entry_point": "f", "kind": "line", "docs": ["other"]}
    (task,) = read_tasks(written(tmp_path, json.dumps(fields)))
    assert task == InfillingTask("a/0", "x = ", "\n", "1", "def check(f): pass", "f", "line")
    assert task.can_run


def test_a_task_may_have_other_files(tmp_path: Path) -> None:
    (task,) = read_tasks(written(tmp_path, json.dumps({**FIELDS, "elsewhere": ["a = 1\n", "b = 2\n"]})))
    assert task.elsewhere == ("a = 1\n", "b = 2\n")


@pytest.mark.parametrize("elsewhere", ["a = 1", [1], {"a": "b"}])
def test_other_files_must_be_texts(tmp_path: Path, elsewhere: object) -> None:
    with pytest.raises(DocumentError, match="line 1 is not an infilling task: 'elsewhere' must be a list of texts"):
        read_tasks(written(tmp_path, json.dumps({**FIELDS, "elsewhere": elsewhere})))


@pytest.mark.parametrize("absent", [{}, {"test": None, "entry_point": None, "kind": None}, {"test": "t"}])
def test_optional_fields_may_lack(tmp_path: Path, absent: dict[str, str | None]) -> None:
    (task,) = read_tasks(written(tmp_path, json.dumps({**FIELDS, **absent})))
    assert task.entry_point is None
    assert not task.can_run


@pytest.mark.parametrize("name", ["tasks.jsonl", "tasks.jsonl.gz", "tasks"])
def test_gzip_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    line = json.dumps(FIELDS).encode()
    assert read_tasks(written(tmp_path, gzip.compress(line), name=name)) == read_tasks(written(tmp_path, line))


def test_blank_lines_and_a_byte_order_mark_are_no_tasks(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + json.dumps(FIELDS).encode(), "", "  ", json.dumps(FIELDS), "")
    assert len(read_tasks(path)) == 2


def test_the_limit_leaves_what_follows_unread(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(FIELDS), json.dumps({**FIELDS, "task_id": "a/1"}), "broken")
    assert [task.task_id for task in read_tasks(path, limit=2)] == ["a/0", "a/1"]
    with pytest.raises(DocumentError):
        read_tasks(path, limit=3)


@given(prompt=st.text(), suffix=st.text())
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, prompt: str, suffix: str) -> None:
    line = json.dumps({**FIELDS, "prompt": prompt, "suffix": suffix}, ensure_ascii=False)
    path = tmp_path_factory.mktemp("tasks") / "tasks.jsonl"
    path.write_bytes(line.encode())
    (task,) = read_tasks(path)
    assert (task.prompt, task.suffix) == (prompt, suffix)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not JSON"),
        (b"\xff\xfe\xfa", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "'task_id'"),
        (json.dumps({**FIELDS, "prompt": 3}), "'prompt'"),
        (json.dumps({**FIELDS, "kind": ["line"]}), "'kind'"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str | bytes, complaint: str) -> None:
    path = written(tmp_path, json.dumps(FIELDS), "", line)
    with pytest.raises(DocumentError, match=rf"tasks\.jsonl, line 3 .*{complaint}"):
        read_tasks(path)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", gzip.compress(b""), gzip.compress(json.dumps(FIELDS).encode())[:-9], b"\x1f\x8b broken"]
)
def test_a_file_without_tasks_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentError, match=r"tasks\.jsonl"):
        read_tasks(written(tmp_path, content))


@pytest.mark.parametrize("name", ["absent.jsonl", "."])
def test_a_path_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(DocumentError, match="cannot read"):
        read_tasks(tmp_path / name)
