"""What the completion layer is asked, and what it answers.

Offsets are indices into the document's text as a Python `str` (code points), never bytes and never an editor's
UTF-16 units: the server converts at its border.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from mim_lsp.runtime.protocol import CancelFlag as CancelFlag

Decode = Literal["infill", "streams"]
Source = Literal["met", "forward", "backward"]


@dataclass(frozen=True)
class CompletionOptions:
    """How one completion is made; every field has a default that suits typing in an editor."""

    decode: Decode = "infill"
    """`infill`: each direction reads the far side first. `streams`: the paper's decoupled inference."""
    meet_ngram: int = 2
    """How many tokens of the two sides must coincide to be a candidate meeting point."""
    max_tokens: int = 64
    """Most tokens that either side may write."""
    end_bias: float | None = None
    """Nats added to the log-odds of ending the text: more, and suggestions get shorter. None: what suits the model."""
    max_ms: float | None = None
    """Time after which decoding ends with what it has, in milliseconds; None: no limit."""
    candidates: int = 1
    """How many different suggestions to return at most; those after the first are sampled."""
    temperature: float = 0.6
    """Of the sampled alternatives; the first suggestion is always greedy."""
    top_p: float = 0.95
    """Nucleus of the sampled alternatives."""
    seed: int = 0
    """Seed of the sampled alternatives."""
    prefix_tokens: int = 1024
    """Budget of the text before the cursor, in tokens; a model with a shorter context lowers it."""
    suffix_tokens: int = 384
    """Budget of the text after the cursor, in tokens."""
    min_confidence: float = 0.0
    """Suggestions below this confidence are not shown (reason `low_confidence`)."""


@dataclass(frozen=True)
class Candidate:
    """One suggestion that passed the filters."""

    text: str
    """What to insert at the cursor, with the document's own line breaks."""
    confidence: float
    """Between 0 and 1, from both directions' log-probabilities."""
    source: Source
    """`met`: both sides met and the forward model verified the join; else the side that wrote it alone."""
    meeting_point: int | None = None
    """Offset in `text` where the two sides met; what stands before it the forward model wrote first."""


@dataclass(frozen=True)
class ElapsedMs:
    """Where the time of one completion went, in milliseconds."""

    encode: float = 0.0
    decode: float = 0.0
    total: float = 0.0


@dataclass(frozen=True)
class CompletionResult:
    """The answer to one request. `candidates` is empty exactly when `reason` is set."""

    candidates: tuple[Candidate, ...] = ()
    reason: str | None = None
    """Why nothing is offered, as a code: see `mim_lsp.completion.filters.REASONS`."""
    met: bool = False
    verified: bool = False
    steps: int = 0
    """Passes over the weights after the prompt was read."""
    tokens: int = 0
    """Tokens in the raw middle."""
    encoded_tokens: int = 0
    """Prompt tokens that had to be read; the rest came from the caches."""
    elapsed_ms: ElapsedMs = field(default_factory=ElapsedMs)

    @property
    def insert_text(self) -> str:
        """The best candidate's text, or an empty string."""
        return self.candidates[0].text if self.candidates else ""


class Completer(Protocol):
    """Completes at cursors. Not thread-safe: call it from one thread at a time."""

    @property
    def model_name(self) -> str:
        """The model's name, as `mim-lsp models` lists it."""
        ...

    def complete(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> CompletionResult:
        """Complete `text` at `offset`.

        `cancel` has the work given up within a few milliseconds. `document` names the document (its URI) whose caches
        may be reused; None: a one-off.

        Raises:
            DocumentError: `offset` lies outside `text`.
            Cancelled: `cancel` was set before the answer was ready.
        """
        ...

    def forget(self, document: str) -> None:
        """Free what is held for a document that was closed."""
        ...
