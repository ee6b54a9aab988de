"""Fill in the middle with a left-to-right model (Bavarian et al. 2022): the baseline of `mim-infill`.

A text is cut at two characters, drawn evenly. Prefix P, middle M and suffix S become tokens apart, so that a cut may go
through what would be one token. Half of the rows have each order:

    SPM   <l2r> <far> S <near> P M <eom>       what the engine asks for with `decode="forward"`
    PSM   <l2r> P <far> S <near> M <eom>
"""

from __future__ import annotations

import random

from mim_lsp.model.config import SpecialTokens
from mim_lsp.model.tokenizer import CodeTokenizer


def fim_row(special: SpecialTokens, tokenizer: CodeTokenizer, text: str, rng: random.Random) -> list[int]:
    """The row of `text` with a middle drawn by `rng`."""
    first, second = sorted(rng.randint(0, len(text)) for _ in range(2))
    prefix, middle, suffix = map(tokenizer.encode, (text[:first], text[first:second], text[second:]))
    end = [*middle, special.eom]
    if rng.random() < 0.5:
        return [special.l2r, special.far, *suffix, special.near, *prefix, *end]
    return [special.l2r, *prefix, special.far, *suffix, special.near, *end]
