"""Which other files a model's memory is given."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mim_lsp.completion import CompletionOptions, RuntimeOptions, open_completer, other_files
from mim_lsp.completion.exclusion import Exclusions
from mim_lsp.completion.other_files import OtherFiles


def write(path: Path, text: str, age: int = 0) -> Path:
    """A file that was changed so many seconds before others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (1_000_000 - age, 1_000_000 - age))
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    write(folder / "pkg/main.py", "saved\n")
    write(folder / "pkg/near.py", "near\n", age=2)
    write(folder / "pkg/newer.py", "newer\n", age=1)
    write(folder / "pkg/page.js", "script\n")
    write(folder / "above.py", "above\n")
    write(folder / "other/far.py", "far\n")
    write(tmp_path / "outside.py", "outside\n")
    return folder


def opened(workspace: Path, *texts: tuple[str, str], patterns: tuple[str, ...] = ()) -> OtherFiles:
    """With these documents open, the last one changed last; `pkg/main.py` before all."""
    files = OtherFiles(Exclusions(patterns, roots=[workspace]))
    for name, text in (("pkg/main.py", "typed\n"), *texts):
        files.update(uri(workspace, name), text)
    return files


def uri(workspace: Path, name: str) -> str:
    return (workspace / name).as_uri()


def beside(files: OtherFiles, workspace: Path, name: str = "pkg/main.py") -> tuple[str, ...]:
    files.refresh(uri(workspace, name))
    return files.beside(uri(workspace, name))


def test_files_of_the_folder_come_first_the_newest_of_them_before_the_others(workspace: Path) -> None:
    assert beside(opened(workspace), workspace) == ("newer\n", "near\n", "above\n")


def test_open_documents_come_before_all_as_they_are_in_the_editor(workspace: Path) -> None:
    files = opened(workspace, ("pkg/near.py", "near, typed\n"), ("other/far.py", "far, typed\r\n"))
    assert beside(files, workspace) == ("far, typed\n", "near, typed\n", "newer\n", "above\n")
    assert beside(files, workspace, "other/far.py")[:2] == ("near, typed\n", "typed\n")


def test_nothing_is_known_before_a_look_and_after_closing(workspace: Path) -> None:
    files = opened(workspace)
    assert files.beside(uri(workspace, "pkg/main.py")) == ()
    assert beside(files, workspace)
    files.close(uri(workspace, "pkg/main.py"))
    assert files.beside(uri(workspace, "pkg/main.py")) == ()
    assert beside(files, workspace) == ()


def test_what_changed_on_the_disk_is_read_again(workspace: Path) -> None:
    files = opened(workspace)
    beside(files, workspace)
    write(workspace / "pkg/newer.py", "newest\n")
    (workspace / "above.py").unlink()
    assert beside(files, workspace) == ("newest\n", "near\n")


def test_secrets_and_what_the_user_excludes_are_left_alone(workspace: Path) -> None:
    write(workspace / "pkg/.env.py", "secret\n")
    files = opened(workspace, ("pkg/near.py", "near, typed\n"), patterns=("near.py", ".env*"))
    assert beside(files, workspace) == ("newer\n", "above\n")


def test_links_and_files_outside_the_workspace_are_left_alone(workspace: Path) -> None:
    (workspace / "pkg/link.py").symlink_to(workspace.parent / "outside.py")
    files = opened(workspace, ("top.py", "top\n"))
    assert "outside\n" not in beside(files, workspace)
    assert "outside\n" not in beside(files, workspace, "top.py")


def test_other_languages_and_unknown_ones_are_left_alone(workspace: Path) -> None:
    files = opened(workspace, ("pkg/page.js", "script, typed\n"), ("notes", "a note\n"))
    assert beside(files, workspace) == ("newer\n", "near\n", "above\n")
    assert beside(files, workspace, "pkg/page.js") == ()
    assert beside(files, workspace, "notes") == ()


def test_a_document_that_is_no_file_has_the_open_ones(workspace: Path) -> None:
    files = opened(workspace)
    files.update("untitled:Untitled-1.py", "new\n")
    files.refresh("untitled:Untitled-1.py")
    assert files.beside("untitled:Untitled-1.py") == ("typed\n",)
    assert "new\n" in beside(files, workspace)


def test_there_is_an_end_to_it(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = opened(workspace, ("pkg/big.py", "x" * (other_files.MOST_CHARS_OF_ONE + 1)))
    write(workspace / "pkg/large.py", "x" * (other_files.MOST_CHARS_OF_ONE + 1))
    assert beside(files, workspace) == ("newer\n", "near\n", "above\n")
    monkeypatch.setattr(other_files, "MOST_CHARS", len("newer\nnear\n"))
    assert beside(files, workspace) == ("newer\n", "near\n")
    monkeypatch.setattr(other_files, "MOST_FILES", 1)
    assert beside(files, workspace) == ("newer\n",)


def test_a_folder_that_is_gone_is_no_error(workspace: Path) -> None:
    files = opened(workspace, ("gone/a.py", "a\n"))
    assert beside(files, workspace, "gone/a.py") == ("typed\n", "above\n")


SIBLING = """
def close_month(ledger):
    for invoice in ledger.open_invoices():
        apply_regional_discount(invoice, invoice.customer.region_code, minimum_total=80)
        ledger.settle(invoice)
"""
HERE = """from billing import apply_regional_discount


def yearly(ledger):
    for invoice in ledger.open_invoices():
        apply_reg|
        ledger.settle(invoice)
"""


def test_the_embedded_model_writes_a_call_as_a_file_beside_it_does() -> None:
    offset, text = HERE.index("|"), HERE.replace("|", "")
    completer = open_completer(options=RuntimeOptions(threads=1))
    options = CompletionOptions(eagerness=1.0, candidates=3)
    written = [
        [one.text for one in completer.complete(text, offset, replace(options, elsewhere=files)).candidates]
        for files in ((), (SIBLING,))
    ]
    call = "ional_discount(invoice, invoice.customer.region_code, minimum_total=80)"
    assert [call in each for each in written] == [False, True]
