from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.uris import local_path, path_in


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/a/x.py", "/home/a/x.py"),
        ("file:///home/a/gr%C3%B6%C3%9Fe%20%23.py", "/home/a/größe #.py"),
        ("file:///c%3A/Users/a/x.py", "c:/Users/a/x.py"),
        ("file:///C:/Users/a/x.py", "c:/Users/a/x.py"),
        ("file:///c:", "c:"),
        ("file://server/share/x.py", "//server/share/x.py"),
        ("file://localhost/home/x.py", "/home/x.py"),
        ("vscode-remote://ssh-remote%2Bhost/home/a/.env", "/home/a/.env"),
        ("vscode-remote://wsl%2Bubuntu/c%3A/a/.env", "c:/a/.env"),
        ("vscode-notebook-cell:/home/a/n.ipynb#W0", "/home/a/n.ipynb"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("untitled:/home/a/.env", "/home/a/.env"),
        ("C:\\Users\\a\\x.py", "c:/Users/a/x.py"),
        ("\\\\server\\share\\x.py", "//server/share/x.py"),
        ("/home/a/x.py", "/home/a/x.py"),
        ("src/x.py", "src/x.py"),
        ("/home/a:b/x.py", "/home/a:b/x.py"),
        ("/home/a:b#c/%41?/x.py", "/home/a:b#c/%41?/x.py"),
        ("/home/a://b#c/x.py", "/home/a://b#c/x.py"),
        ("/c:/a#b/x.py", "c:/a#b/x.py"),
        ("", ""),
        ("file://[", "file://["),
    ],
)
def test_the_path_in_a_uri(uri: str, path: str) -> None:
    assert path_in(uri) == path


@pytest.mark.skipif(os.name == "nt", reason="a path of POSIX systems")
@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/a/x%20y.py", Path("/home/a/x y.py")),
        ("file:///c%3A/x.py", None),
        ("file://server/share/x.py", None),
        ("untitled:Untitled-1", None),
        ("untitled:/home/a/x.py", None),
        ("vscode-remote://ssh-remote%2Bhost/home/a/x.py", None),
        ("/home/a/x.py", None),
        ("file://", None),
        ("file:///a%00b", None),
        ("file://[", None),
    ],
)
def test_the_file_of_this_machine(uri: str, path: Path | None) -> None:
    assert local_path(uri) == path


@pytest.mark.skipif(os.name == "nt", reason="a path of POSIX systems")
@given(st.text(st.characters(exclude_characters="\0/\\", exclude_categories=["Cs"]), min_size=1))
def test_every_file_is_found_by_its_uri(name: str) -> None:
    path = Path("/folder/x" + name)
    assert local_path(path.as_uri()) == path


@given(st.text() | st.text(st.sampled_from("file:/[]%2\\@?#c"), max_size=12))
def test_no_text_breaks_it(uri: str) -> None:
    assert "\\" not in path_in(uri)
    local_path(uri)
