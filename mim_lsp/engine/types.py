"""What the engine is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Decode = Literal["infill", "streams", "forward"]
Source = Literal["met", "forward", "backward"]
Watch = Callable[[str], None]
"""Told what the forward side has written of the middle so far, in whole characters; may raise `Cancelled`."""


@dataclass(frozen=True)
class InfillRequest:
    """A hole in a text, between `prefix` and `suffix`."""

    prefix: str
    suffix: str
    far_prefix_end: int
    """The backward direction's far side is prefix[:far_prefix_end]; the rest is the typed part L of the line."""
    far_suffix_start: int
    """The forward direction's far side is suffix[far_suffix_start:]; what stands before it is the line's rest R."""
    before: str | None = None
    """All of the document before the hole, of which `prefix` shows a part: what a memory may hold. None: `prefix`."""
    after: str | None = None
    """All of the document after the hole. None: `suffix`."""
    elsewhere: tuple[str, ...] = ()
    """Other files, for a memory that counts them."""


@dataclass(frozen=True)
class DecodeSettings:
    """How a middle is written."""

    decode: Decode = "infill"
    """`infill`: each direction has read the far side. `streams`: the paper's decoupled inference.
    `forward`: as `infill`, but the backward direction neither writes nor judges: what left-to-right models, such as the
    `fim` baseline, do."""
    meet_ngram: int = 2
    """Tokens of the two sides that must coincide to be a candidate meet (n in the paper, Sec. 3.2.1)."""
    verify: bool = True
    """Whether a meet has to be verified by both directions. Without, the first one is taken at its word (the paper's
    n-gram rule alone, Sec. 3.2.1): to compare, not to use."""
    max_tokens: int = 64
    """Most tokens that either side writes."""
    max_lines: int | None = None
    """A side that has written so many line breaks of the middle ends; the forward side's text up to there is a middle.
    None: no limit."""
    end_bias: float | None = None
    """Nats added to the log-odds of <eom>; None: the model's own `end_bias`."""
    max_ms: float | None = None
    """Decoding, alternatives included, ends with what it has after so many milliseconds."""
    candidates: int = 1
    """Middles that are wanted: so many are looked for whatever it takes."""
    compare: int = 1
    """Most middles that are looked for and returned, if more than `candidates`: as long as that is cheap."""
    compare_ms: float | None = None
    """None of those is begun that would not be there so many milliseconds after decoding began; None: no limit."""
    recall: bool = True
    """Whether the sides start with what they wrote before behind the same prompts, at no passes."""
    memory: bool = True
    """Whether a model's memory of the document has a say; see `engine.memory`."""
    draft: bool | None = None
    """Whether what the memory is sure of is read in advance, for fewer passes; None: where it pays for the model."""
    score_empty: bool = False
    """Whether to find out what the models think of an empty middle, which takes a short pass where text is known
    between the far sides."""


@dataclass(frozen=True)
class Middle:
    """One text for the hole."""

    text: str
    source: Source
    """`met`: the sides met and the forward model verified it; else the side that wrote it alone."""
    confidence: float
    """Geometric mean of both directions' probabilities of its tokens, 0 to 1."""
    meeting_point: int | None = None
    """Offset in `text` up to which the forward side had written when the sides met."""
    is_cut: bool = False
    """Whether it ends at `DecodeSettings.max_lines` and not where a side found an end; the backward model, which would
    judge it as a whole middle, is not asked about it."""
    forward_tokens: tuple[str, ...] = ()
    """What the forward direction writes for it, in text order: token texts, from the healing stub over the known text
    behind the middle to <eom>, which is "". A byte that is no whole character is U+FFFD."""
    forward_log_probs: tuple[float, ...] = ()
    """Of each of `forward_tokens`, in nats."""
    backward_tokens: tuple[str, ...] = ()
    """The same of the backward direction, in its own order: the token next to the suffix first, each read in text
    order, <eom> last. Empty if `is_cut`."""
    backward_log_probs: tuple[float, ...] = ()
    """Of each of `backward_tokens`, in nats."""


@dataclass(frozen=True)
class SideTrace:
    """What one direction wrote by itself."""

    tokens: tuple[str, ...] = ()
    """Token texts in text order; some are known text, before or behind the middle."""
    ended: bool = False
    """Whether it came to an end of its own, and not to the end of the budget."""


@dataclass(frozen=True)
class TokenTrace:
    """A piece of the first middle that is at least one token of each direction that has a log-probability for it."""

    text: str
    """Not empty; together these are the middle's text."""
    forward_log_prob: float | None
    """In nats; of the whole token, if part of it lies outside of the middle."""
    backward_log_prob: float | None
    """The same; None where the backward direction's tokens have other borders."""


@dataclass(frozen=True)
class Trace:
    """How a generation came about."""

    forward: SideTrace = SideTrace()
    backward: SideTrace = SideTrace()
    tokens: tuple[TokenTrace, ...] = ()
    """The first middle in the forward direction's tokens."""


@dataclass(frozen=True)
class Generation:
    """What came of one request."""

    middles: tuple[Middle, ...]
    """Best first. Empty if neither side came to an end that is of use."""
    met: bool
    """Whether the sides met, verified or not."""
    verified: bool
    """Whether the first middle is what the forward model would have written alone, found at a meet."""
    steps: int
    """Passes over the weights after the prompts were read, scoring included."""
    tokens: int
    """Tokens that the forward direction alone would write to come to the end of the first middle."""
    encoded_tokens: int
    """Prompt tokens that were read, of both rows."""
    encode_ms: float
    decode_ms: float
    exhausted: bool = False
    """Whether the budget of tokens or time ended before either side had come to an end."""
    trace: Trace = Trace()
    empty_log_probs: tuple[float, float] | None = None
    """What the forward and the backward model think of an empty middle: sums over what they would write, <eom>
    included, in nats. None if it was not asked for, or is more than the budget."""
