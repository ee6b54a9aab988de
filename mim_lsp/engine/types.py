"""What the engine is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decode = Literal["infill", "streams"]
Source = Literal["met", "forward", "backward"]


@dataclass(frozen=True)
class InfillRequest:
    """A hole in a text, between `prefix` and `suffix`."""

    prefix: str
    suffix: str
    far_prefix_end: int
    """The backward direction's far side is prefix[:far_prefix_end]; the rest is the typed part L of the line."""
    far_suffix_start: int
    """The forward direction's far side is suffix[far_suffix_start:]; what stands before it is the line's rest R."""


@dataclass(frozen=True)
class DecodeSettings:
    """How a middle is written."""

    decode: Decode = "infill"
    """`infill`: each direction has read the far side. `streams`: the paper's decoupled inference."""
    meet_ngram: int = 2
    """Tokens of the two sides that must coincide to be a candidate meet (n in the paper, Sec. 3.2.1)."""
    max_tokens: int = 64
    """Most tokens that either side writes."""
    end_bias: float | None = None
    """Nats added to the log-odds of <eom>; None: the model's own `end_bias`."""
    max_ms: float | None = None
    """Decoding, alternatives included, ends with what it has after so many milliseconds."""
    candidates: int = 1
    """Number of middles; those after the first are sampled."""
    temperature: float = 0.6
    top_p: float = 0.95
    seed: int = 0


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
