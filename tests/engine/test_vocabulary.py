from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.engine.lines import MOST_LONG_CHARS, LineTokens
from mim_lsp.engine.vocabulary import OwnVocabulary, is_text
from mim_lsp.runtime.loading import Direction
from tests.tiny import SOURCE, tiny_tokenizer

TOKENIZER = tiny_tokenizer()
LINES = LineTokens(TOKENIZER)
FORWARD, BACKWARD = (OwnVocabulary(TOKENIZER, LINES, direction) for direction in Direction)
code = st.text(st.sampled_from("ab re\n\r\t (=0😀ö\x00"), max_size=40) | st.text(max_size=20)


@given(code)
def test_line_by_line_gives_the_same_tokens(text: str) -> None:
    assert LINES.encode(text) == TOKENIZER.encode(text)


def test_line_by_line_gives_the_same_tokens_for_a_file() -> None:
    for text in (SOURCE, SOURCE.replace("\n", "\r\n"), ""):
        assert LINES.encode(text) == TOKENIZER.encode(text)


def test_long_lines_give_the_same_tokens_again_and_again() -> None:
    lines = LineTokens(TOKENIZER)
    texts = [f"{SOURCE}\n{number} = {'[1, 2], ' * 200_000}\n{SOURCE}" for number in range(2)]
    for text in (*texts, *texts):
        assert lines.encode(text) == TOKENIZER.encode(text)
        assert lines.characters(text) == "".join(map(chr, TOKENIZER.encode(text)))


def test_typing_in_a_very_long_line_takes_no_more_memory() -> None:
    lines = LineTokens(TOKENIZER)
    long = "[1, 2], " * 5_000

    def type_keys(n: int) -> int:
        for number in range(n):
            lines.characters(f"{number}: {long}")
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        full = type_keys(1 + MOST_LONG_CHARS // len(long))
        assert type_keys(100) - full < 1_000_000
    finally:
        tracemalloc.stop()


@given(code)
def test_the_backward_view_is_the_mirrored_one(text: str) -> None:
    data = text.encode("utf-8", "replace")
    ids = TOKENIZER.encode(data.decode())
    assert FORWARD.encode(data) == ids
    assert BACKWARD.encode(data[::-1]) == ids[::-1]
    assert FORWARD.bytes_of(ids) == data
    assert BACKWARD.bytes_of(ids[::-1]) == data[::-1]


def test_bytes_that_are_no_text_are_not_encoded() -> None:
    with pytest.raises(UnicodeDecodeError):
        FORWARD.encode("ö".encode()[:1])
    with pytest.raises(UnicodeDecodeError):
        BACKWARD.encode("ö".encode())  # not mirrored
    assert BACKWARD.encode("ö".encode()[::-1]) == TOKENIZER.encode("ö")[::-1]


@pytest.mark.parametrize("vocabulary", [FORWARD, BACKWARD], ids=["forward", "backward"])
@given(stub=st.sampled_from([token for token in TOKENIZER.token_bytes if len(token) > 1]), n=st.integers(1, 12))
def test_agreeing_tokens_are_those_that_start_alike(vocabulary: OwnVocabulary, stub: bytes, n: int) -> None:
    stub = stub[:n]
    expected = {i for i, token in enumerate(vocabulary.token_bytes) if token.startswith(stub) or stub.startswith(token)}
    assert sorted(vocabulary.agreeing(stub).tolist()) == sorted(expected)
    assert vocabulary.extends(stub) == any(len(vocabulary.token_bytes[i]) > len(stub) for i in expected)


def test_what_is_text() -> None:
    emoji = "😀".encode()
    assert is_text(b"")
    assert is_text(emoji)
    assert not is_text(emoji[:3])
    assert BACKWARD.is_text(emoji[::-1])
    assert not BACKWARD.is_text(emoji[::-1][:3])
    assert not BACKWARD.is_text(emoji)
