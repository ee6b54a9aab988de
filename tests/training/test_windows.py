from __future__ import annotations

import random
from typing import NamedTuple
from unittest.mock import Mock

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tokenizers import models, pre_tokenizers

from mim_lsp.engine.lines import LineTokens
from mim_lsp.engine.task import make_task
from mim_lsp.engine.types import InfillRequest
from mim_lsp.engine.vocabulary import OwnVocabulary
from mim_lsp.model.config import SpecialTokens
from mim_lsp.model.rows import Direction
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.runtime.loading import LoadedModel
from mim_lsp.syntax import tree as tree_module
from mim_lsp.syntax.boundaries import far_prefix_end, far_suffix_start
from mim_lsp.syntax.holes import Hole, HoleKind
from mim_lsp.training.batches import DrawnExamples
from mim_lsp.training.prose import Prose
from mim_lsp.training.vocabulary import byte_level
from mim_lsp.training.windows import PROSE_WEIGHTS, Example, ExampleBuilder, WindowSettings
from tests.tiny import SOURCE, tiny_config, tiny_tokenizer

SPECIAL = tiny_config().special
EMOJI = "def 計算(面積, größe):\n    return '😀👩‍👩‍👧 漢字漢字' + 面積  # é e\u0301\n\n\n" * 6
ONE_LINE = "x = [" + ", ".join(f"'漢字{i}😀'" for i in range(60)) + "]"
TEXTS = {
    "source": SOURCE,
    "emoji": EMOJI,
    "one line": ONE_LINE,
    "CJK": "漢字仮名" * 120,
    "CRLF": SOURCE.replace("\n", "\r\n").replace("    ", "\t"),
    "short": "x = 1",
    "broken": "def f(:\n  'x\n\0\ufffd((\n" * 9,
}


def builder(tokens: int = 96, **settings: float) -> ExampleBuilder:
    return ExampleBuilder(tiny_config(), tiny_tokenizer(), WindowSettings(tokens, **settings))


class Row(NamedTuple):
    """A row taken apart, in text order; `far` is None where it was left out."""

    far: list[int] | None
    own: list[int]
    finished: bool

    @property
    def far_text(self) -> str:
        return tiny_tokenizer().decode(self.far or [])

    @property
    def own_text(self) -> str:
        return tiny_tokenizer().decode(self.own)


def take_apart(row: list[int], special: SpecialTokens = SPECIAL) -> Row:
    """The inverse of `build_row`, written from the format's description."""
    direction, *rest = row
    finished = rest[-1:] == [special.eom]
    if finished:
        rest.pop()
    step = {special.l2r: 1, special.r2l: -1}[direction]
    if special.near not in rest:
        return Row(None, rest[::step], finished)
    assert rest[0] == special.far
    near = rest.index(special.near)
    return Row(rest[1:near][::step], rest[near + 1 :][::step], finished)


def spans(tokens: list[int], at: int) -> list[tuple[int, int]]:
    """First and last byte of each token, the first of which starts at byte `at`."""
    found = []
    for token in tokens:
        found.append((at, at + len(tiny_tokenizer().token_bytes[token])))
        at = found[-1][1]
    return found


def assert_aligned(example: Example) -> None:
    """Both positions of every pair predict the same token of the text, and none has two partners."""
    for forward, backward in example.pairs:
        assert example.forward[forward + 1] == example.backward[backward + 1] < tiny_tokenizer().n_tokens
    for positions in zip(*example.pairs, strict=True):
        assert len(set(positions)) == len(example.pairs)


def draw_infill(text: str, seed: int, *, with_far: bool = True, **settings: float) -> tuple[Hole, Example]:
    """A random hole of `text`, empty ones included, and its example."""
    rng = random.Random(seed)
    start = rng.randrange(len(text) + 1)
    end = min(len(text), start + rng.randrange(25))
    hole = Hole(start, end, HoleKind.SPAN)
    example = builder(**settings).infill(text, hole, rng, with_far=with_far)
    assume(example is not None)
    assert example is not None
    return hole, example


def far_sides(text: str, hole: Hole, boundary_rate: float) -> tuple[int, int]:
    """Where the prefix's far side ends and the suffix's starts, for a boundary rate of 0 or 1."""
    if boundary_rate == 0:
        return hole.start, hole.end
    return far_prefix_end(text, hole.start), far_suffix_start(text, hole.end)


seeds = st.integers(0, 10**9)
texts = st.sampled_from(list(TEXTS.values()))


