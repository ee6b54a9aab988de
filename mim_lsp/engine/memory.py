"""What the document itself says of the next token: a cache language model beside the network.

Source code repeats itself, and mostly what stands in the same file: names, calls, whole lines. The network reads some
hundred tokens around the hole; the memory holds the document on both sides of it. It looks up where the last tokens
stood before, and what followed them there (cache language models: Kuhn and De Mori 1990; on code: Tu, Su and Devanbu
2014). Both directions have one, each in its own reading order, so that what the sides write, and where they meet and
agree, is decided by network and memory together.

A text is a string with a character for each token.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from mim_lsp.engine.context_index import ContextIndex, Levels

LONGEST_CONTEXT = 32
"""Tokens, at most, that are compared with what stood before."""
MOST_LEVELS = 3
"""Lengths of context that are asked, the longest that differ in where they occur."""
MOST_PLACES = 64
"""Places of one context that are counted, the nearest to the end of the memory's text first."""

MOST_CERTAIN = 7.0
"""The logit of the largest share, 0.999: the network keeps a say, whatever the weights are."""


class MemoryWeights(NamedTuple):
    """How much the memory counts: the logit of its share, fitted on held-out packages for each model."""

    constant: float
    order: float
    """For each doubling of the context's length in tokens."""
    places: float
    """For each doubling of the number of places where it stands."""
    purity: float
    """Times the share of the most frequent continuation."""
    certainty: float
    """Times the network's largest probability."""

    def share(self, order: int, counts: Counter[str], certainty: float) -> float:
        """The memory's share, 0 to 1, after a context of `order` tokens with these continuations."""
        features = evidence(order, counts, certainty)
        logit = sum(weight * feature for weight, feature in zip(self, features, strict=True))
        return 1 / (1 + math.exp(-max(-MOST_CERTAIN, min(MOST_CERTAIN, logit))))


class Remembering(NamedTuple):
    """How much a model's memories count."""

    document: MemoryWeights
    files: MemoryWeights | None = None
    """Of other files; None: they do not."""


def evidence(order: int, counts: Counter[str], certainty: float) -> tuple[float, ...]:
    """What `MemoryWeights` weigh, in their order."""
    n_places = counts.total()
    return 1.0, math.log2(order), math.log2(n_places), max(counts.values()) / n_places, certainty


@dataclass(frozen=True, slots=True)
class Recalled:
    """A mixture: `kept` times what the network says, plus these probabilities; together they are 1."""

    kept: float
    probabilities: dict[int, float]

    def times(self, factor: float) -> Recalled:
        """The same with all of the memory's probabilities times `factor`, for a network whose own add up to that."""
        return Recalled(self.kept, {token: factor * p for token, p in self.probabilities.items()})

    def log_prob(self, token: int, log_prob: float) -> float:
        """Of a token to which the network alone gives `log_prob`."""
        p = self.probabilities.get(token, 0.0)
        return math.log(self.kept * math.exp(log_prob) + p) if p else log_prob + math.log(self.kept)


NOTHING = Recalled(1.0, {})
"""The network alone."""


class Weighed(NamedTuple):
    """What one source says, and how much that counts."""

    weights: MemoryWeights
    levels: Levels
    is_elsewhere: bool = False
    """Whether it is other files."""


MOST_DRAFTED = 8
"""Tokens that are read in advance in one pass, at most."""
SURE = 0.5
"""How probable a token must be to be drafted, by the memory alone. Reading it in a pass that is made anyway costs about
a tenth of one."""
TYPICAL_CERTAINTY = 0.5
"""Of a network that has not been asked."""


