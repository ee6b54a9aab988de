from __future__ import annotations

import io

import pytest
from rich.console import Console

from mim_lsp.completion.show import show
from mim_lsp.completion.types import Candidate, CompletionResult, ElapsedMs

TEXT = "def total(xs):\n    return \n"
CURSOR = len(TEXT) - 1
MET = Candidate("sum(xs)", 0.83, "met", meeting_point=4)


def shown(
    result: CompletionResult, text: str = TEXT, offset: int = CURSOR, *, terminal: bool = False, width: int = 80
) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=terminal, color_system="standard" if terminal else None, width=width
    )
    show(console, text, offset, result, "nano")
    return str(console.file.getvalue())


@pytest.fixture(autouse=True)
def _no_display_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


def result_of(*candidates: Candidate) -> CompletionResult:
    return CompletionResult(candidates, met=True, verified=True, steps=2, tokens=5, elapsed_ms=ElapsedMs(3.2, 4.1, 7.6))


def test_without_a_terminal_the_insertion_stands_in_brackets() -> None:
    page = shown(result_of(MET))
    assert "1 │ def total(xs):\n2 │     return ⟦sum(xs)⟧\n3 │ \n" in page
    assert "\x1b" not in page


def test_on_a_terminal_each_side_has_its_colour() -> None:
    page = shown(result_of(MET), terminal=True)
    assert "⟦" not in page
    assert "\x1b[1;30;42msum(\x1b[0m\x1b[1;37;44mxs)\x1b[0m" in page


def test_no_color_turns_to_brackets_on_a_terminal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    page = shown(result_of(MET), terminal=True)
    assert "⟦sum(xs)⟧" in page
    assert "\x1b[1;30;42m" not in page


def test_meeting_point_confidence_and_milliseconds_are_told() -> None:
    page = shown(result_of(MET))
    assert "meeting point: after 4 of 7 characters, 'sum(' + 'xs)' (verified)" in page
    assert "confidence:    83%" in page
    assert "time:          8 ms (reading 3 ms, writing 4 ms)" in page
    assert "model:         nano" in page


@pytest.mark.parametrize("source", ["forward", "backward"])
def test_a_side_that_wrote_alone_is_named(source: str) -> None:
    page = shown(result_of(Candidate("x", 0.5, source)))
    assert f"meeting point: none, the {source} side wrote all of it" in page


def test_other_candidates_are_listed_with_markup_left_alone() -> None:
    page = shown(result_of(MET, Candidate("xs[bold]", 0.25, "forward")))
    assert "also:          'xs[bold]' (confidence 25%, forward)" in page


def test_nothing_offered_gives_the_reason_and_the_unchanged_lines() -> None:
    page = shown(CompletionResult(reason="low_confidence"))
    assert "nothing offered: low_confidence" in page
    assert "⟦" not in page
    assert "2 │     return \n" in page


def test_lines_keep_their_numbers_far_down_in_a_file_with_any_line_ending() -> None:
    text = "\r\n".join(f"row{n}" for n in range(1, 41))
    page = shown(result_of(MET), text, text.index("row20"))
    assert "14 │ row14\n" in page
    assert "20 │ ⟦sum(xs)⟧row20\n" in page
    assert "26 │ row26\n" in page
    assert "row13" not in page
    assert "row27" not in page


def test_long_lines_are_shortened_around_the_cursor_and_never_wrapped() -> None:
    line = "a" * 500 + "|" + "b" * 500
    page = shown(result_of(MET), f"{'c' * 500}\n{line}\n", 501 + 500, width=20)
    rows = page.split("\n")
    assert rows[0] == f"1 │ {'c' * 160}…"
    assert rows[1] == f"2 │ …{'a' * 160}⟦sum(xs)⟧|{'b' * 159}…"


def test_control_characters_never_reach_the_terminal() -> None:
    page = shown(
        result_of(Candidate("\x1b]0;title\x07", 0.5, "forward")), "x = '\x1b[2J\x9b'\x08\r\ny", 5, terminal=True
    )
    assert "␛[2J" in page
    assert "␛]0;title␇" in page
    assert not set("\x07\x08\x9b\r") & set(page)


def test_empty_document_can_be_shown() -> None:
    assert "1 │ ⟦sum(xs)⟧\n" in shown(result_of(MET), "", 0)
