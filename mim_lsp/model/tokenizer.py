"""Byte-level BPE for source code.

Text is first split so that no token holds the end of a line: a line break and the indentation behind it are one piece,
digits stand alone, words keep the blank before them. The model's special tokens are ids that the BPE does not know,
so text that looks like one stays text. Any string that can be written as UTF-8 survives encode and decode unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from mim_lsp.errors import ModelError
from mim_lsp.model.config import N_SPECIAL_TOKENS

PIECES = r"\r?\n[ \t]*| ?\p{N}| ?[\p{L}\p{M}_]+| ?[^\s\p{L}\p{M}\p{N}_]+|[ \t]+(?=[ \t]\S)|[ \t]+|\s"
"""Line break with indentation | digit | word | punctuation | blanks, all but the one before a word | other space."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")


class CodeTokenizer:
    """Text to token ids and back."""

    def __init__(self, bpe: Tokenizer) -> None:
        self._bpe = bpe

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int) -> CodeTokenizer:
        """Learn `vocab_size - N_SPECIAL_TOKENS` byte-level tokens from `texts`."""
        bpe = Tokenizer(models.BPE())
        bpe.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        bpe.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size - N_SPECIAL_TOKENS,
            min_frequency=2,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        bpe.train_from_iterator(texts, trainer)
        return cls(bpe)

    @classmethod
    def from_file(cls, path: Path) -> CodeTokenizer:
        """Read `tokenizer.json`.

        Raises:
            ModelError: it is missing or malformed.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"cannot read {path} ({error}). Fetch the model folder again.") from error
        try:
            tokenizer = cls(Tokenizer.from_str(text))
        except Exception as error:  # the library raises plain Exception for every malformed file
            raise ModelError(f"{path} is not a tokenizer ({error}). Fetch the model folder again.") from error
        try:
            _ = tokenizer.token_bytes
        except KeyError as error:
            raise ModelError(f"{path} is not a byte-level tokenizer. Fetch the model folder again.") from error
        return tokenizer

    def save(self, path: Path) -> None:
        """Write `tokenizer.json`."""
        path.write_text(self._bpe.to_str(pretty=False), encoding="utf-8")

    @property
    def n_tokens(self) -> int:
        """Number of text tokens; ids at and above this one are no text."""
        return int(self._bpe.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`; a lone surrogate, which no UTF-8 file holds, becomes U+FFFD."""
        clean = text if text.isascii() else _SURROGATE.sub("\ufffd", text)
        return list(self._bpe.encode(clean, add_special_tokens=False).ids)

    @cached_property
    def token_bytes(self) -> tuple[bytes, ...]:
        """The bytes of each text token, by id; a token may be part of a character."""
        byte_of = {character: byte for byte, character in _bytes_to_characters().items()}
        ids = self._bpe.get_vocab()
        return tuple(bytes(map(byte_of.__getitem__, name)) for name in sorted(ids, key=ids.__getitem__))

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes that the text tokens among `ids` stand for."""
        table = self.token_bytes
        return b"".join(table[i] for i in ids if i < len(table))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; bytes that are no UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode("utf-8", "replace")


def _bytes_to_characters() -> dict[int, str]:
    """GPT-2's printable stand-in for each byte, which byte-level BPE vocabularies are written in."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}