class DocumentMemory:
    """One direction's memory of a document, and of other files. Texts have a character for each token, in its order."""

    def __init__(
        self, near: str, far: str, weights: Remembering, border: str, files: ContextIndex | None = None
    ) -> None:
        """For a hole behind `near` and before `far`; `border` is a character that is no token."""
        self._near, self._weights, self._border = near[-LONGEST_CONTEXT:], weights, border
        self._files = files
        # The search begins at the end, where the hole is. What stands there has nothing behind it yet.
        self._text = f"{far}{border}{near}"
        self._known: dict[str, list[Weighed]] = {}
        self._ends: dict[str, list[int]] = {}

    def recall(self, written: str, certainty: float, allowed: Callable[[int], bool] | None = None) -> Recalled:
        """What may follow `near` and `written`, where the network's largest probability is `certainty`.

        Of the tokens that are `allowed`, if not of all.
        """
        kept, mixed = 1.0, dict[int, float]()
        for weights, levels, _ in self.sources(written, allowed):
            for order, counts in reversed(levels):
                share, n_places = weights.share(order, counts, certainty), counts.total()
                kept *= 1 - share
                mixed = {token: (1 - share) * probability for token, probability in mixed.items()}
                for character, count in counts.items():
                    token = ord(character)
                    mixed[token] = mixed.get(token, 0.0) + share * count / n_places
        return Recalled(kept, mixed) if mixed else NOTHING

    def draft(self, written: str, most: int) -> list[int]:
        """How it probably goes on behind `written`: tokens worth reading before anyone has chosen them."""
        drafted = ""
        while len(drafted) < min(most, MOST_DRAFTED) and (token := self._sure_of(written + drafted)):
            drafted += token
        return [ord(token) for token in drafted]

    def _sure_of(self, written: str) -> str:
        """What followed the longest context, if that is enough to be sure; else nothing."""
        said = next((each for each in reversed(self.sources(written)) if each.levels), None)
        if said is None:
            return ""
        order, counts = said.levels[0]
        token, count = counts.most_common(1)[0]
        share = said.weights.share(order, counts, TYPICAL_CERTAINTY)
        return token if share * count / counts.total() >= SURE else ""

    def sources(self, written: str, allowed: Callable[[int], bool] | None = None) -> list[Weighed]:
        """What other files say, then what the document does, which has the last word.

        Each in lengths of context and what followed it, the longest first, each at other places than the one before.
        """
        if allowed is not None:
            return self._sources(written, allowed)
        if written not in self._known:  # what a side writes is also scored
            self._known[written] = self._sources(written, None)
        return self._known[written]

    def _sources(self, written: str, allowed: Callable[[int], bool] | None) -> list[Weighed]:
        context = self._near + written
        document = Weighed(self._weights.document, self._levels(context, allowed))
        if self._files is None or self._weights.files is None:
            return [document]
        files = self._files.levels(context, None if allowed is None else lambda each: allowed(ord(each)))
        return [Weighed(self._weights.files, files, is_elsewhere=True), document]

    def _levels(self, context: str, allowed: Callable[[int], bool] | None) -> Levels:
        found = Levels()
        n_places = 0
        for order, ends in reversed(self._orders(context)):
            if min(len(ends), MOST_PLACES) == n_places:
                continue
            n_places = min(len(ends), MOST_PLACES)
            counts = Counter([self._text[end + 1] for end in ends[: -MOST_PLACES - 1 : -1]])
            for impossible in [each for each in counts if not self._is_possible(each, allowed)]:
                del counts[impossible]
            if counts:
                found.append((order, counts))
            if len(found) == MOST_LEVELS:
                break
        return found

    def _is_possible(self, character: str, allowed: Callable[[int], bool] | None) -> bool:
        return character != self._border and (allowed is None or allowed(ord(character)))

    def _orders(self, context: str) -> list[tuple[int, list[int]]]:
        """For the last token of `context`, the last two and so on as long as they stand in the text: where they end."""
        found: list[tuple[int, list[int]]] = []
        for order in range(1, min(LONGEST_CONTEXT, len(context)) + 1):
            ends = self._ends_of(context[-order:])
            if not ends:
                break
            found.append((order, ends))
        return found

    def _ends_of(self, context: str) -> list[int]:
        """Where `context` ends in the text with a token behind it, ascending."""
        if context not in self._ends:  # alternatives share contexts, and contexts share their ends
            self._ends[context] = self._narrowed(context) if len(context) > 1 else self._standing(context)
        return self._ends[context]

    def _narrowed(self, context: str) -> list[int]:
        """Of the places of the context without its first token those where it stands as well."""
        text, first, back = self._text, context[0], len(context) - 1
        return [end for end in self._ends_of(context[1:]) if end >= back and text[end - back] == first]

    def _standing(self, token: str) -> list[int]:
        """Where a token stands with one behind it: far faster than to search place by place."""
        lengths = map(len, self._text[:-1].split(token)[:-1])
        return [end + n for n, end in enumerate(accumulate(lengths))]
