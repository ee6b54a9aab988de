from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.deny_list import DENY_LIST
from mim_lsp.completion.exclusion import MOST_BYTES, Exclusions, is_generated, is_pattern, unfit

SECRET = [
    "file:///w/.env",
    "file:///w/.env.production",
    "file:///w/.ENV",
    "file:///w/prod.env",
    "file:///w/.envrc",
    "file:///w/.dev.vars",
    "file:///w/deep/er/server.pem",
    "file:///w/server.PEM",
    "file:///w/id_rsa",
    "file:///w/id_ed25519.pub",
    "file:///w/auth.json",
    "file:///w/secrets.yml",
    "file:///w/db.sqlite3",
    "file:///w/old.bak",
    "file:///home/a/.aws/config",
    "file:///home/a/.ssh/config",
    "file:///home/a/.docker/config.json",
    "file:///w/secrets/api.py",
    "file:///w/.env/lib/site.py",
    "file:///c%3A/Users/A/.AWS/credentials",
    "file:///C:/w/Server.Key",
    "file://server/share/.env",
    "untitled:.env",
    "untitled:/w/.env.local",
    "vscode-remote://ssh-remote%2Bhost/home/a/.env",
    "C:\\w\\.env",
    "/w/.netrc",
    "/home/u/a:b#c/.env",
    "/home/u/a:b?c/.env",
]
ORDINARY = [
    "file:///w/env/app.py",
    "file:///w/keys/maps.py",
    "file:///w/private/app.py",
    "file:///w/config.json",
    "file:///w/config.yaml",
    "file:///w/settings.json",
    "file:///w/appsettings.json",
    "file:///w/docker-compose.override.yml",
    "file:///w/pyproject.toml",
    "file:///w/environment.py",
    "file:///w/credentials.py",
    "file:///w/token.py",
    "file:///w/secrets.py",
    "file:///w/keyfile.txt",
    "untitled:Untitled-1",
    "file:///w/",
    "",
]


@pytest.mark.parametrize("uri", SECRET)
def test_secrets_are_excluded(uri: str) -> None:
    assert Exclusions().excludes(uri)


@pytest.mark.parametrize("uri", ORDINARY)
def test_ordinary_files_are_not(uri: str) -> None:
    assert not Exclusions().excludes(uri)


def test_patterns_of_the_list_are_in_lower_case_like_the_names_they_are_compared_with() -> None:
    patterns = [pattern for _, group in DENY_LIST for pattern in group]
    assert patterns == [pattern.lower() for pattern in patterns]
    assert len(set(patterns)) == len(patterns)


def test_a_users_patterns_come_on_top_and_can_allow_again() -> None:
    exclusions = Exclusions(["*.snap.py", "/gen/", "!.env.example", "!secrets/"], [Path("/w")])
    assert exclusions.excludes("file:///w/tests/a.snap.py")
    assert exclusions.excludes("file:///w/gen/deep/a.py")
    assert not exclusions.excludes("file:///w/src/gen/a.py")
    assert not exclusions.excludes("file:///w/.env.example")
    assert exclusions.excludes("file:///w/.env")


def test_the_last_pattern_that_fits_decides() -> None:
    assert not Exclusions(["*.py", "!a.py"]).excludes("file:///w/a.py")
    assert Exclusions(["!a.py", "*.py"]).excludes("file:///w/a.py")


def test_a_link_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KEY=1")
    (tmp_path / "notes.py").symlink_to(tmp_path / ".env")
    exclusions = Exclusions(roots=[tmp_path])
    assert exclusions.excludes((tmp_path / "notes.py").as_uri())
    assert exclusions.read_allowed(tmp_path / "notes.py") is None


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "a.py").write_text("x = '😀'\n", encoding="utf-8-sig")
    (tmp_path / "outside.py").write_text("x = 1\n")
    return root


def test_a_file_of_the_workspace_is_read(workspace: Path) -> None:
    assert Exclusions(roots=[workspace]).read_allowed(workspace / "a.py") == "x = '😀'\n"


