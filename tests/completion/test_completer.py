"""From a document and a cursor to candidates, over models that are written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from mim_lsp.completion.completer import MimCompleter
from mim_lsp.completion.filters import REASONS
from mim_lsp.completion.line_endings import normalize
from mim_lsp.completion.types import CancelFlag, Candidate, CompletionOptions, CompletionResult
from mim_lsp.engine.types import InfillRequest
from mim_lsp.errors import Cancelled, DocumentError
from tests.engine.oracle import OracleRuntime, RandomRuntime, Texts, engine_on, oracle_for, request
from tests.tiny import tiny_config

# The context of a tiny model is cut, so most tests have a larger one. The prompts are so short that they are not cut.
CONFIG = tiny_config(context_length=512)


def asked_for(marked: str) -> tuple[str, int, InfillRequest]:
    """The document, the cursor at `|`, and the request that the engine gets if the document is not cut."""
    text, offset = marked.replace("|", "", 1), marked.index("|")
    clean, position = normalize(text, offset)
    return text, offset, request(f"{clean[:position]}|{clean[position:]}")


def complete(marked: str, forward: Texts, backward: Texts | None = None, **options: Any) -> CompletionResult:
    text, offset, asked = asked_for(marked)
    runtime = oracle_for(asked, forward, backward, options.get("decode", "infill"))
    return MimCompleter(engine_on(runtime, CONFIG)).complete(text, offset, CompletionOptions(**options))


@pytest.mark.parametrize("decode", ["infill", "streams"])
def test_a_middle_becomes_a_candidate(decode: str) -> None:
    middle = "circle.scaled(scale).area()"
    result = complete("for circle in circles(scale := 1):\n    total += |\n", middle, decode=decode)
    (candidate,) = result.candidates
    assert (result.insert_text, candidate.text, candidate.source) == (middle, middle, "met")
    assert (result.reason, result.met, result.verified) == (None, True, True)
    assert 0.9 < candidate.confidence <= 1
    assert 0 < (candidate.meeting_point or 0) <= len(middle)
    assert 0 < result.steps < result.tokens
    assert result.encoded_tokens > 10
    times = result.elapsed_ms
    assert 0 < times.encode + times.decode <= times.total


@pytest.mark.parametrize("offset", [-1, 6])
def test_a_cursor_outside_the_document_is_an_error(offset: int) -> None:
    completer = MimCompleter(engine_on(OracleRuntime()))
    with pytest.raises(DocumentError, match="outside the document of 5 characters"):
        completer.complete("x = 1", offset, CompletionOptions())


@pytest.mark.parametrize(
    ("reason", "marked", "forward", "backward", "options"),
    [
        ("empty_middle", "x = 1|\ny = 2\n", "", None, {}),
        ("empty_middle", "x = 1|\ny = 2\n", {"": 0.6, " + 1": 0.4}, None, {"candidates": 3}),
        ("empty_middle", "x = 1|\ny = 2\n", {"": 0.9, " + 1": 0.1}, {" + 1": 0.6, "": 0.4}, {"candidates": 2}),
        ("blank", "x = 1\n|\ny = 2\n", "\n\n", None, {}),
        ("repeats_following", "if x:\n    |\n    total = area\n", "total = area", None, {}),
        ("worsens_syntax", "x = |\ny = 2\n", "1 = = def", None, {}),
        ("low_confidence", "x = |\n", "area", None, {"eagerness": 0.0}),
        ("incomplete", "x = |\n", "[0, " * 99, "1], " * 99, {"max_tokens": 9}),
        ("incomplete", "x = |\n", "area", None, {"max_ms": 0.0}),
    ],
)
def test_every_refusal_has_its_reason(
    reason: str, marked: str, forward: Texts, backward: Texts | None, options: dict[str, Any]
) -> None:
    result = complete(marked, forward, backward, **options)
    assert (result.candidates, result.insert_text, result.reason) == ((), "", reason)
    assert reason in REASONS


def test_without_an_end_of_use_there_is_no_candidate() -> None:
    """Both sides end the line without the text that stands on the other side of the hole."""
    text, offset, asked = asked_for("print(|)\n")
    runtime = oracle_for(asked, "area", decode="streams")
    runtime.forward, runtime.backward = "print(area\n", "\nbest[area)\n"
    completer = MimCompleter(engine_on(runtime, CONFIG))
    assert completer.complete(text, offset, CompletionOptions(decode="streams")).reason == "no_candidate"


def test_a_refused_middle_leaves_room_for_the_next() -> None:
    result = complete("x = |\ny = 2\n", {"1 = = 2": 0.9, "1": 0.1}, {"1": 0.6, "1 = = 2": 0.4}, candidates=2)
    assert [candidate.text for candidate in result.candidates] == ["1"]
    assert result.reason is None


def test_candidates_are_different_best_first_and_as_many_as_wanted() -> None:
    wanted = {"area": 0.4, "best": 0.3, "factor": 0.2, "circles": 0.1}
    result = complete("x = |\n", wanted, candidates=3)
    texts = [candidate.text for candidate in result.candidates]
    assert texts[0] == "area"
    assert 2 <= len(set(texts)) == len(texts) <= 3


def test_candidates_that_are_the_same_once_trimmed_are_one() -> None:
    ours, theirs = {"area, scale": 0.6, "area": 0.4}, {"area": 0.6, "area, scale": 0.4}
    result = complete("f(|, scale)\n", ours, theirs, candidates=2)
    assert [candidate.text for candidate in result.candidates] == ["area"]


def test_the_documents_own_line_breaks_come_back() -> None:
    middle = "total = 0\n    return circle.area()"
    result = complete("def f(circle):\r\n    |\r\n\r\nx = 1\r\n", middle)
    (candidate,) = result.candidates
    assert candidate.text == middle.replace("\n", "\r\n")
    unix = complete("def f(circle):\n    |\n\nx = 1\n", middle).candidates[0]
    assert unix.text == middle
    assert candidate.meeting_point is not None
    assert unix.meeting_point is not None
    assert candidate.text[: candidate.meeting_point].replace("\r\n", "\n") == unix.text[: unix.meeting_point]


@pytest.mark.parametrize(
    ("marked", "middle"),
    [
        ("if x:\n\treturn [\n\t\t|\n\t]\n", "1,\n\t\t2,"),
        ("names = {'😀': |}\n", "'größe 😀'"),
        ("x = '\x00'\ny = |\n", "area"),
        ("|", "import math"),
        ("|\n", "import math"),
        ("x = 1\n|", "y = 2"),
        ("def f(:\n    x = (|\n\nclass :\n", "area"),
        ("return self.na|\n", "mes"),
        ("x = circ|\n", "le.area()"),
        ("x = foo(a|)\n", "rea, best"),
    ],
)
def test_odd_texts_and_places(marked: str, middle: str) -> None:
    assert complete(marked, middle).insert_text == middle


def test_before_a_line_that_has_text_whole_lines_are_written() -> None:
    text = "x = 1\ny = 2\n"
    runtime = oracle_for(request("x = 1\n|\ny = 2\n"), "total = 0")
    result = MimCompleter(engine_on(runtime, CONFIG)).complete(text, 6, CompletionOptions())
    assert result.insert_text == "total = 0\n"


def test_lone_surrogates_do_no_harm() -> None:
    completer = MimCompleter(engine_on(OracleRuntime(), CONFIG))
    for text in ("x = '\ud800", "\udc00", "'\ud83d' + '\ude00'"):
        for offset in range(len(text) + 1):
            assert isinstance(completer.complete(text, offset, CompletionOptions(max_tokens=4)), CompletionResult)


@pytest.mark.parametrize("where", [0, 2_500_000, 5_000_000])
def test_a_line_of_five_megabytes(where: int) -> None:
    text = "x = [" + "1, " * 1_666_665 + "]"
    assert len(text) == 5_000_001
    completer = MimCompleter(engine_on(OracleRuntime(), CONFIG))
    result = completer.complete(text, where, CompletionOptions(max_tokens=4))
    assert result.encoded_tokens < 2 * CONFIG.context_length


@pytest.mark.parametrize("context_length", [64, 96, 512, 4096])
def test_prompts_leave_room_in_the_models_context(context_length: int) -> None:
    text = "total = circle.scaled(factor)\n" * 400
    runtime = OracleRuntime()
    completer = MimCompleter(engine_on(runtime, tiny_config(context_length=context_length)))
    result = completer.complete(text, len(text) // 2 - 7, CompletionOptions(max_tokens=32))
    assert result.encoded_tokens > 0
    longest = max(len(ids) for ids in runtime.rows.values())
    assert longest <= max(context_length, 64)
    assert longest > min(context_length, 1000) / 4


def test_typing_reuses_what_was_read_for_the_document() -> None:
    text, offset, asked = asked_for("for circle in circles:\n    total += |\nreturn total\n")
    middle = "circle.area()"
    completer = MimCompleter(engine_on(oracle_for(asked, middle), CONFIG))
    completer.complete(text, offset, CompletionOptions(), document="file:///a.py")
    for n in range(1, 7):
        typed = text[:offset] + middle[:n] + text[offset:]
        result = completer.complete(typed, offset + n, CompletionOptions(), document="file:///a.py")
        assert (result.insert_text, result.encoded_tokens <= 4) == (middle[n:], True)
    completer.forget("file:///a.py")
    assert completer.complete(text, offset, CompletionOptions(), document="file:///a.py").encoded_tokens > 10


def test_a_cancelled_request_is_given_up() -> None:
    text, offset, asked = asked_for("x = |\n")
    completer = MimCompleter(engine_on(oracle_for(asked, "area"), CONFIG))
    cancel = CancelFlag()
    cancel.set()
    with pytest.raises(Cancelled):
        completer.complete(text, offset, CompletionOptions(), cancel)
    assert completer.complete(text, offset, CompletionOptions()).insert_text == "area"
    assert completer.model_name == "oracle"
    assert isinstance(completer.complete(text, offset, CompletionOptions()).candidates[0], Candidate)


@pytest.fixture
def completer() -> MimCompleter:
    return MimCompleter(engine_on(RandomRuntime(), CONFIG))


LINES = "".join(f"v{i} = circle.area({i})\n" for i in range(60))
PLACE = LINES.index("v30") + 6
OPTIONS = CompletionOptions(max_tokens=8)


def test_what_a_jump_reads_is_counted_apart(completer: MimCompleter) -> None:
    def ask(text: str, offset: int) -> tuple[int, int]:
        result = completer.complete(text, offset, OPTIONS, document="doc")
        return result.encoded_tokens, result.refreshed_tokens

    encoded, refreshed = ask(LINES, PLACE)
    assert encoded == refreshed > 100
    encoded, refreshed = ask(LINES[:PLACE] + "x" + LINES[PLACE:], PLACE + 1)
    assert encoded <= 4
    assert refreshed == 0
    encoded, refreshed = ask(LINES, LINES.index("v5 "))
    assert encoded == refreshed > 10


def test_after_warming_a_request_reads_nothing_and_typing_little(completer: MimCompleter) -> None:
    assert completer.warm(LINES, PLACE, OPTIONS, document="doc") > 100
    assert completer.warm(LINES, PLACE, OPTIONS, document="doc") == 0
    result = completer.complete(LINES, PLACE, OPTIONS, document="doc")
    assert (result.encoded_tokens, result.refreshed_tokens) == (0, 0)
    text, offset = LINES[:PLACE] + "\n    a" + LINES[PLACE:], PLACE + 6
    assert completer.complete(text, offset, OPTIONS, document="doc").encoded_tokens <= 6
    assert completer.warm(text, offset, OPTIONS, document="doc") > 50  # the far prefix has moved
    result = completer.complete(text, offset, OPTIONS, document="doc")
    assert (result.encoded_tokens, result.refreshed_tokens) == (0, 0)


def test_a_cancelled_warming_does_not_make_the_next_key_dearer(completer: MimCompleter) -> None:
    completer.complete(LINES, PLACE, OPTIONS, document="doc")
    text, offset = LINES[:PLACE] + "\n    a" + LINES[PLACE:], PLACE + 6
    cancel = CancelFlag()
    cancel.set()
    with pytest.raises(Cancelled):
        completer.warm(text, offset, OPTIONS, cancel, "doc")
    assert completer.complete(text, offset, OPTIONS, document="doc").encoded_tokens <= 6


def test_forgotten_documents_hold_nothing(completer: MimCompleter) -> None:
    runtime = completer._engine.model.runtime
    assert isinstance(runtime, RandomRuntime)
    for n in range(12):
        completer.complete(LINES, PLACE, OPTIONS, document=f"doc {n}")
    for n in range(12):
        completer.forget(f"doc {n}")
    assert runtime.rows == {}


def test_it_tells_what_is_being_written() -> None:
    text, offset, asked = asked_for("x = |\n")
    told: list[str] = []
    completer = MimCompleter(engine_on(oracle_for(asked, "circle.area()"), CONFIG))
    assert completer.complete(text, offset, CompletionOptions(), watch=told.append).insert_text == told[-1]
    assert len(told) > 2


@pytest.mark.parametrize(("marked", "options"), [("x = |)\n", {}), ("x = |\n", {"max_lines": 1})])
def test_a_line_is_written_no_further(marked: str, options: dict[str, int]) -> None:
    result = complete(marked, "area(\n    best,\n    factor(scale, 1),\n", compare=1, **options)
    assert result.steps < 12
