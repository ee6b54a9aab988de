from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mim_lsp.errors import ModelError
from mim_lsp.model.tokenizer import CodeTokenizer
from tests.tiny import SOURCE, VOCAB_SIZE, tiny_tokenizer

ANY_TEXT = st.text() | st.text(st.characters(exclude_categories=["Cs"]))
CODE_TEXT = st.lists(
    st.sampled_from(
        [
            *(
                "def ",
                "circle",
                "radius",
                "x",
                "_",
                "1",
                "23",
                "٣",
                "½",
                ".",
                "(",
                ")",
                "'",
                "é",
                "e\u0301",
                "漢字",
                "😀",
            ),
            *("\n", "\r\n", "\r", "\n\n", " ", "  ", "    ", "\t", "\0", "\x0b", "\u2028", "\u00a0", "\ufeff"),
            *("<l2r>", "<far>", "<eom>", "<|fim_prefix|>", "<|endoftext|>", "</s>", "[UNK]", "Ġ", "Ċ"),
        ]
    )
).map("".join)
LOOKALIKES = ["<l2r>", "<r2l>", "<far>", "<near>", "<eom>", "<pad>", "<|fim_prefix|>", "<|endoftext|>", "[UNK]", "</s>"]


def pieces(text: str) -> list[bytes]:
    """The bytes of each token of `text`."""
    tokenizer = tiny_tokenizer()
    return [tokenizer.token_bytes[token] for token in tokenizer.encode(text)]


@given(ANY_TEXT | CODE_TEXT)
@example("")
@example("\0\x7f\x80\ufffd\U0010ffff")
@example("if x:\r\n\treturn\r\n\r\n    \t  y \r")
def test_any_text_survives_unchanged(text: str) -> None:
    tokenizer = tiny_tokenizer()
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode_bytes(ids) == text.encode()
    assert all(0 <= token < tokenizer.n_tokens for token in ids)


@pytest.mark.parametrize("text", LOOKALIKES)
def test_text_that_looks_like_a_special_token_is_text(text: str) -> None:
    tokenizer = CodeTokenizer.train([f"{text} = 1\n" * 50], VOCAB_SIZE)
    ids = tokenizer.encode(f"a {text}\n{text}")
    assert tokenizer.decode(ids) == f"a {text}\n{text}"
    assert max(ids) < tokenizer.n_tokens <= VOCAB_SIZE - 8


@given(CODE_TEXT)
@example("x = 12345.67e8 + 1024")
def test_digits_stand_alone(text: str) -> None:
    for piece in pieces(text):
        digits = sum(48 <= byte <= 57 for byte in piece)
        assert digits == 0 or piece.strip(b" ") == piece[-1:]


@pytest.mark.parametrize(
    "texts",
    [
        [SOURCE],
        [SOURCE.replace("\n", "\r\n")],
        ["a\n\n\n\nb\r\n\r\n\r\n", "\r\r\n \n\t\n", "):\n\n        return", ")\n" * 9, "x \n" * 9, "\n)\n}\n" * 9],
    ],
    ids=["LF", "CRLF", "blank lines"],
)
def test_no_token_crosses_the_end_of_a_line(texts: list[str]) -> None:
    tokens = CodeTokenizer.train(texts * 3, VOCAB_SIZE).token_bytes
    with_break = [token for token in tokens if b"\n" in token]
    assert any(len(token) > 1 for token in with_break)
    for token in with_break:
        before, after = token.split(b"\n", 1)
        assert before in (b"", b"\r")
        assert after.strip(b" \t") == b""


@given(CODE_TEXT)
def test_no_token_of_a_text_crosses_the_end_of_a_line(text: str) -> None:
    for piece in pieces(text):
        assert piece.rfind(b"\n") <= piece.startswith(b"\r")


def test_a_line_break_and_its_indentation_are_one_token() -> None:
    for break_ in ("\n    ", "\n        "):
        assert pieces(f"x{break_}return") == [b"x", break_.encode(), b"return"]
    assert pieces("x\n\n    return") == [b"x", b"\n", b"\n    ", b"return"]


def test_a_word_takes_the_blank_before_it() -> None:
    assert b" circle" in pieces("for circle in circles")
    assert pieces("x   circle")[-1] == b" circle"


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    tokenizer = tiny_tokenizer()
    assert tokenizer.decode(tokenizer.encode("a\ud800b\udfff\udfff")) == "a\ufffdb\ufffd\ufffd"


def test_broken_utf8_is_decoded_with_replacement_characters() -> None:
    tokenizer = tiny_tokenizer()
    halves = [token for token, piece in enumerate(tokenizer.token_bytes) if piece == b"\xf0"]
    assert tokenizer.decode(halves) == "\ufffd"
    assert tokenizer.decode_bytes(halves) == b"\xf0"


def test_ids_that_are_no_text_decode_to_nothing() -> None:
    tokenizer = tiny_tokenizer()
    ids = tokenizer.encode("circle")
    assert tokenizer.decode([VOCAB_SIZE - 1, *ids, tokenizer.n_tokens]) == "circle"


def test_every_byte_is_a_token() -> None:
    tokens = tiny_tokenizer().token_bytes
    assert len(tokens) == tiny_tokenizer().n_tokens == len(set(tokens))
    assert {bytes([byte]) for byte in range(256)} <= set(tokens)


def test_a_very_long_line_survives() -> None:
    text = " " * 200_000 + "x" * 200_000 + "\t" * 200_000 + "\n"
    assert tiny_tokenizer().decode(tiny_tokenizer().encode(text)) == text


def test_saved_and_loaded(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    tiny_tokenizer().save(path)
    loaded = CodeTokenizer.from_file(path)
    assert loaded.encode(SOURCE) == tiny_tokenizer().encode(SOURCE)
    assert loaded.token_bytes == tiny_tokenizer().token_bytes


@pytest.mark.parametrize("content", [b"", b"{}", b"[1, 2]", b"\xff\xfe", b'{"model": {"type": "BPE"', b"null"])
def test_a_broken_file_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"tokenizer\.json .*Fetch the model folder again") as raised:
        CodeTokenizer.from_file(path)
    assert "\n" not in str(raised.value)


def test_a_missing_and_a_truncated_file_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    with pytest.raises(ModelError, match="cannot read"):
        CodeTokenizer.from_file(path)
    tiny_tokenizer().save(path)
    path.write_text(path.read_text(encoding="utf-8")[:-100], encoding="utf-8")
    with pytest.raises(ModelError, match="is not a tokenizer"):
        CodeTokenizer.from_file(path)


def test_a_tokenizer_of_another_kind_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    tiny_tokenizer().save(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["model"] = {"type": "WordLevel", "vocab": {"日本": 0, "[UNK]": 1}, "unk_token": "[UNK]"}
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ModelError, match="not a byte-level tokenizer"):
        CodeTokenizer.from_file(path)