@given(texts, seeds)
def test_both_rows_of_whole_text_hold_the_same_window(text: str, seed: int) -> None:
    anchor = random.Random(seed).randrange(len(text))
    example = builder().whole_text(text, anchor)
    forward, backward = take_apart(example.forward), take_apart(example.backward)
    assert forward == backward
    assert (forward.far, forward.finished) == (None, False)
    start = text.rfind("\n", 0, anchor) + 1
    assert text.startswith(forward.own_text, start)
    assert len(forward.own) <= 96
    # every token is paired, and every position predicts one
    assert sorted(f for f, _ in example.pairs) == list(range(len(example.forward) - 1))
    assert sorted(b for _, b in example.pairs) == list(range(len(example.backward) - 1))
    assert_aligned(example)


@pytest.mark.parametrize("name", ["source", "emoji", "CJK", "CRLF"])
def test_whole_text_fills_the_row(name: str) -> None:
    example = builder().whole_text(TEXTS[name], 0)
    assert 97 - 4 < len(example.forward) <= 97  # a character that was cut in two may go


def test_no_text_is_an_empty_row() -> None:
    assert builder().whole_text("", 0) == Example([SPECIAL.l2r], [SPECIAL.r2l], [], "text", ([], []))


def known_at_inference(text: str, hole: Hole, direction: Direction) -> bytes:
    """What the engine would say that a side must have written before <eom>."""
    prefix, suffix = text[: hole.start], text[hole.end :]
    far_end, far_start = far_sides(text, hole, 1.0)
    request = InfillRequest(prefix, suffix, far_end, far_start - hole.end)
    vocabulary = OwnVocabulary(tiny_tokenizer(), LineTokens(tiny_tokenizer()), direction)
    model = LoadedModel("tiny", tiny_config(), tiny_tokenizer(), Mock())
    return make_task(model, vocabulary, request, "infill", 2).known


@given(texts, seeds)
def test_a_middle_may_end_where_the_engine_lets_it_end(text: str, seed: int) -> None:
    hole, example = draw_infill(text, seed, boundary_rate=1.0)
    assert example.ends is not None
    middle = text[hole.start : hole.end].encode()
    for direction, row, ends in zip(Direction, (example.forward, example.backward), example.ends, strict=True):
        step = 1 if direction is Direction.FORWARD else -1
        known = known_at_inference(text, hole, direction)
        own = row[row.index(SPECIAL.near) + 1 : -1]
        written = tokens_of(own, step)
        near = written[: len(written) - len(middle[::step] + known)]
        assert near + middle[::step] + known == written
        starts = {row.index(SPECIAL.near) + n: tokens_of(own[:n], step) for n in range(len(own) + 1)}
        bodies = {at: start[len(near) :] for at, start in starts.items() if len(start) >= len(near)}
        assert ends == [at for at, body in bodies.items() if body.endswith(known)]
        assert row[ends[-1] + 1] == SPECIAL.eom


def tokens_of(own: list[int], step: int) -> bytes:
    """The bytes of tokens in a row's reading order."""
    return b"".join(tiny_tokenizer().token_bytes[token][::step] for token in own)


@given(texts, seeds, st.booleans(), st.sampled_from([0.0, 1.0]))
def test_the_rows_of_a_hole_cover_one_window(text: str, seed: int, with_far: bool, boundary_rate: float) -> None:
    hole, example = draw_infill(text, seed, with_far=with_far, boundary_rate=boundary_rate)
    forward, backward = take_apart(example.forward), take_apart(example.backward)
    assert forward.finished
    assert backward.finished
    assert max(len(example.forward), len(example.backward)) <= 97
    far_end, far_start = far_sides(text, hole, boundary_rate)
    if with_far:
        assert backward.far_text + text[far_end:far_start] == forward.own_text
        assert text[far_end:far_start] + forward.far_text == backward.own_text
        assert text.endswith(forward.own_text, 0, far_start)
        assert text.startswith(forward.far_text, far_start)
    else:
        assert forward.far is backward.far is None
        assert text.endswith(forward.own_text, 0, far_start)
        assert text.startswith(backward.own_text, far_end)


@given(texts, seeds, st.booleans(), st.sampled_from([0.0, 1.0]))
def test_the_directions_agree_on_each_unbroken_token_of_the_middle(
    text: str, seed: int, with_far: bool, boundary_rate: float
) -> None:
    hole, example = draw_infill(text, seed, with_far=with_far, boundary_rate=boundary_rate)
    assert_aligned(example)
    forward, backward = take_apart(example.forward), take_apart(example.backward)
    far_end, far_start = far_sides(text, hole, boundary_rate)
    forward_spans = spans(forward.own, len(text[:far_start].encode()) - len(forward.own_text.encode()))
    backward_spans = spans(backward.own, len(text[:far_end].encode()))
    middle = (len(text[: hole.start].encode()), len(text[: hole.end].encode()))
    expected = {s for s in set(forward_spans) & set(backward_spans) if middle[0] <= s[0] and s[1] <= middle[1]}
    first_own = len(example.forward) - 1 - len(forward.own)
    last_own = len(example.backward) - 2
    assert {forward_spans[f + 1 - first_own] for f, _ in example.pairs} == expected
    assert {backward_spans[last_own - (b + 1)] for _, b in example.pairs} == expected


