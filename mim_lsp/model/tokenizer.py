"""Byte-level BPE for source code.

Text is first split so that no token holds the end of a line: a line break and the indentation behind it are one piece,
digits stand alone, words keep the blank before them. The model's special tokens are ids that the BPE does not know,
so text that looks like one stays text. Any string that can be written as UTF-8 survives encode and decode unchanged.

`tokenizer.json` is in the format of the `tokenizers` library, which learns it (`mim_lsp.training.vocabulary`). Here
`tiktoken` reads text with it: it gives the same ids and encodes a line in a quarter of the time, without bringing a
client for model hubs along.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any

from tiktoken import Encoding

from mim_lsp.errors import ModelError

PIECES = r"\r?\n[ \t]*| ?\p{N}| ?[\p{L}\p{M}_]+| ?[^\s\p{L}\p{M}\p{N}_]+|[ \t]+(?=[ \t]\S)|[ \t]+|\s"
"""Line break with indentation | digit | word | punctuation | blanks, all but the one before a word | other space."""
LONG_RUN = 100_000
"""Blanks in a row that are split into pieces at once; with a million of them tiktoken's regular expressions fail."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t]+")


class CodeTokenizer:
    """Text to token ids and back."""

    def __init__(self, file_text: str) -> None:
        """Take over what a `tokenizer.json` holds.

        Raises:
            ValueError: that is no byte-level BPE, with what is wrong as its message.
        """
        self._file_text = file_text
        pattern, tokens = _read(file_text)
        self.token_bytes = tuple(tokens)
        """The bytes of each text token, by id; a token may be part of a character."""
        self._encoding = Encoding(
            "mim", pat_str=pattern, mergeable_ranks={token: i for i, token in enumerate(tokens)}, special_tokens={}
        )

    @classmethod
    def from_file(cls, path: Path) -> CodeTokenizer:
        """Read `tokenizer.json`.

        Raises:
            ModelError: it is missing or malformed.
        """
        try:
            return cls(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"cannot read {path} ({error}). Fetch the model folder again.") from error
        except (ValueError, RecursionError) as error:
            raise ModelError(
                f"{path} is not a byte-level tokenizer ({error}). Fetch the model folder again."
            ) from error

    def save(self, path: Path) -> None:
        """Write `tokenizer.json`, aside and then renamed: what is there is whole."""
        aside = path.with_name(path.name + ".new")
        aside.write_text(self._file_text, encoding="utf-8")
        aside.replace(path)

    @property
    def n_tokens(self) -> int:
        """Number of text tokens; ids at and above this one are no text."""
        return len(self.token_bytes)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`; a lone surrogate, which no UTF-8 file holds, becomes U+FFFD."""
        clean = text if text.isascii() else _SURROGATE.sub("\ufffd", text)
        if len(clean) <= LONG_RUN:
            return self._encoding.encode_ordinary(clean)
        return list(chain.from_iterable(map(self._encoding.encode_ordinary, _in_short_runs(clean))))

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes that the text tokens among `ids` stand for."""
        table = self.token_bytes
        return b"".join(table[i] for i in ids if i < len(table))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; bytes that are no UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode("utf-8", "replace")


def _in_short_runs(text: str) -> Iterator[str]:
    """The text, cut wherever `LONG_RUN` blanks have come one after the other."""
    cuts = [cut for run in _BLANKS.finditer(text) for cut in range(run.start() + LONG_RUN, run.end(), LONG_RUN)]
    return (text[start:end] for start, end in pairwise((0, *cuts, len(text))))


def _read(file_text: str) -> tuple[str, list[bytes]]:
    """The regular expression of the pieces, and the bytes of each token by id.

    tiktoken joins the two neighbours whose token has the least id. That is what the file means as long as its merges
    are in the order of the ids that they give, behind the 256 bytes; the trainer writes no other.
    """
    match json.loads(file_text):
        case {
            "normalizer": None,
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "Split", "pattern": {"Regex": str(pattern)}, "behavior": "Isolated", "invert": False},
                    {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
                ],
            },
            "model": {"type": "BPE", "vocab": dict(vocab), "merges": list(merges)},
        }:
            return pattern, _tokens(vocab, merges)
    raise ValueError("its parts are others")


def _tokens(vocab: Mapping[str, Any], merges: Sequence[Any]) -> list[bytes]:
    names = [*vocab]
    if [*vocab.values()] != [*range(len(names))]:
        if not all(type(i) is int for i in vocab.values()) or {*vocab.values()} != {*range(len(names))}:
            raise ValueError("its ids are not 0 to their number")
        names.sort(key=vocab.__getitem__)
    data, _ = codecs.charmap_encode("".join(names), "strict", _BYTE_OF)  # a byte for each character
    tokens = [data[start:end] for start, end in pairwise(accumulate(map(len, names), initial=0))]
    if {bytes([byte]) for byte in range(256)} != set(tokens[:256]) or len(set(tokens)) < len(tokens):
        raise ValueError("it does not begin with the 256 bytes")
    if _joined(merges) != names[256:]:
        raise ValueError("its merges are not in the order of its tokens")
    return tokens


def _joined(merges: Sequence[Any]) -> list[str]:
    """What each merge makes; older files have "a b" for ["a", "b"]."""
    try:
        return [merge.replace(" ", "") if isinstance(merge, str) else "".join(merge) for merge in merges]
    except TypeError as error:
        raise ValueError("its merges are no pairs") from error


def _stand_ins() -> dict[int, int]:
    """The byte for each of the characters that byte-level BPE vocabularies are written in: GPT-2's printable ones."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: byte for byte in printable} | {256 + i: byte for i, byte in enumerate(others)}


_BYTE_OF = _stand_ins()
