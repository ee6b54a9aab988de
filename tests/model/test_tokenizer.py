from __future__ import annotations

import json
import sysconfig
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import tokenizers
from hypothesis import example, given
from hypothesis import strategies as st

from mim_lsp.errors import ModelError
from mim_lsp.model import tokenizer as tokenizer_module
from mim_lsp.model.folder import TOKENIZER
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.runtime.loading import find_model
from mim_lsp.training.vocabulary import learn_tokenizer
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


@cache
def learned() -> tokenizers.Tokenizer:
    """The tests' tokenizer in the library that learned it."""
    with TemporaryDirectory() as folder:
        tiny_tokenizer().save(Path(folder, TOKENIZER))
        return tokenizers.Tokenizer.from_file(str(Path(folder, TOKENIZER)))


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
    tokenizer = learn_tokenizer([f"{text} = 1\n" * 50], VOCAB_SIZE)
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
    tokens = learn_tokenizer(texts * 3, VOCAB_SIZE).token_bytes
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


@given(ANY_TEXT | CODE_TEXT)
@example(SOURCE)
@example("\u1885\U0001e950\U00016ae1 \U00011f00\u0e31x")  # letters and marks that are young
def test_the_ids_are_those_of_the_library_that_learned_them(text: str) -> None:
    assert tiny_tokenizer().encode(text) == learned().encode(text.encode("utf-8", "replace").decode()).ids


def test_the_ids_of_the_model_in_the_box_are_those_of_the_library() -> None:
    path = find_model(None) / TOKENIZER
    ours, theirs = CodeTokenizer.from_file(path), tokenizers.Tokenizer.from_file(str(path))
    for name in ("argparse.py", "asyncio/base_events.py", "lib2to3/tests/data/py3_test_grammar.py", "turtle.py"):
        text = Path(sysconfig.get_path("stdlib"), name).read_text(encoding="utf-8")
        for variant in (text, text.replace("\n", "\r\n"), text.replace("    ", "\t")):
            assert ours.encode(variant) == theirs.encode(variant).ids


@pytest.mark.parametrize("character", [" ", "\t", "x", "^", "1", "é", "😀", "\0", "\r"])
def test_a_long_run_takes_no_more_time_than_its_length_is_worth(character: str) -> None:
    """A run of ten times as many takes about ten times as long, and not a hundred times."""

    def least_time(n: int) -> float:
        """The shortest of a few: a busy machine makes some longer, and none shorter."""
        times = []
        for _ in range(4):
            start = time.process_time()
            tiny_tokenizer().encode(character * n)
            times.append(time.process_time() - start)
        return min(times)

    assert least_time(300_000) < 40 * max(least_time(30_000), 0.005)


@given(st.lists(st.sampled_from([" ", "\t", "x", "\n", " " * 9, "\t" * 5, "x " * 3]), max_size=20).map("".join))
def test_runs_that_are_cut_are_encoded_all_the_same(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer_module, "LONG_RUN", 4)
        ids = tiny_tokenizer().encode(text)
    assert tiny_tokenizer().decode(ids) == text
    if "     " not in text.replace("\t", " "):
        assert ids == tiny_tokenizer().encode(text)


def test_more_blanks_in_a_row_than_the_regular_expressions_take() -> None:
    text = "x" + " " * 1_200_000 + "\t" * 10 + "y"
    assert tiny_tokenizer().decode(tiny_tokenizer().encode(text)) == text


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
    with pytest.raises(ModelError, match="is not a byte-level tokenizer"):
        CodeTokenizer.from_file(path)


def changed(**parts: Any) -> str:
    """The tests' `tokenizer.json` with other parts in its model, or in the whole."""
    with TemporaryDirectory() as folder:
        tiny_tokenizer().save(Path(folder, TOKENIZER))
        data = json.loads(Path(folder, TOKENIZER).read_text(encoding="utf-8"))
    for name, part in parts.items():
        (data["model"] if name in data["model"] else data)[name] = part
    return json.dumps(data)


def vocabulary() -> dict[str, Any]:
    vocab: dict[str, Any] = json.loads(changed())["model"]["vocab"]
    return vocab


@pytest.mark.parametrize(
    "broken",
    [
        lambda: changed(type="WordLevel", vocab={"日本": 0, "[UNK]": 1}),
        lambda: changed(normalizer={"type": "NFC"}),
        lambda: changed(pre_tokenizer=None),
        lambda: changed(vocab={name: i + 1 for name, i in vocabulary().items()}),
        lambda: changed(vocab=vocabulary() | {"!": None}),
        lambda: changed(vocab=vocabulary() | {"日": len(vocabulary())}),
        lambda: changed(vocab={name: i for name, i in vocabulary().items() if i}),
        lambda: changed(vocab=dict(zip(vocabulary(), reversed(range(len(vocabulary()))), strict=True))),
        lambda: changed(merges=json.loads(changed())["model"]["merges"][::-1]),
        lambda: changed(merges=json.loads(changed())["model"]["merges"][:-1]),
        lambda: changed(merges=[None] * (len(vocabulary()) - 256)),
        lambda: changed().replace(r"\\r?", "("),
        lambda: "[" * 100_000,
    ],
)
def test_a_tokenizer_of_another_kind_is_an_error(tmp_path: Path, broken: Callable[[], str]) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(broken(), encoding="utf-8")
    with pytest.raises(ModelError, match="not a byte-level tokenizer") as raised:
        CodeTokenizer.from_file(path)
    assert "\n" not in str(raised.value)


def test_the_order_of_the_vocabularys_names_does_not_matter() -> None:
    shuffled = dict(sorted(vocabulary().items()))
    assert CodeTokenizer(changed(vocab=shuffled)).token_bytes == tiny_tokenizer().token_bytes


def test_merges_may_be_written_as_older_files_have_them() -> None:
    older = [" ".join(merge) for merge in json.loads(changed())["model"]["merges"]]
    assert CodeTokenizer(changed(merges=older)).encode(SOURCE) == tiny_tokenizer().encode(SOURCE)
