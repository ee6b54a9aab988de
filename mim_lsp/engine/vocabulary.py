"""The tokens' bytes in one direction's own reading order, and which tokens agree with a given stub.

Everything behind this file is symmetric: the backward direction is a forward direction over mirrored bytes. "Own order"
means text order for the forward direction and reversed text for the backward one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import lru_cache

from mim_lsp.engine.context_index import ContextIndex
from mim_lsp.engine.lines import LineTokens
from mim_lsp.runtime.loading import CodeTokenizer, Direction


class OwnVocabulary:
    """One direction's view of the vocabulary."""

    def __init__(self, tokenizer: CodeTokenizer, lines: LineTokens, direction: Direction) -> None:
        self.direction, self._lines = direction, lines
        self.n_tokens = tokenizer.n_tokens
        """Number of text tokens: the ids below it."""
        self.token_bytes = tuple(mirror(token, direction) for token in tokenizer.token_bytes)
        by_bytes = sorted(range(self.n_tokens), key=self.token_bytes.__getitem__)
        self.longest_token = max(map(len, self.token_bytes))
        """Length of the longest token in bytes."""
        self._sorted = [self.token_bytes[i] for i in by_bytes]
        self._sorted_ids = by_bytes
        self._id_of = dict(zip(self.token_bytes, range(self.n_tokens), strict=True))
        self.border = chr(self.n_tokens)
        """A character that is no token's; see `characters`."""
        self.agreeing = lru_cache(maxsize=256)(self._agreeing)
        self.index_of = lru_cache(maxsize=4)(self._index_of)

    def bytes_of(self, ids: list[int]) -> bytes:
        """What text tokens stand for, in own order."""
        return b"".join(self.token_bytes[i] for i in ids)

    def encode(self, own: bytes) -> list[int]:
        """Tokens in own order of bytes in own order.

        Raises:
            UnicodeDecodeError: the bytes are no whole characters.
        """
        ids = self._lines.encode(mirror(own, self.direction).decode("utf-8"))
        return ids if self.direction is Direction.FORWARD else ids[::-1]

    def characters(self, text: str) -> str:
        """The tokens of a text (text order) as characters in own order."""
        characters = self._lines.characters(text)
        return characters if self.direction is Direction.FORWARD else characters[::-1]

    def _index_of(self, texts: tuple[str, ...]) -> ContextIndex:
        """Where which tokens stand in texts that have nothing to do with each other."""
        return ContextIndex("".join(self.characters(text) + self.border for text in texts), self.border)

    def is_text(self, own: bytes) -> bool:
        """Whether bytes in own order are whole characters."""
        return is_text(mirror(own, self.direction))

    def extends(self, stub: bytes) -> bool:
        """Whether some token is longer than `stub` and starts with it, so that `stub` may be part of a token."""
        low, high = self._range(stub)
        return high - low > (stub in self._id_of)

    def agrees(self, stub: bytes, token: int) -> bool:
        """Whether a token starts with `stub`, or `stub` with it."""
        text = self.token_bytes[token]
        return text.startswith(stub) or stub.startswith(text)

    def _agreeing(self, stub: bytes) -> array[int]:
        """Ids of the tokens that start with `stub`, or that `stub` starts with, ascending."""
        low, high = self._range(stub)
        shorter = [i for n in range(1, len(stub)) if (i := self._id_of.get(stub[:n])) is not None]
        return array("i", sorted([*self._sorted_ids[low:high], *shorter]))

    def _range(self, stub: bytes) -> tuple[int, int]:
        return bisect_left(self._sorted, stub), bisect_left(self._sorted, stub + b"\xff" * 64)


def mirror(text: bytes, direction: Direction) -> bytes:
    """Bytes in a direction's own order from bytes in text order, or the other way round."""
    return text if direction is Direction.FORWARD else text[::-1]


def is_text(text: bytes) -> bool:
    """Whether bytes in text order are whole characters in UTF-8."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
