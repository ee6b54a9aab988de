"""From a document to what the model learns from it: a forward row, a backward row, and where the two align.

An `Example` is either a window of whole text (the paper's pre-training) or a window with a hole in it (infilling).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from mim_lsp.model.config import ModelConfig
from mim_lsp.model.rows import Direction, build_row
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.syntax.boundaries import far_prefix_end, far_suffix_start
from mim_lsp.syntax.holes import Hole, draw_hole
from mim_lsp.syntax.tree import SyntaxTree

CHARS_PER_TOKEN = 6
"""Characters that are tokenized for each token that is wanted: more than enough for nearly all code."""
ROW_OVERHEAD = 4
"""Special tokens of an infilling row."""


@dataclass(frozen=True)
class WindowSettings:
    """How windows are drawn from documents."""

    tokens: int
    """Longest row, in tokens that predict another."""
    infill_rate: float = 0.7
    """Share of windows with a hole; 0 is the paper's pre-training."""
    boundary_rate: float = 0.85
    """Share of far sides that end at the boundary that inference uses; the others end right at the hole."""
    suffix_share: tuple[float, float] = (0.15, 0.45)
    """Range of the suffix's share of a window with a hole."""


@dataclass(frozen=True)
class Example:
    """Two rows over the same text. Position i of a row predicts its token i + 1."""

    forward: list[int]
    backward: list[int]
    pairs: list[tuple[int, int]]
    """Positions (in `forward`, in `backward`) that predict the same token of the text."""
    kind: str
    """`text`, or the kind of the hole."""


class ExampleBuilder:
    """Draws examples from documents, for one model's vocabulary."""

    def __init__(self, config: ModelConfig, tokenizer: CodeTokenizer, settings: WindowSettings) -> None:
        self.special, self.tokenizer, self.settings = config.special, tokenizer, settings
        self.token_length = [len(token) for token in tokenizer.token_bytes]

    def draw(self, text: str, anchor: int, stride: int, rng: random.Random) -> Example:
        """An example from around `text[anchor : anchor + stride]`; whole text if no hole can be drawn there."""
        if rng.random() < self.settings.infill_rate:
            tree = SyntaxTree.parse(text)
            hole = draw_hole(tree, rng, within=(anchor, min(len(text), anchor + stride)))
            if hole is not None:
                example = self.infill(text, hole, rng)
                if example is not None:
                    return example
        return self.whole_text(text, anchor)

    def whole_text(self, text: str, anchor: int) -> Example:
        """The window of plain text from the line of `anchor` on."""
        start = text.rfind("\n", 0, anchor) + 1
        tokens = self._encode_start(text[start:], self.settings.tokens)
        n = len(tokens)
        return Example(
            build_row(self.special, Direction.FORWARD, tokens),
            build_row(self.special, Direction.BACKWARD, tokens),
            [(i, n - 1 - i) for i in range(n)],
            "text",
        )

    def infill(self, text: str, hole: Hole, rng: random.Random, *, with_far: bool = True) -> Example | None:
        """The window around a hole; None if the middle does not fit.

        `with_far=False` leaves the far sides out, to measure what they are worth.
        """
        far_end, far_start = self._far_sides(text, hole, rng)
        room = self.settings.tokens - ROW_OVERHEAD - len(self.tokenizer.encode(text[far_end:far_start]))
        if room < self.settings.tokens // 4:
            return None
        n_suffix = int(room * rng.uniform(*self.settings.suffix_share))
        start = self._window_start(text, far_end, room - n_suffix)
        end = far_start + len(self.tokenizer.decode(self._encode_start(text[far_start:], n_suffix)))
        return self._rows(text, hole, (start, far_end, far_start, end), with_far)

    def _rows(self, text: str, hole: Hole, cuts: tuple[int, int, int, int], with_far: bool) -> Example:
        """The two rows over `text[start:end]`, whose known part lies outside `far_end .. far_start`."""
        start, far_end, far_start, end = cuts
        encode = self.tokenizer.encode
        forward_own, backward_own = encode(text[start:far_start]), encode(text[far_end:end])
        forward_far, backward_far = encode(text[far_start:end]), encode(text[start:far_end])
        forward = build_row(
            self.special, Direction.FORWARD, forward_own, forward_far if with_far else None, finished=True
        )
        backward = build_row(
            self.special, Direction.BACKWARD, backward_own, backward_far if with_far else None, finished=True
        )
        n_before = len(text[start:far_end].encode())
        first = len(text[start : hole.start].encode())
        middle = (first, first + len(text[hole.start : hole.end].encode()))
        in_forward, in_backward = (
            self._tokens_within(own, at, middle) for own, at in ((forward_own, 0), (backward_own, n_before))
        )
        # The row ends with own and <eom>; own[j] is predicted one position before its own.
        forward_zero, backward_last = len(forward) - len(forward_own) - 2, len(backward) - 3
        pairs = [
            (forward_zero + i, backward_last - in_backward[span])
            for span, i in in_forward.items()
            if span in in_backward
        ]
        return Example(forward, backward, pairs, hole.kind.value)

    def _tokens_within(self, tokens: Sequence[int], at: int, span: tuple[int, int]) -> dict[tuple[int, int], int]:
        """Indices of the tokens that lie in `span`, by their bytes' start and end; the first token starts at `at`."""
        ends = list(accumulate((self.token_length[token] for token in tokens), initial=at))
        return {(ends[i], ends[i + 1]): i for i in range(len(tokens)) if span[0] <= ends[i] and ends[i + 1] <= span[1]}

    def _far_sides(self, text: str, hole: Hole, rng: random.Random) -> tuple[int, int]:
        """Where the prefix's far side ends and the suffix's starts."""
        if rng.random() < self.settings.boundary_rate:
            return far_prefix_end(text, hole.start), far_suffix_start(text, hole.end)
        return hole.start, hole.end

    def _window_start(self, text: str, end: int, n_tokens: int) -> int:
        """The offset from which `text[:end]` has at most `n_tokens` tokens: a line's start, where there is one."""
        if n_tokens <= 0:
            return end
        piece = text[max(0, end - CHARS_PER_TOKEN * n_tokens) : end]
        tokens = self.tokenizer.encode(piece)
        if len(tokens) <= n_tokens and len(piece) == end:
            return 0
        start = end - len(self.tokenizer.decode(tokens[-n_tokens:]))
        line = text.find("\n", start, end)
        return line if line >= 0 else start

    def _encode_start(self, text: str, n_tokens: int) -> list[int]:
        """The first tokens of `text`, whole characters only."""
        tokens = self.tokenizer.encode(text[: CHARS_PER_TOKEN * n_tokens])[: max(0, n_tokens)]
        while tokens and "\ufffd" in self.tokenizer.decode(tokens[-4:]) and "\ufffd" not in text:
            tokens.pop()
        return tokens