def test_the_workspace_may_be_reached_over_a_link(workspace: Path) -> None:
    link = workspace.parent / "link"
    link.symlink_to(workspace)
    assert Exclusions(roots=[link]).read_allowed(link / "a.py") is not None
    assert Exclusions(["/a.py"], roots=[link]).read_allowed(link / "a.py") is None


def test_nothing_outside_the_workspace_is_read(workspace: Path) -> None:
    exclusions = Exclusions(roots=[workspace])
    (workspace / "link.py").symlink_to(workspace.parent / "outside.py")
    (workspace / "linked").symlink_to(workspace.parent)
    sibling = workspace.parent / "workspace2"
    sibling.mkdir()
    (sibling / "a.py").write_text("x = 1\n")
    for path in ("link.py", "../outside.py", "linked/outside.py", "../workspace2/a.py", "missing.py", "."):
        assert exclusions.read_allowed(workspace / path) is None
    assert Exclusions().read_allowed(workspace / "a.py") is None


@pytest.mark.parametrize(
    "content",
    [b"\0\1", b"x = 1\n" + b"#" * MOST_BYTES, b"\xff\xfe", b"# @generated\nx = 1\n"],
    ids=lambda c: str(c[:9]),
)
def test_a_file_that_is_unfit_is_not_read(workspace: Path, content: bytes) -> None:
    (workspace / "b.py").write_bytes(content)
    assert Exclusions(roots=[workspace]).read_allowed(workspace / "b.py") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", None),
        ("x = 1\n", None),
        ("x" * MOST_BYTES, None),
        ("x" * (MOST_BYTES + 1), "too_large"),
        ("é" * (MOST_BYTES // 2 + 1), "too_large"),
        ("\ud800" * 10, None),
        ("x\0", "binary"),
        ("# Code generated by mockgen. DO NOT EDIT.\n", "generated"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_text_is_unfit_whatever_its_name(text: str, reason: str | None) -> None:
    assert unfit(text) == reason


@pytest.mark.parametrize(
    "head",
    [
        "// Code generated by protoc-gen-go. DO NOT EDIT.",
        "# Generated by the protocol buffer compiler.  DO NOT EDIT!",
        "/* @generated */",
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# This file is automatically generated by tool.",
        '"""Autogenerated by Thrift.\n# DO NOT EDIT: generated."""',
        "<!-- auto-generated file -->",
        "-- Do not modify, it is\n-- generated.",
    ],
)
def test_generated_code_is_known_by_its_first_comments(head: str) -> None:
    assert is_generated(f"{head}\nx = 1\n")


@pytest.mark.parametrize(
    "text",
    [
        'MARK = "Code generated by us. DO NOT EDIT."\n',
        "# Tests of the texts that are generated.\n",
        "# do not edit the settings here\n",
        "x = 1\n" * 40 + "# @generated\n",
        "# regenerated by nobody\n",
    ],
)
def test_code_that_only_speaks_of_it_is_not(text: str) -> None:
    assert not is_generated(text)


@given(st.text())
def test_no_uri_and_no_text_breaks_it(text: str) -> None:
    Exclusions(roots=[Path("/w")]).names(text)
    assert unfit(text) in (None, "binary", "generated")


# Of `[[]`, which will mean something else to a later `re`.
@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@given(st.text(st.sampled_from("*?[]!/\\ab #\n-^"), max_size=12))
def test_every_pattern_that_is_taken_can_be_used_and_is_quick(pattern: str) -> None:
    if is_pattern(pattern):
        started = time.monotonic()
        Exclusions([pattern]).names("/w/" + "a" * 100)
        assert time.monotonic() - started < 1


@pytest.mark.parametrize(("pattern", "taken"), [("**/a/**/*b*", True), ("*a*a*a*a*b", False), ("!", False)])
def test_patterns_that_cannot_be_used_are_not_taken(pattern: str, taken: bool) -> None:
    assert is_pattern(pattern) == taken
