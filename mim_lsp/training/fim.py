"""Fill in the middle with a left-to-right model (Bavarian et al. 2022): the baseline of `mim-infill`.

A text is cut at two characters, drawn evenly. Prefix P, middle M and suffix S become tokens apart, so that a cut may go
through what would be one token. Half of the rows have each order:

    SPM   <l2r> <far> S <near> P M <eom>       what the engine asks for with `decode="forward"`
    PSM   <l2r> P <far> S <near> M <eom>
"""

from __future__ import annotations

import random
from typing import NamedTuple

from mim_lsp.model.config import SpecialTokens
from mim_lsp.model.tokenizer import CodeTokenizer


class FimParts(NamedTuple):
    """Token ids of a text that was cut in three."""

    prefix: list[int]
    middle: list[int]
    suffix: list[int]


def fim_row(special: SpecialTokens, tokenizer: CodeTokenizer, text: str, rng: random.Random) -> list[int]:
    """The row of `text` with a middle, and in an order, drawn by `rng`."""
    parts = cut(tokenizer, text, rng)
    return spm_row(special, parts) if rng.random() < 0.5 else psm_row(special, parts)


def cut(tokenizer: CodeTokenizer, text: str, rng: random.Random) -> FimParts:
    """The text, cut at two characters drawn by `rng`."""
    first, second = sorted(rng.randint(0, len(text)) for _ in range(2))
    return FimParts(*map(tokenizer.encode, (text[:first], text[first:second], text[second:])))


def spm_row(special: SpecialTokens, parts: FimParts) -> list[int]:
    """Suffix, prefix, middle: the near side runs into the middle."""
    return [special.l2r, special.far, *parts.suffix, special.near, *parts.prefix, *parts.middle, special.eom]


def psm_row(special: SpecialTokens, parts: FimParts) -> list[int]:
    """Prefix, suffix, middle."""
    return [special.l2r, *parts.prefix, special.far, *parts.suffix, special.near, *parts.middle, special.eom]
