"""Typing in the middle of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from mim_lsp.completion.document import read_document
from mim_lsp.completion.types import CompletionOptions, CompletionResult, ElapsedMs
from mim_lsp.errors import DocumentError
from mim_lsp.evaluation.latency import LatencyReport, Place, choose_places, default_files, measure
from tests.evaluation.fakes import Call, ScriptedCompleter

OPTIONS = CompletionOptions(meet_ngram=3)
TEXT = "import os\n\nx = compute(1)\n\nprint(x)\n"
START, END = TEXT.index("compute"), TEXT.index("\n\nprint")


def answered(tokens: int, ms: float) -> CompletionResult:
    return CompletionResult(reason="blank", encoded_tokens=tokens, elapsed_ms=ElapsedMs(0.0, 0.0, ms))


def cached() -> ScriptedCompleter:
    """40 ms and 50 tokens for a document that it has not seen, 4 ms and 1 token for others, a second for one-offs."""

    def answer(call: Call) -> CompletionResult:
        if call.document is None:
            return answered(999, 1000.0)
        is_new = [earlier.document for earlier in completer.calls].count(call.document) == 1
        return answered(50, 40.0) if is_new else answered(1, 4.0)

    completer = ScriptedCompleter(answer)
    return completer


def test_types_the_true_text_key_by_key() -> None:
    completer = cached()
    measure(completer, [Place(TEXT, START, END)], options=OPTIONS, keys=3)
    warm_up, *typed = completer.calls
    assert warm_up.document is None
    before, after = TEXT[:START], TEXT[END:]
    expected = [(before + so_far + after, len(before + so_far)) for so_far in ("", "c", "co", "com")]
    assert [(call.text, call.offset) for call in typed] == expected
    assert {call.options for call in typed} == {OPTIONS}


def test_ends_with_the_line() -> None:
    completer = cached()
    report = measure(completer, [Place(TEXT, START, END)], options=OPTIONS, keys=1000)
    assert completer.calls[-1][:2] == (TEXT, END)
    assert report.keys == len("compute(1)")


def test_every_place_is_a_document_that_is_forgotten_afterwards() -> None:
    completer = cached()
    places = [Place(TEXT, START, END), Place(TEXT, 0, 9)]
    steps: list[int] = []
    measure(completer, places, options=OPTIONS, keys=2, progress=lambda: steps.append(len(completer.forgotten)))
    documents = [call.document for call in completer.calls[1:]]
    assert documents == [completer.forgotten[0]] * 3 + [completer.forgotten[1]] * 3
    assert steps == [1, 2]


def test_report_tells_the_first_completion_from_the_following() -> None:
    places = [Place(TEXT, START, END), Place(TEXT, 0, 9)]
    assert measure(cached(), places, options=OPTIONS, keys=2) == LatencyReport(
        places=2,
        keys=4,
        first_ms_p50=40.0,
        first_ms_p95=40.0,
        key_ms_p50=4.0,
        key_ms_p95=4.0,
        first_encoded_tokens=50.0,
        key_encoded_tokens=1.0,
        model="scripted",
    )


def test_places_lie_in_the_middle_third_and_end_with_a_line_s_code() -> None:
    lines = [f"    value_{number} = {number}  " for number in range(30)]
    text = "\n".join(lines)
    places = choose_places([text], per_text=100)
    assert len(places) == 10
    for place in places:
        line = text.count("\n", 0, place.start)
        assert 10 <= line < 20
        assert text[place.end :].startswith("  \n")
        assert place.text is text
        assert 4 <= place.end - place.start <= len(lines[line].strip())


def test_places_are_the_same_for_the_same_seed() -> None:
    texts = [read_document(path) for path in default_files()[:2]]
    chosen = choose_places(texts, per_text=3, seed=5)
    assert len(chosen) == 6
    assert choose_places(texts, per_text=3, seed=5) == chosen
    assert choose_places(texts, per_text=3, seed=6) != chosen


@given(st.lists(st.text(alphabet="ab \t\n\r🐍", max_size=80), max_size=4))
def test_places_of_any_text(texts: list[str]) -> None:
    try:
        places = choose_places(texts)
    except DocumentError:
        return
    for place in places:
        middle = place.text[place.start : place.end]
        assert len(middle) >= 4
        assert "\n" not in middle


@pytest.mark.parametrize("texts", [[], [""], ["\n\n\n"], ["x\ny\nz\n"]])
def test_files_with_nothing_to_type(texts: list[str]) -> None:
    with pytest.raises(DocumentError, match="name other files"):
        choose_places(texts)


def test_table() -> None:
    console = Console(width=100, no_color=True)
    with console.capture() as capture:
        console.print(LatencyReport(2, 7, 40.0, 41.0, 4.0, 4.5, 50.0, 1.25, "nano").table())
    for shown in ("nano, 2 places", "40.0 ms", "41.0 ms", "each of 7 keys", "4.5 ms", "1.2"):
        assert shown in capture.get()
