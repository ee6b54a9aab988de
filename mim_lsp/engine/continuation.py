"""What followed a prompt, and each token that was tried behind it: what is known from one pass needs no second one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mim_lsp.runtime.protocol import Distribution


class Continuation:
    """The distribution behind some tokens, and those behind one token more."""

    __slots__ = ("_after", "distribution")

    def __init__(self, distribution: Distribution) -> None:
        self.distribution = distribution
        self._after: dict[int, Continuation] = {}

    def after(self, token: int) -> Continuation | None:
        """What follows with `token` behind these tokens, if that is known."""
        return self._after.get(token)

    def learn(self, token: int, distribution: Distribution) -> Continuation:
        """Take note of what follows with `token`; what is known already stays."""
        return self._after.setdefault(token, Continuation(distribution))

    def walk(self, tokens: Sequence[int]) -> Iterator[Continuation]:
        """This one, and those behind each of the tokens, as far as they are known."""
        place = self
        yield self
        for token in tokens:
            following = place.after(token)
            if following is None:
                return
            place = following
            yield place

    def forget(self) -> None:
        """Keep only the distribution itself."""
        self._after.clear()

    def keep_only(self, tokens: Sequence[int]) -> None:
        """Forget what branches off from the way that these tokens go; what follows behind the last one stays."""
        for place, token in zip(self.walk(tokens), tokens, strict=False):
            place._after = {token: place._after[token]} if token in place._after else {}

    def __len__(self) -> int:
        """Number of distributions that are held."""
        n, left = 0, [self]
        while left:  # no recursion: a way may be longer than Python's stack is deep
            n += 1
            left.extend(left.pop()._after.values())
        return n
