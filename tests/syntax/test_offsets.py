from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax.offsets import ByteOffsets, encode

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=40)


@given(ANY_TEXT)
def test_each_code_point_maps_to_its_byte_and_back(text: str) -> None:
    offsets = ByteOffsets(text, encode(text))
    for char in range(len(text) + 1):
        byte = len(encode(text[:char]))
        assert offsets.to_byte(char) == byte
        assert offsets.to_char(byte) == char


def test_long_texts_are_looked_up_in_blocks() -> None:
    text = "aé漢😀" * 70 + "x" * 300 + "\ud800" * 5
    for last in ("", "é"):
        offsets, data = ByteOffsets(text + last, encode(text + last)), encode(text + last)
        owners = [char for char, letter in enumerate(text + last) for _ in encode(letter)]
        assert [offsets.to_char(byte) for byte in range(len(data))] == owners
        assert [offsets.to_byte(char) for char in range(len(text + last))] == [
            owners.index(char) for char in range(len(text + last))
        ]


@given(ANY_TEXT)
def test_a_byte_inside_a_code_point_maps_to_that_code_point(text: str) -> None:
    offsets = ByteOffsets(text, encode(text))
    owners = [char for char, letter in enumerate(text) for _ in encode(letter)]
    assert [offsets.to_char(byte) for byte in range(len(owners))] == owners


@pytest.mark.parametrize("text", ["", "ab", "é漢😀"])
def test_offsets_outside_the_text_are_clamped(text: str) -> None:
    offsets = ByteOffsets(text, encode(text))
    assert offsets.to_byte(-3) == 0
    assert offsets.to_char(-3) == 0
    assert offsets.to_byte(len(text) + 5) == len(encode(text))
    assert offsets.to_char(100) == len(text)
