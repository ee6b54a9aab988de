"""Texts as sequences of hashed words: what both near-duplicate search and decontamination compare."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_WORD = re.compile(r"\w+|[^\s\w]")
_BASE = 0x9E3779B97F4A7C15  # odd, so that every position of a window keeps all 64 bits of its word


class WordHashes(dict[str, int]):
    """Stable 64-bit hashes of words, each computed once (Python's own `hash` differs from run to run)."""

    def __missing__(self, word: str) -> int:
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        value = self[word] = int.from_bytes(digest, "little")
        return value


def split_words(text: str) -> list[str]:
    """Words and single punctuation characters, without the white space between them."""
    return _WORD.findall(text)


def hash_words(words: list[str], known: WordHashes) -> Hashes:
    """One hash per word, shape (words,)."""
    return np.fromiter(map(known.__getitem__, words), dtype=np.uint64, count=len(words))


def window_hashes(word_hashes: Hashes, size: int) -> Hashes:
    """One hash for each run of `size` consecutive words, shape (max(0, words - size + 1),)."""
    count = max(0, len(word_hashes) - size + 1)
    total = np.zeros(count, dtype=np.uint64)
    factor = 1
    for offset in range(size):
        total += word_hashes[offset : offset + count] * np.uint64(factor)
        factor = factor * _BASE % 2**64
    return total
