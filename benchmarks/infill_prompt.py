"""What llama-server's `/infill` does with a request: its prompt, and what it keeps of its cache.

Follows tools/server of llama.cpp: `format_prompt_infill` in server-common.cpp, and the reuse of the slot's prompt in
server-context.cpp (`cache_prompt`, and `--cache-reuse`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mim_lsp.model.config import SpecialTokens


def infill_prompt(special: SpecialTokens, prefix: Sequence[int], suffix: Sequence[int], *, spm: bool) -> list[int]:
    """The prompt of `/infill`; our special tokens play the parts of its own.

    <PRE> prefix <SUF> suffix <MID> by default, <SUF> suffix <PRE> prefix <MID> with `--spm-infill`.
    """
    before, after = [special.l2r, *prefix], [special.far, *suffix]
    return [*after, *before, special.near] if spm else [*before, *after, special.near]


@dataclass(frozen=True)
class Move:
    """Cached tokens at positions start to end are moved forward to position `to`."""

    start: int
    end: int
    to: int


@dataclass(frozen=True)
class Reuse:
    """What of a cached prompt serves the next one."""

    kept: int
    """Tokens of the new prompt that need not be read, once the moves are done."""
    moves: list[Move] = field(default_factory=list)


def plan_reuse(cached: Sequence[int], wanted: Sequence[int], min_chunk: int) -> Reuse:
    """What llama-server keeps of `cached` for the prompt `wanted`; always leaves at least one token to read.

    That is their common prefix and, if `min_chunk` (`--cache-reuse`) is not 0, chunks of at least so many tokens that
    come later in the cache than they are wanted. Text that was inserted before a chunk hides it: the search goes
    through the cache at a fixed place of the prompt, and never skips a token of the prompt.
    """
    place = _common(cached, wanted)
    moves = []
    start = place
    while min_chunk and start < len(cached) and place < len(wanted):
        n = _common(cached[start:], wanted[place:])
        if n >= min_chunk:
            moves.append(Move(start, start + n, place))
            start, place = start + n, place + n
        else:
            start += 1
    return Reuse(min(place, len(wanted) - 1), moves)


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens both begin with."""
    return next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
