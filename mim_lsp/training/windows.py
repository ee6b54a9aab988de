"""From a document to what the model learns from it: a forward row, a backward row, and where the two align.

An `Example` is either a window of whole text (the paper's pre-training) or a window with a hole in it (infilling). The
baselines, `ar` and `fim`, learn from forward rows only.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Literal, NamedTuple

from mim_lsp.model.config import ModelConfig
from mim_lsp.model.rows import Direction, build_row
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.syntax.boundaries import far_prefix_end, far_suffix_start
from mim_lsp.syntax.holes import DEFAULT_WEIGHTS, Hole, HoleKind, draw_hole
from mim_lsp.syntax.tree import SyntaxTree
from mim_lsp.training.fim import fim_row
from mim_lsp.training.prose import Prose

CHARS_PER_TOKEN = 6
"""Characters that are looked at for each token that is wanted: more than enough for nearly all code."""
ROW_OVERHEAD = 4
"""Special tokens of an infilling row."""
FIM_SEAMS = 4
"""Tokens that a window may need more when it is cut at two places."""

PROSE_WEIGHTS = {HoleKind.REST_OF_LINE: 0.5, HoleKind.LINES: 0.25, HoleKind.SPAN: 0.25}
"""How often each kind of hole is drawn in natural language, whatever the settings say: it has no syntax of Python."""

Objective = Literal["mim", "ar", "fim"]
"""`mim`: both directions. `ar`: left to right only. `fim`: left to right, with the middle moved to the end."""


@dataclass(frozen=True)
class WindowSettings:
    """How windows are drawn from documents."""

    tokens: int
    """Longest row, in tokens that predict another."""
    objective: Objective = "mim"
    infill_rate: float = 0.7
    """Share of windows with a hole; 0 is the paper's pre-training."""
    backward_rate: float = 1.0
    """Share of windows that are learned in both directions; the others give their forward row only."""
    boundary_rate: float = 0.85
    """Share of far sides that end at the boundary that inference uses; the others end right at the hole."""
    lengths: tuple[float, ...] = (1.0, 0.5, 0.25)
    """Shares of `tokens` that windows are drawn at, each as often. In short windows a model learns sooner to look at
    the far side: it is nearer, and `<eom>` comes more often."""
    suffix_share: tuple[float, float] = (0.15, 0.45)
    """Range of the suffix's share of a window with a hole."""
    hole_weights: Mapping[HoleKind, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    """How often each kind of hole is drawn."""


@dataclass(frozen=True)
class Example:
    """Two rows over the same text. Position i of a row predicts its token i + 1."""

    forward: list[int]
    backward: list[int]
    """Empty where only the forward direction learns."""
    pairs: list[tuple[int, int]]
    """Positions (in `forward`, in `backward`) that predict the same token of the text."""
    kind: str
    """`text`, `fim`, or the kind of the hole."""
    ends: tuple[list[int], list[int]] | None = None
    """Positions (in `forward`, in `backward`) behind which the middle may be finished; None: behind all."""

    def forward_only(self) -> Example:
        """The same without its backward row."""
        return replace(self, backward=[], pairs=[], ends=self.ends and (self.ends[0], []))


class _Cuts(NamedTuple):
    """Offsets in a document, ascending: the window is [start, end), the hole lies inside [far_end, far_start)."""

    start: int
    far_end: int
    """Where the prefix's far side ends."""
    far_start: int
    """Where the suffix's far side starts."""
    end: int


class ExampleBuilder:
    """Draws examples from documents, for one model's vocabulary."""

    def __init__(self, config: ModelConfig, tokenizer: CodeTokenizer, settings: WindowSettings) -> None:
        self.special, self.tokenizer, self.settings = config.special, tokenizer, settings
        self.token_length = [len(token) for token in tokenizer.token_bytes]

    def draw(self, text: str, anchor: int, stride: int, rng: random.Random, turn: int = 0) -> Example:
        """An example from around `text[anchor : anchor + stride]`; whole text if no hole can be drawn there.

        The lengths of windows take turns, so that batches are alike in size and processes wait less for each other.
        """
        lengths = self.settings.lengths
        longest = int(self.settings.tokens * lengths[turn % len(lengths)])
        if self.settings.objective != "mim":
            return self._baseline(text, anchor, longest, rng)
        example = self._both_directions(text, anchor, stride, longest, rng)
        rate = self.settings.backward_rate
        # No draw at a rate of 1: what a seed gives must not depend on a setting that does nothing.
        is_forward_only = rate < 1 and rng.random() >= rate
        return example.forward_only() if is_forward_only else example

    def _both_directions(self, text: str, anchor: int, stride: int, longest: int, rng: random.Random) -> Example:
        if rng.random() < self.settings.infill_rate:
            tree = SyntaxTree.parse(text, focus=anchor)
            within = anchor, min(len(text), anchor + stride)
            weights = PROSE_WEIGHTS if isinstance(text, Prose) else self.settings.hole_weights
            hole = draw_hole(tree, rng, weights, within)
            example = self.infill(text, hole, rng, longest=longest) if hole is not None else None
            if example is not None:
                return example
        return self.whole_text(text, anchor, longest)

    def whole_text(self, text: str, anchor: int, longest: int | None = None) -> Example:
        """The window of plain text from the line of `anchor` on, of `longest` tokens (default: the settings')."""
        start = text.rfind("\n", 0, anchor) + 1
        tokens = self._encode_from(text, start, longest or self.settings.tokens)
        n = len(tokens)
        return Example(
            build_row(self.special, Direction.FORWARD, tokens),
            build_row(self.special, Direction.BACKWARD, tokens),
            [(i, n - 1 - i) for i in range(n)],
            "text",
            ([], []),
        )

    def _baseline(self, text: str, anchor: int, longest: int, rng: random.Random) -> Example:
        """What a left-to-right model learns from: a window of plain text, or with its middle at the end."""
        if self.settings.objective == "fim" and rng.random() < self.settings.infill_rate:
            start = text.rfind("\n", 0, anchor) + 1
            room = longest - ROW_OVERHEAD - FIM_SEAMS
            window = self.tokenizer.decode(self._encode_from(text, start, room))
            row = fim_row(self.special, self.tokenizer, window, rng)
            if len(row) <= longest + 1:
                return Example(row, [], [], "fim")
        return self.whole_text(text, anchor, longest).forward_only()

    def infill(
        self, text: str, hole: Hole, rng: random.Random, *, longest: int | None = None, with_far: bool = True
    ) -> Example | None:
        """The window around a hole, in rows of at most `longest` tokens (default: the settings'); None if too small.

        `with_far=False` leaves the far sides out, to measure what they are worth.
        """
        longest = longest or self.settings.tokens
        far_end, far_start = self._far_sides(text, hole, rng)
        if far_start - far_end > CHARS_PER_TOKEN * longest:
            return None
        room = longest - ROW_OVERHEAD - len(self.tokenizer.encode(text[far_end:far_start]))
        if room < longest // 4:
            return None
        n_suffix = int(room * rng.uniform(*self.settings.suffix_share))
        start = self._window_start(text, far_end, room - n_suffix)
        end = far_start + len(self.tokenizer.decode(self._encode_from(text, far_start, n_suffix)))
        example = self._rows(text, hole, _Cuts(start, far_end, far_start, end), with_far)
        # Two texts of known length may need a token or two more as one: rarely, but a row must never be too long.
        return example if max(len(example.forward), len(example.backward)) <= longest + 1 else None

    def _rows(self, text: str, hole: Hole, cuts: _Cuts, with_far: bool) -> Example:
        """The two rows over the window."""
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
        hole_start, hole_end = (_n_bytes(text[start:offset]) for offset in (hole.start, hole.end))
        in_forward = self._tokens_within(forward_own, 0, (hole_start, hole_end))
        in_backward = self._tokens_within(backward_own, _n_bytes(text[start:far_end]), (hole_start, hole_end))
        # The rows end with own and <eom>: own[j], or reversed own's, is predicted one position before where it stands.
        first_forward, first_backward = len(forward) - len(forward_own) - 2, len(backward) - 3
        shared = in_forward.keys() & in_backward.keys()
        pairs = [(first_forward + in_forward[span], first_backward - in_backward[span]) for span in sorted(shared)]
        after, to_hole = (_n_bytes(text[offset:end]) for offset in (hole.end, hole.start))
        ends = (
            self._ends(forward, forward_own, text[start:far_start].encode(), (hole_start, hole_end)),
            self._ends(backward, backward_own[::-1], text[far_end:end].encode()[::-1], (after, to_hole)),
        )
        return Example(forward, backward, pairs, hole.kind.value, ends)

    def _ends(self, row: Sequence[int], own: Sequence[int], data: bytes, hole: tuple[int, int]) -> list[int]:
        """Positions of `row`, which ends with `own` and <eom>, behind which the middle may be finished.

        That is where inference asks: behind the hole's start, and where the text ends as what is known behind the hole.
        `data`: what `own` stands for, in the row's reading order, and where in it the hole starts and ends.
        """
        hole_start, known = hole[0], data[hole[1] :]
        offsets = accumulate((self.token_length[token] for token in own), initial=0)
        first = len(row) - len(own) - 2
        is_end = (at >= hole_start + len(known) and data.endswith(known, hole_start, at) for at in offsets)
        return [first + n for n, may_end in enumerate(is_end) if may_end]

    def _tokens_within(self, tokens: Sequence[int], at: int, span: tuple[int, int]) -> dict[tuple[int, int], int]:
        """Indices of the tokens inside `span`, by the range of their bytes; the first token starts at byte `at`."""
        ends = list(accumulate((self.token_length[token] for token in tokens), initial=at))
        return {(ends[i], ends[i + 1]): i for i in range(len(tokens)) if span[0] <= ends[i] and ends[i + 1] <= span[1]}

    def _far_sides(self, text: str, hole: Hole, rng: random.Random) -> tuple[int, int]:
        """Where the prefix's far side ends and the suffix's starts."""
        if rng.random() < self.settings.boundary_rate:
            return far_prefix_end(text, hole.start), far_suffix_start(text, hole.end)
        return hole.start, hole.end

    def _window_start(self, text: str, end: int, n_tokens: int) -> int:
        """The offset from which `text[:end]` has at most `n_tokens` tokens: a line's start, where there is one."""
        first = max(0, end - CHARS_PER_TOKEN * n_tokens)
        tokens = self.tokenizer.encode(text[first:end])
        if first == 0 and len(tokens) <= n_tokens:
            return 0
        start = end - _n_characters(self.tokenizer.decode_bytes(tokens[-n_tokens:]))
        line = text.find("\n", start, end)
        return line if line >= 0 else start

    def _encode_from(self, text: str, start: int, n_tokens: int) -> list[int]:
        """At most `n_tokens` tokens of the text from `start` on, so many that they end with a whole character."""
        piece = text[start : start + CHARS_PER_TOKEN * n_tokens]
        tokens = self.tokenizer.encode(piece)[:n_tokens]
        data = piece.encode()
        end = sum(self.token_length[token] for token in tokens)
        while end < len(data) and _is_continuation(data[end]):
            end -= self.token_length[tokens.pop()]
        return tokens


def _n_bytes(text: str) -> int:
    return len(text.encode())


def _n_characters(data: bytes) -> int:
    """How many characters begin in `data`, which is part of a UTF-8 text."""
    return sum(not _is_continuation(byte) for byte in data)


def _is_continuation(byte: int) -> bool:
    """Whether a UTF-8 byte is in the middle of a character."""
    return byte & 0xC0 == 0x80
