from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.engine.lines import LineTokens
from mim_lsp.engine.task import SideTask, make_task
from mim_lsp.engine.types import Decode, InfillRequest
from mim_lsp.engine.vocabulary import OwnVocabulary
from mim_lsp.runtime.loading import Direction, LoadedModel
from tests.engine.oracle import CONFIG, TOKENIZER, OracleRuntime, request

MODEL = LoadedModel("oracle", CONFIG, TOKENIZER, OracleRuntime())
LINES = LineTokens(TOKENIZER)
SPECIAL = CONFIG.special


def task(
    marked: str | InfillRequest, direction: Direction = Direction.FORWARD, decode: Decode = "infill", n: int = 2
) -> SideTask:
    asked = request(marked) if isinstance(marked, str) else marked
    return make_task(MODEL, OwnVocabulary(TOKENIZER, LINES, direction), asked, decode, n)


def backward(marked: str | InfillRequest, decode: Decode = "infill", n: int = 2) -> SideTask:
    return task(marked, Direction.BACKWARD, decode, n)


def text_of(row: list[int]) -> str:
    names = {SPECIAL.l2r: "<l2r>", SPECIAL.r2l: "<r2l>", SPECIAL.far: "<far>", SPECIAL.near: "<near>"}
    return "".join(names.get(i) or TOKENIZER.token_bytes[i].decode("latin-1") for i in row)


def test_the_rows_are_those_of_the_design() -> None:
    marked = "a = 1\nb = |)\nc"
    assert text_of(task(marked).row) == "<l2r><far>\nc<near>a = 1\nb ="
    assert text_of(backward(marked).row) == "<r2l><far> 1 =a<near>c\n"
    assert text_of(task(marked, decode="streams").row) == "<l2r>a = 1\nb ="
    assert text_of(backward(marked, decode="streams").row) == "<r2l>c\n"


def test_a_far_side_that_is_empty_still_says_so() -> None:
    assert text_of(task("|").row) == "<l2r><far><near>"
    assert text_of(backward("|").row) == "<r2l><far><near>"


def test_text_between_the_far_sides_is_known() -> None:
    forward, back = task("a\n  b(|)\nc"), backward("a\n  b(|)\nc")
    assert (forward.known, back.known) == (b")", b"\n  b("[::-1])
    assert (forward.behind, forward.has_end, back.has_end) == (b")", True, True)
    assert (task("b(|x)\nc").known, backward("b(|x)\nc").known) == (b"", b"(b")


def test_streams_know_the_line_and_a_bit_behind_it() -> None:
    forward, back = (task("a\n  b(|x)\nc", direction, "streams") for direction in Direction)
    assert (forward.known, back.known) == (b"x)", b"\n  b("[::-1])
    assert (forward.behind, back.behind) == (b"x)\nc", b"a\n  b("[::-1])
    assert not forward.has_end
    long = task("|" + "x = 1\n" * 500, decode="streams").behind
    assert len(long) < 200
    assert ("x = 1\n" * 500).encode().startswith(long)


@pytest.mark.parametrize(
    ("marked", "stub"),
    [
        ("retu|", "retu"),
        ("    retu|\n", "retu"),
        ("x = self.na|me", "na"),
        ("x = Cir|", " Cir"),
        ("x: fl|", " fl"),
        ("x = |", " "),
        ("if x:\n    |", "\n    "),
        ("dat = circ|)", " circ"),
        ("print(|)", "("),
        ("return|", ""),
        ("x = 1|", ""),
        ("qqqq|", ""),
        ("|x", ""),
    ],
)
def test_what_may_be_part_of_a_token_is_taken_back(marked: str, stub: str) -> None:
    found = task(marked)
    assert found.stub.decode() == stub
    own = TOKENIZER.decode(found.row[found.row.index(SPECIAL.near) + 1 :])
    assert own + found.stub.decode() == marked.partition("|")[0]


@pytest.mark.parametrize(
    ("marked", "stub"),
    [
        ("re|turn x", "turn"),
        ("x = self.cir|cles\n", "cles"),
        ("foo(|)", ")"),
        ("ret|urn x", "urn"),
        ("foo(|),\n", ""),
        ("x|\n    y", ""),
        ("x| = 1", ""),
        ("x|", ""),
    ],
)
def test_the_suffixs_head_is_taken_back_likewise(marked: str, stub: str) -> None:
    found = backward(marked)
    own = TOKENIZER.decode(found.row[found.row.index(SPECIAL.near) + 1 :][::-1])
    assert found.stub[::-1].decode() + own == marked.partition("|")[2]
    assert found.stub[::-1].decode() == stub


@pytest.mark.parametrize("direction", list(Direction))
@given(st.text(st.sampled_from("re tu\n(ö😀漢"), max_size=12), st.text(st.sampled_from("re tu\n)ö😀漢"), max_size=12))
def test_taking_back_never_cuts_a_character(direction: Direction, prefix: str, suffix: str) -> None:
    found = task(f"{prefix}|{suffix}", direction)
    step = 1 if direction is Direction.FORWARD else -1
    own = TOKENIZER.decode_bytes(found.row[found.row.index(SPECIAL.near) + 1 :][::step])
    assert found.stub[::step].decode() == found.stub[::step].decode("utf-8", "replace")
    assert own.decode() is not None
    whole = own + found.stub if step == 1 else found.stub[::-1] + own
    assert whole.decode() == (prefix if step == 1 else suffix)


@pytest.mark.parametrize(("n", "arrival"), [(1, b")"), (2, b"):"), (3, b"):\n    "), (4, b"):\n    y"), (5, b"")])
def test_a_side_has_arrived_at_the_first_n_known_tokens(n: int, arrival: bytes) -> None:
    assert task("f(|):\n    y", decode="streams", n=n).arrival == arrival


def test_in_infill_the_side_arrives_in_the_line_or_with_more_tokens_in_the_far_side() -> None:
    assert task("f(|):\n    y", n=2).arrival == b"):"
    assert task("f(|):\n    y = 1 + 2", n=3).arrival == b"):\n    y"
    assert task("f(|):", n=3).arrival == b""


def test_in_infill_the_line_as_it_is_known_is_an_end() -> None:
    assert task("f(|):\n    y").line_end == b"):\n"
    assert task("f(|\n").line_end == b""
    assert backward("x\n    y = |\n", "infill", 2).line_end == b"\n    y = "[::-1]
    assert backward("x\n    |\n", "infill", 2).line_end == b""
    assert task("f(|):", decode="streams").line_end == b""


@pytest.mark.parametrize("n", [1, 2, 3])
def test_an_arrival_is_made_of_whole_characters(n: int) -> None:
    assert task("|😀x", decode="streams", n=n).arrival == "😀".encode()
    assert backward("x😀|", "streams", n).arrival == "😀".encode()[::-1]


def test_a_lone_surrogate_is_read_as_a_question_mark() -> None:
    for direction in Direction:
        for decode in ("infill", "streams"):
            assert task("x\ud800|\udc00)", direction, decode).row