@pytest.mark.parametrize("middle", ["total += circle.scaled(scale).area()", "best = circle", "'''"])
@pytest.mark.parametrize("with_far", [True, False])
def test_every_token_of_a_middle_between_tokens_is_paired(middle: str, with_far: bool) -> None:
    text = SOURCE.replace('"""', "'''")
    start = text.index(middle)
    hole = Hole(start, start + len(middle), HoleKind.STATEMENT)
    example = builder(boundary_rate=1.0).infill(text, hole, random.Random(0), with_far=with_far)
    assert example is not None
    middle_tokens = [example.forward[f + 1] for f, _ in example.pairs]
    expected = tiny_tokenizer().encode(middle)
    expected_after_blank = tiny_tokenizer().encode("\n" + middle)[1:]
    assert middle_tokens in (expected, expected_after_blank)
    # and they end the rows, but for what the line has behind and before them
    forward, backward = take_apart(example.forward), take_apart(example.backward)
    assert middle in forward.own_text
    assert middle in backward.own_text


def test_an_empty_middle_has_no_pairs() -> None:
    at = SOURCE.index("return total") + len("return total")
    example = builder(boundary_rate=1.0).infill(SOURCE, Hole(at, at, HoleKind.REST_OF_LINE), random.Random(0))
    assert example is not None
    assert example.pairs == []
    assert take_apart(example.forward).own_text.endswith("    return total")
    assert take_apart(example.backward).own_text.startswith("\n    return total\n")


def test_a_token_that_the_hole_breaks_is_not_paired() -> None:
    start = SOURCE.index("circle.scaled") + 3
    example = builder().infill(SOURCE, Hole(start, start + 8, HoleKind.SPAN), random.Random(0))
    assert example is not None
    text = tiny_tokenizer().decode([example.forward[f + 1] for f, _ in sorted(example.pairs)])
    assert "cle.scal".startswith(text) or text in "cle.scal"
    assert "circle" not in text


@pytest.mark.parametrize("char", ["😀", "漢"])
def test_a_window_is_cut_between_characters_and_is_full(char: str) -> None:
    for seed in range(40):
        text = char * 200 + "(x)" + char * 200
        example = builder(boundary_rate=0.0).infill(text, Hole(201, 202, HoleKind.SPAN), random.Random(seed))
        assert example is not None
        forward = take_apart(example.forward)
        assert forward.far_text.strip(char) == ")"
        assert forward.own_text.strip(char) == "(x"
        assert 97 - 8 < len(example.forward) <= 97  # at either end a character that was cut in two may go


def test_two_texts_that_need_more_tokens_as_one_make_no_row_too_long() -> None:
    """Byte-pair merges are greedy: abc and def are a token each, but abcdef is a b cd e f."""
    merges = [("c", "d"), ("b", "c"), ("a", "bc"), ("d", "e"), ("de", "f")]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: i for i, token in enumerate([*alphabet, *("".join(pair) for pair in merges)])}
    tokenizer = CodeTokenizer(byte_level(models.BPE(vocab, merges)).to_str())
    assert [len(tokenizer.encode(text)) for text in ("abc", "def", "abcdef")] == [1, 1, 5]
    drawing = ExampleBuilder(tiny_config(), tokenizer, WindowSettings(tokens=40, boundary_rate=0.0))
    for middle, fits in (("def", False), ("ghi", True)):
        text = "abc" * 100 + middle + "abc" * 100
        example = drawing.infill(text, Hole(300, 303, HoleKind.SPAN), random.Random(0))
        assert (example is not None) == fits


def test_a_window_starts_with_a_line_where_it_can() -> None:
    for seed in range(10):
        start = SOURCE.index("best = circle")
        example = builder().infill(SOURCE, Hole(start, start + 13, HoleKind.STATEMENT), random.Random(seed))
        assert example is not None
        assert take_apart(example.forward).own_text.startswith("\n")


def test_a_document_that_fits_is_kept_whole() -> None:
    text, encode = "a = 1\nb = 2\nc = 3\nd = 4\n", tiny_tokenizer().encode
    example = builder(boundary_rate=1.0).infill(text, Hole(12, 17, HoleKind.LINES), random.Random(0))
    assert example is not None
    forward, backward = take_apart(example.forward), take_apart(example.backward)
    assert forward == Row(encode("\nd = 4\n"), encode("a = 1\nb = 2\nc = 3"), finished=True)
    assert backward == Row(encode("a = 1\nb = 2"), encode("\nc = 3\nd = 4\n"), finished=True)


