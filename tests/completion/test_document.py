from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.document import Location, offset_at, parse_location, read_cursor, read_document
from mim_lsp.errors import DocumentError, SettingsError


@pytest.mark.parametrize(
    ("text", "path", "line", "column"),
    [
        ("a.py:3:7", "a.py", 3, 7),
        (r"C:\code\a.py:3:7", r"C:\code\a.py", 3, 7),
        ("odd:name:1:2:3:4", "odd:name:1:2", 3, 4),
        ("with space/ä.py:10:1", "with space/ä.py", 10, 1),
        ("line\nbreak.py:1:1", "line\nbreak.py", 1, 1),
        ("a.py:-1:0", "a.py", -1, 0),
    ],
)
def test_location_is_split_from_the_right(text: str, path: str, line: int, column: int) -> None:
    assert parse_location(text) == Location(Path(path), line, column)


@pytest.mark.parametrize(
    "text", ["", "a.py", "a.py:3", "a.py:3:", "a.py:x:1", "a.py:1:x", ":1:1", "a.py:1:2 ", "a.py:٣:1", "a.py:1:1e3"]
)
def test_anything_else_is_refused_with_the_form_to_use(text: str) -> None:
    with pytest.raises(SettingsError, match="PATH:LINE:COLUMN, for example"):
        parse_location(text)


def test_line_endings_are_kept_exactly(tmp_path: Path) -> None:
    path = tmp_path / "mixed.py"
    path.write_bytes(b"a\r\nb\nc\rd\x0c\n\n")
    assert read_document(path) == "a\r\nb\nc\rd\x0c\n\n"


def test_byte_order_mark_does_not_shift_columns(tmp_path: Path) -> None:
    path = tmp_path / "bom.py"
    path.write_bytes("\ufeffx = 1\n".encode())
    assert read_document(path) == "x = 1\n"


def test_empty_file_is_a_document(tmp_path: Path) -> None:
    path = tmp_path / "empty.py"
    path.touch()
    assert read_document(path) == ""


def test_nul_after_the_head_is_text(tmp_path: Path) -> None:
    path = tmp_path / "late.py"
    path.write_bytes(b"#" * 8192 + b"\0")
    assert read_document(path).endswith("\0")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\x7fELF\0\0", "is a binary file"), (b"caf\xe9 = 1\n", r"not UTF-8 text \(byte 3\)")],
)
def test_what_is_not_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "blob"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=message):
        read_document(path)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="does not exist"):
        read_document(tmp_path / "missing.py")
    with pytest.raises(DocumentError, match="is a folder"):
        read_document(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_named_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DocumentError, match="not a regular file"):
        read_document(tmp_path / "pipe")


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.py"
    path.touch()

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    # Not by chmod: a test run as root may read everything.
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DocumentError, match="cannot be read: Permission denied"):
        read_document(path)


@pytest.mark.parametrize(
    ("text", "line", "column", "offset"),
    [
        ("", 1, 1, 0),
        ("ab", 1, 3, 2),
        ("ab\n", 2, 1, 3),
        ("ab\r\ncd", 1, 3, 2),
        ("ab\r\ncd", 2, 1, 4),
        ("ab\rcd", 2, 2, 4),
        ("a\x0cb\u2028c\n", 1, 6, 5),
        ("x = '😀é'\n", 1, 8, 7),
        ("\t\tx\n", 1, 3, 2),
    ],
)
def test_offset_of_a_place(text: str, line: int, column: int, offset: int) -> None:
    assert offset_at(text, line, column) == offset


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        (0, 1, "line 0 lies outside the file; valid lines are 1 to 3"),
        (4, 1, "valid lines are 1 to 3"),
        (-1, 1, "valid lines are 1 to 3"),
        (1, 0, "column 0 lies outside line 1; valid columns there are 1 to 3"),
        (1, 4, "valid columns there are 1 to 3"),
        (3, 2, "column 2 lies outside line 3; valid columns there are 1 to 1"),
    ],
)
def test_place_outside_names_the_valid_range(line: int, column: int, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        offset_at("ab\r\ncde\n", line, column)


@given(st.text(st.sampled_from("ab \t\r\n😀"), max_size=40))
def test_places_walk_every_offset_outside_line_breaks(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reached = [offset_at(text, row, column) for row, line in enumerate(lines, 1) for column in range(1, len(line) + 2)]
    inside_breaks = [at for at in range(1, len(text)) if text[at - 1 : at + 1] == "\r\n"]
    assert sorted(reached + inside_breaks) == list(range(len(text) + 1))


def test_a_cursor_is_read_with_its_text(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\ny = 2\n")
    assert read_cursor(f"{path}:2:3") == ("x = 1\ny = 2\n", 8)


@pytest.mark.parametrize("name", [".env", "link.py"])
def test_a_file_that_holds_secrets_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / ".env").write_text("KEY=1\n")
    (tmp_path / "link.py").symlink_to(tmp_path / ".env")
    with pytest.raises(DocumentError, match="never read"):
        read_cursor(f"{tmp_path / name}:1:1")


def test_a_file_that_a_program_wrote_is_not_completed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# @generated\n")
    with pytest.raises(DocumentError, match="a program generated it"):
        read_cursor(f"{tmp_path / 'a.py'}:1:1")
