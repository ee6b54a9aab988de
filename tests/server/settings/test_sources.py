from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mim_lsp.server.settings import Settings, Source, gather
from mim_lsp.server.settings.sources import read_project

LABEL = "[tool.mim-lsp] "


def project(**values: Any) -> Source:
    return Source(values, LABEL, is_project=True)


def test_nothing_set_means_the_defaults() -> None:
    assert gather([]) == (Settings(), [])
    assert gather([Source({}), project()]) == (Settings(), [])


def test_the_higher_source_wins() -> None:
    sources = [Source({"maxLines": 1}), Source({"maxLines": 2, "mode": "line"}), project(mode="block", meetNgram=4)]
    settings, problems = gather(sources)
    assert (settings.max_lines, settings.mode, settings.meet_ngram) == (1, "line", 4)
    assert problems == []


@pytest.mark.parametrize("unset", [None, Settings().eagerness])
def test_a_default_that_an_editor_sends_does_not_hide_what_the_project_says(unset: object) -> None:
    assert gather([Source({"eagerness": unset}), project(eagerness=0.9)])[0].eagerness == 0.9


def test_excluded_files_of_all_sources_add_up_with_the_highest_last() -> None:
    settings, _ = gather([Source({"exclude": ["!a"]}), project(exclude=["a", "b"])])
    assert settings.exclude == ("a", "b", "!a")


def test_a_wrong_value_costs_only_its_own_key() -> None:
    settings, problems = gather([Source({"eagerness": 2, "maxLines": 4})])
    assert settings == Settings(max_lines=4)
    assert problems == ["mim.eagerness must be a number from 0 to 1, not 2: 0.5 is used"]


def test_a_wrong_value_lets_the_lower_source_count() -> None:
    settings, problems = gather([Source({"mode": "all"}), project(mode="line")])
    assert settings.mode == "line"
    assert problems == [
        'mim.mode must be "auto", "line", "statement" or "block", not "all": "line" is used',
    ]


def test_a_long_wrong_value_is_told_in_short() -> None:
    (problem,) = gather([Source({"eagerness": "x" * 1000})])[1]
    assert len(problem) < 150


def test_a_project_cannot_set_what_concerns_the_machine() -> None:
    settings, problems = gather([project(model="./evil", stats=False)])
    assert settings == Settings()
    assert problems == [
        "[tool.mim-lsp] model concerns your machine and can only be set in the editor: null is used",
        "[tool.mim-lsp] stats concerns your machine and can only be set in the editor: true is used",
    ]


def test_unknown_keys_are_mistakes_in_a_project_and_none_in_an_editor() -> None:
    assert gather([Source({"serverCommand": ["mim-lsp"], "max_tokens": 3})]) == (Settings(), [])
    problems = gather([project(maxline=3, wings=2)])[1]
    assert problems == [
        "[tool.mim-lsp] maxline is not a setting; did you mean maxLines?",
        "[tool.mim-lsp] wings is not a setting",
    ]


def test_the_projects_file_may_write_keys_either_way(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.mim-lsp]\nmax-lines = 3\nmeetNgram = 4\nexclude = ["a"]\n')
    source, problem = read_project(tmp_path)
    assert problem is None
    assert source == project(maxLines=3, meetNgram=4, exclude=["a"])


@pytest.mark.parametrize("text", [None, "", "[tool.other]\na = 1", "tool = 3"])
def test_a_project_without_our_table_sets_nothing(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert read_project(tmp_path) == (None, None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[tool", "are not used"),
        (b"\xff", "are not used"),
        (b"tool.mim-lsp = 3", "must be a table"),
        (b"a = " + b"[" * 50_000, "are not used"),
        (b"#" * 2_000_001, "larger than 2 MB"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    source, line = read_project(tmp_path)
    assert source is None
    assert line is not None
    assert problem in line
    assert str(path) in line


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a kind of file of POSIX systems")
def test_a_file_that_is_none_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pyproject.toml")
    assert read_project(tmp_path) == (None, None)
