"""Exact and near duplicates: the first file seen stays, later ones that are the same or almost the same go."""

from __future__ import annotations

import hashlib

import numpy as np
from datasketch import MinHash, MinHashLSH

from mim_lsp.training.corpus.words import Hashes, window_hashes

THRESHOLD = 0.8  # Jaccard similarity of the sets of shingles from which two files are near duplicates
SHINGLE_WORDS = 5
PERMUTATIONS = 64

_LOW_32_BITS = np.uint64(0xFFFFFFFF)


class Deduplicator:
    """Remembers every file it was given, and tells whether a new one repeats one of them."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()
        self._index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
        self._signatures: dict[str, MinHash] = {}
        # Copied for every file: drawing the permutations anew costs more than most files do.
        self._empty = MinHash(num_perm=PERMUTATIONS, hashfunc=int)

    def is_exact_duplicate(self, text: str) -> bool:
        """Whether this text was seen before; remembers it."""
        digest = hashlib.sha256(text.encode("utf-8")).digest()
        seen = digest in self._digests
        self._digests.add(digest)
        return seen

    def near_duplicate_of(self, key: str, word_hashes: Hashes) -> str | None:
        """Key of a remembered file that this one almost repeats; if there is none, remembers it as `key`."""
        signature = self._sign(word_hashes)
        matches: list[str] = sorted(
            other for other in self._index.query(signature) if signature.jaccard(self._signatures[other]) >= THRESHOLD
        )
        if matches:
            return matches[0]
        self._index.insert(key, signature)
        self._signatures[key] = signature
        return None

    def _sign(self, word_hashes: Hashes) -> MinHash:
        # A text shorter than a shingle is one shingle of its own length.
        shingles = window_hashes(word_hashes, max(1, min(SHINGLE_WORDS, len(word_hashes))))
        signature = self._empty.copy()
        signature.update_batch(np.unique(shingles & _LOW_32_BITS))
        return signature
