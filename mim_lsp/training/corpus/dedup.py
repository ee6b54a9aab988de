"""Exact and near duplicates: the first file seen stays, later ones that are the same or almost the same go."""

from __future__ import annotations

import numpy as np
from datasketch import MinHash, MinHashLSH

from mim_lsp.training.corpus.words import Hashes, window_hashes

THRESHOLD = 0.8  # Jaccard similarity of the sets of shingles from which two files are near duplicates
SHINGLE_WORDS = 5
PERMUTATIONS = 64

_LOW_32_BITS = np.uint64(0xFFFFFFFF)


class Signer:
    """Signs texts, so that the similarity of two can be told from their signatures alone."""

    def __init__(self) -> None:
        # Copied for every text: drawing the permutations anew costs more than most texts do.
        self._empty = MinHash(num_perm=PERMUTATIONS, hashfunc=int)

    def sign(self, word_hashes: Hashes) -> bytes:
        """A text's signature."""
        # A text shorter than a shingle is one shingle of its own length.
        shingles = window_hashes(word_hashes, max(1, min(SHINGLE_WORDS, len(word_hashes))))
        signature = self._empty.copy()
        signature.update_batch(np.unique(shingles & _LOW_32_BITS))
        return signature.hashvalues.astype("<u4").tobytes()  # type: ignore[no-any-return]


class Deduplicator:
    """Remembers every text it was given, and tells whether a new one repeats one of them."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()
        self._index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
        self._signatures: dict[str, MinHash] = {}
        self._empty = MinHash(num_perm=PERMUTATIONS, hashfunc=int)

    def is_exact_duplicate(self, digest: bytes) -> bool:
        """Whether a text of this digest was seen before; remembers it."""
        seen = digest in self._digests
        self._digests.add(digest)
        return seen

    def near_duplicate_of(self, key: str, signature: bytes) -> str | None:
        """Key of a remembered text that this one almost repeats; if there is none, remembers it as `key`."""
        signed = self._empty.copy()
        signed.hashvalues = np.frombuffer(signature, dtype="<u4").astype(self._empty.hashvalues.dtype)
        matches: list[str] = sorted(
            other for other in self._index.query(signed) if signed.jaccard(self._signatures[other]) >= THRESHOLD
        )
        if matches:
            return matches[0]
        self._index.insert(key, signed)
        self._signatures[key] = signed
        return None