def test_a_middle_that_does_not_fit_is_refused() -> None:
    text = "x" + "+ y" * 100
    assert builder().infill(text, Hole(1, len(text), HoleKind.SPAN), random.Random(0)) is None


def test_a_middle_that_is_far_too_long_is_not_even_tokenized(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing, text = builder(), "x" + "+ y" * 100_000
    monkeypatch.delattr(CodeTokenizer, "encode")
    assert drawing.infill(text, Hole(1, len(text), HoleKind.SPAN), random.Random(0)) is None


@pytest.mark.parametrize("tokens", [8, 9, 11, 17])
def test_a_row_is_never_too_long(tokens: int) -> None:
    for text in TEXTS.values():
        for seed in range(60):
            rng = random.Random(seed)
            example = builder(tokens).draw(text, rng.randrange(len(text)), 30, rng)
            assert max(len(example.forward), len(example.backward)) <= tokens + 1


def test_the_infill_rate_is_the_share_of_windows_with_a_hole() -> None:
    def share(rate: float) -> float:
        drawing = builder(infill_rate=rate, lengths=(1.0,))
        kinds = [drawing.draw(SOURCE, 400, 300, random.Random(seed)).kind for seed in range(200)]
        return sum(kind != "text" for kind in kinds) / len(kinds)

    assert share(0.0) == 0
    assert share(1.0) > 0.95  # some holes do not fit
    assert 0.3 < share(0.5) < 0.7


def test_the_boundary_rate_is_the_share_of_far_sides_at_boundaries() -> None:
    start = SOURCE.index("circle.scaled")
    hole = Hole(start, start + 6, HoleKind.EXPRESSION)
    drawing = builder(boundary_rate=0.7)
    rows = [drawing.infill(SOURCE, hole, random.Random(seed)) for seed in range(200)]
    at_hole = sum(take_apart(row.backward).own_text.startswith("circle") for row in rows if row)
    assert 0.2 < at_hole / len(rows) < 0.4


def test_the_same_seed_draws_the_same_example() -> None:
    first, second = (builder().draw(SOURCE, 300, 300, random.Random("7/5")) for _ in range(2))
    assert first == second
    assert builder().draw(SOURCE, 300, 300, random.Random("7/6")) != first


def test_where_there_is_no_place_for_a_hole_the_window_is_whole_text() -> None:
    assert builder(infill_rate=1.0).draw("", 0, 100, random.Random(0)).kind == "text"


def test_holes_are_drawn_far_into_a_text_that_is_only_parsed_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "MAX_PARSED_CHARS", 2_000)
    text = SOURCE * 20
    kinds = {builder(infill_rate=1.0).draw(text, 18_000, 600, random.Random(seed)).kind for seed in range(60)}
    assert {HoleKind.STATEMENT, HoleKind.EXPRESSION} <= kinds


def test_lengths_of_windows_take_turns() -> None:
    """Drawn at random, they had two processes that share a step wait for each other for 8 % of the time."""
    drawing = builder(200, infill_rate=0.0, lengths=(1.0, 0.5, 0.25))
    text = SOURCE * 20
    examples = DrawnExamples([text] * 9, drawing, stride=len(text), seed=1)
    assert [len(examples.example(number).forward) - 1 for number in range(12)] == 4 * [200, 100, 50]


def test_holes_in_prose_are_of_its_own_kinds() -> None:
    only_arguments = WindowSettings(96, infill_rate=1.0, hole_weights={HoleKind.ARGUMENT: 1.0})
    own = ExampleBuilder(tiny_config(), tiny_tokenizer(), only_arguments)
    text = "\n".join(f"Call total(first_{i}, second) and the sum of both is given." for i in range(12)) + "\n"
    drawn = {own.draw(Prose(text), 40 * seed % len(text), 200, random.Random(seed)).kind for seed in range(60)}
    assert drawn - {"text"} == {kind.value for kind in PROSE_WEIGHTS}
    assert {own.draw(text, 40, 200, random.Random(seed)).kind for seed in range(20)} <= {"argument", "text"}


def test_the_backward_rate_is_the_share_of_windows_in_both_directions() -> None:
    def drawn(rate: float) -> list[Example]:
        return [builder(backward_rate=rate).draw(SOURCE, 0, 200, random.Random(seed)) for seed in range(200)]

    both, half, none = drawn(1.0), drawn(0.5), drawn(0.0)
    assert [example.forward for example in both] == [example.forward for example in half]
    assert all(example.backward for example in both)
    assert not any(example.backward or example.pairs for example in none)
    kept = [one for one, other in zip(half, both, strict=True) if one == other]
    assert 70 < len(kept) < 130
    assert all(one in kept or not one.backward for one in half)
