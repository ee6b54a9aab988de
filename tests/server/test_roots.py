from __future__ import annotations

import os
from pathlib import Path

import pytest
from lsprotocol import types as t

from mim_lsp.server.roots import changed_roots, workspace_roots

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths of POSIX systems")


def roots(**given: object) -> tuple[Path, ...]:
    return workspace_roots(t.InitializeParams(capabilities=t.ClientCapabilities(), **given))  # type: ignore[arg-type]


def test_folders_come_before_the_older_fields() -> None:
    folders = [t.WorkspaceFolder("file:///a%20b", "a"), t.WorkspaceFolder("file:///c", "c")]
    assert roots(workspace_folders=folders, root_uri="file:///d", root_path="/e") == (Path("/a b"), Path("/c"))
    assert roots(root_uri="file:///d", root_path="/e") == (Path("/d"),)
    assert roots(root_path="/e") == (Path("/e"),)


def test_folders_that_are_added_come_last() -> None:
    added = [t.WorkspaceFolder("file:///c", "c"), t.WorkspaceFolder("file:///a", "a")]
    removed = [t.WorkspaceFolder("file:///b%20b", "b")]
    event = t.WorkspaceFoldersChangeEvent(added, removed)
    assert changed_roots((Path("/a"), Path("/b b")), event) == (Path("/a"), Path("/c"))


def test_folders_that_are_not_on_this_machine_are_none() -> None:
    folders = [t.WorkspaceFolder("vscode-remote://ssh-remote%2Bh/a", "a"), t.WorkspaceFolder("file:///c%3A/w", "w")]
    assert roots(workspace_folders=folders, root_path="/e") == ()
    assert roots() == ()
