"""A completion that is being written while the typist goes on.

It stays useful as long as what is typed agrees with what it has written: then its end answers the newer request as
well. At the first divergence it is given up, between two passes over the weights.
"""

from __future__ import annotations

import threading

from mim_lsp.completion.cache import SuffixKey, SuffixNow, suffix_key
from mim_lsp.completion.line_endings import normalize
from mim_lsp.errors import Cancelled
from mim_lsp.runtime.protocol import CancelFlag


class Flight:
    """One completion under way for the place between `prefix` and `suffix`.

    `watch` is called by the thread that writes, all else by the one that hears the typist.
    """

    def __init__(self, prefix: str, suffix: str) -> None:
        self.cancel = CancelFlag()
        """Set when nobody waits for the completion any more."""
        self._prefix, self._suffix = prefix, suffix_key(suffix)
        self._lock = threading.Lock()
        self._typed = ""
        self._written = ""

    @property
    def prefix(self) -> str:
        """What stands before the place that is completed."""
        return self._prefix

    @property
    def suffix(self) -> SuffixKey:
        """Stands for what is behind that place."""
        return self._suffix

    def watch(self, written: str) -> None:
        r"""The forward side has written so much by now (line breaks `\n`).

        Raises:
            Cancelled: what was typed since the start says otherwise.
        """
        with self._lock:
            self._written = written
            diverged = not _agree(self._typed, written)
        if diverged:
            self.cancel.set()
            raise Cancelled

    def follow(self, prefix: str, suffix: str) -> bool:
        """Whether the completion may still answer for this place, where the typist is now.

        If not, it is given up. Deleting back to the start of the flight or less ends it too, but for the start itself.
        """
        typed = prefix[len(self._prefix) :] if prefix.startswith(self._prefix) else None
        if typed is None or SuffixNow(suffix).closers_before(self._suffix) is None:
            self.cancel.set()
            return False
        with self._lock:
            self._typed = normalize(typed, len(typed))[0]
            agrees = _agree(self._typed, self._written)
        if not agrees:
            self.cancel.set()
        return agrees and not self.cancel.is_set()

    def is_within(self, text: str) -> bool:
        """Whether the document, `text` now, still has the flight's prefix at its start and suffix at its end."""
        end = len(text) - self._suffix.length
        return end >= len(self._prefix) and text.startswith(self._prefix) and suffix_key(text[end:]) == self._suffix


def _agree(typed: str, written: str) -> bool:
    return typed.startswith(written) or written.startswith(typed)
