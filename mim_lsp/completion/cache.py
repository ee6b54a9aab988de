"""Suggestions that were made before, found again while the typist goes along with them.

A suggestion made for a prefix and a suffix still holds when its own beginning has been typed since: what is left of
it is offered at once, and nothing else, so that what is shown never changes under the typist's fingers. Deleting back
finds the older suggestions. The suffix must be the same, but for the closing brackets and quotes that an editor puts
behind the cursor by itself.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from mim_lsp.completion.radix_trie import Node, RadixTrie
from mim_lsp.completion.types import Candidate

MAX_BYTES = 16_000_000
"""Of texts and prefixes together; what was not used for the longest time goes first."""
MAX_CLOSERS = 4
"""How many closers behind the cursor may be the editor's own."""
BYTES_PER_CHARACTER = 2
"""Of most Python strings it is one or two."""

_CLOSERS = ")]}'\"`>"


class SuffixKey(NamedTuple):
    """Stands for a suffix without holding it."""

    length: int
    digest: int


class SuffixNow:
    """A suffix that is compared with many others."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._keys: dict[int, SuffixKey] = {}

    def closers_before(self, then: SuffixKey) -> str | None:
        """The closers that stand before the suffix of `then` now; None if it is another suffix."""
        count = len(self._text) - then.length
        if not 0 <= count <= MAX_CLOSERS or any(char not in _CLOSERS for char in self._text[:count]):
            return None
        if count not in self._keys:
            self._keys[count] = suffix_key(self._text[count:])
        return self._text[:count] if self._keys[count] == then else None


@dataclass(frozen=True)
class Answer:
    """What was found for a place. `candidates` is empty exactly when `reason` is set."""

    candidates: tuple[Candidate, ...] = ()
    reason: str | None = None
    explicit: bool = False
    """Whether it was asked for by a key: then it holds several candidates, of any confidence."""


@dataclass(frozen=True)
class Fitting:
    """What is left of a suggestion at a place farther on."""

    text: str
    """What is still to be inserted at the cursor."""
    replaces: int
    """How many characters behind the cursor `text` takes the place of: closers that the editor put there."""
    candidate: Candidate
    """The whole suggestion."""


class Found(NamedTuple):
    """What is known for a place. `fittings` is empty exactly when `reason` is set."""

    fittings: tuple[Fitting, ...]
    reason: str | None
    origin: Shown | None = None
    """The place that the answer was given for, and the whole answer."""


@dataclass(frozen=True)
class Shown:
    """What the typist sees: while it fits what is typed, nothing else is offered in its place."""

    prefix: str
    suffix: SuffixKey
    answer: Answer

    def at(self, prefix: str, suffix: str) -> Found | None:
        """What is left of it at a place farther on; None if the typist has left it."""
        if not prefix.startswith(self.prefix):
            return None
        found = found_at(self.answer, self.suffix, prefix[len(self.prefix) :], SuffixNow(suffix))
        return found if found and found.fittings else None


@dataclass(eq=False)
class _Entry:
    document: str
    suffix: SuffixKey
    answer: Answer
    node: Node[_Entry] | None = field(default=None, repr=False)

    @property
    def characters(self) -> int:
        return sum(len(candidate.text) for candidate in self.answer.candidates) + 100


class SuggestionCache:
    """The answers of all open documents, bounded in bytes."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_characters = max_bytes // BYTES_PER_CHARACTER
        self._tries: dict[str, RadixTrie[_Entry]] = {}
        self._by_use: OrderedDict[int, _Entry] = OrderedDict()
        self._answers = 0  # characters of the entries

    def __len__(self) -> int:
        """How many answers it holds."""
        return len(self._by_use)

    @property
    def bytes(self) -> int:
        """About how much memory it holds."""
        return BYTES_PER_CHARACTER * self._characters

    @property
    def _characters(self) -> int:
        return self._answers + sum(trie.characters for trie in self._tries.values())

    def add(self, document: str, prefix: str, suffix: str, answer: Answer) -> None:
        """Keep the answer for a place; it takes the place of an older one."""
        key = suffix_key(suffix)
        trie = self._tries.setdefault(document, RadixTrie())
        for length, entry in list(trie.along(prefix)):
            if length == len(prefix) and entry.suffix == key:
                self._remove(entry)
        trie = self._tries.setdefault(document, trie)
        entry = _Entry(document, key, answer)
        entry.node = trie.add(prefix, entry)
        self._answers += entry.characters
        self._by_use[id(entry)] = entry
        while self._characters > self._max_characters and len(self._by_use) > 1:
            self._remove(next(iter(self._by_use.values())))

    def find(self, document: str, prefix: str, suffix: str, *, explicit: bool = False) -> Found | None:
        """What is known for a place: of the answers that fit, the one given for the longest prefix.

        Only an explicit answer serves an explicit request; it is no use to it once anything was typed.
        """
        trie, now = self._tries.get(document), SuffixNow(suffix)
        best: tuple[_Entry, Found] | None = None
        for length, entry in trie.along(prefix) if trie else ():
            typed = prefix[length:]
            if explicit and (typed or not entry.answer.explicit):
                continue
            found = found_at(entry.answer, entry.suffix, typed, now)
            if found is not None and (found.fittings or not (best and best[1].fittings)):
                best = entry, found._replace(origin=Shown(prefix[:length], entry.suffix, entry.answer))
        if best is None:
            return None
        entry, found = best
        self._by_use.move_to_end(id(entry))
        return found

    def forget(self, document: str) -> None:
        """Free what is held for a document."""
        for entry in [entry for entry in self._by_use.values() if entry.document == document]:
            self._remove(entry)

    def _remove(self, entry: _Entry) -> None:
        trie = self._tries[entry.document]
        assert entry.node is not None
        trie.remove(entry.node, entry)
        del self._by_use[id(entry)]
        self._answers -= entry.characters
        if not trie.characters and not any(other.document == entry.document for other in self._by_use.values()):
            del self._tries[entry.document]


def suffix_key(suffix: str) -> SuffixKey:
    """What stands for a suffix; equal for equal suffixes."""
    return SuffixKey(len(suffix), hash(suffix))


def found_at(answer: Answer, then: SuffixKey, typed: str, suffix: SuffixNow) -> Found | None:
    """What an answer given before the suffix of `then` says of a place before `suffix`, where `typed` was typed since.

    None if it says nothing of that place.
    """
    closers = suffix.closers_before(then)
    if closers is None:
        return None
    if not answer.candidates:
        return Found((), answer.reason) if not typed and not closers else None
    fittings = tuple(fitting for one in answer.candidates if (fitting := fit(one, typed, closers)))
    return Found(fittings, None) if fittings else None


def fit(candidate: Candidate, typed: str, closers: str) -> Fitting | None:
    """What is left of a suggestion after `typed` was typed and the editor put `closers` behind the cursor.

    None if it does not begin with what was typed, if nothing of it is left, or if it has no use for the closers.
    """
    if not candidate.text.startswith(typed):
        return None
    rest = candidate.text[len(typed) :]
    if not closers:
        return Fitting(rest, 0, candidate) if rest else None
    if rest.endswith(closers):
        rest = rest[: -len(closers)]
        return Fitting(rest, 0, candidate) if rest else None
    return Fitting(rest, len(closers), candidate) if _is_in_order(closers, rest) else None


def _is_in_order(closers: str, text: str) -> bool:
    """Whether `text` has the characters of `closers`, in their order: then it can take their place."""
    characters = iter(text)
    return all(closer in characters for closer in closers)
