"""What the completion layer is asked, and what it answers.

Offsets are indices into the document's text as a Python `str` (code points), never bytes and never an editor's
UTF-16 units: the server converts at its border.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from mim_lsp.runtime.protocol import CancelFlag as CancelFlag

if TYPE_CHECKING:
    from mim_lsp.completion.explain import Explanation

Decode = Literal["infill", "streams", "forward"]
Source = Literal["met", "forward", "backward"]
Mode = Literal["auto", "line", "statement", "block"]
Watch = Callable[[str], None]
"""Told, after each pass, what the forward side has written of the middle so far, in whole characters.
Called on the thread that completes; may raise `Cancelled` to have the work given up there and then."""


@dataclass(frozen=True)
class Indentation:
    """How the document is indented, as the editor says (`formattingOptions`)."""

    size: int
    """Columns of one level, and of a tab."""
    use_spaces: bool
    """Whether a level is written as blanks rather than as a tab."""


@dataclass(frozen=True)
class CompletionOptions:
    """How one completion is made; every field has a default that suits typing in an editor."""

    decode: Decode = "infill"
    """`infill`: each direction reads the far side first. `streams`: the paper's decoupled inference."""
    meet_ngram: int = 2
    """How many tokens of the two sides must coincide to be a candidate meeting point."""
    verify: bool = True
    """Whether both directions have to agree to where they meet; without, faster and often wrong: to compare."""
    max_tokens: int = 64
    """Most tokens that either side may write."""
    end_bias: float | None = None
    """Nats added to the log-odds of ending the text: more, and suggestions get shorter. None: what suits the model."""
    memory: bool = True
    """Whether what the document itself says of the next token counts beside the model."""
    max_ms: float | None = None
    """Time after which decoding ends with what it has, in milliseconds; None: no limit."""
    candidates: int = 1
    """How many different suggestions to return at most, best first."""
    compare: int = 6
    """How many middles are written, to choose from, where the model is so small that it takes no time to speak of."""
    compare_ms: float | None = None
    """Time in which those beyond `candidates` have to be there, in milliseconds of decoding; None: no limit."""
    prefix_tokens: int = 1024
    """Budget of the text before the cursor, in tokens; a model with a shorter context lowers it."""
    suffix_tokens: int = 384
    """Budget of the text after the cursor, in tokens."""
    eagerness: float = 0.5
    """How readily suggestions are shown, 0 to 1: less, and fewer are shown, of which more are right. 1 shows all;
    see `mim_lsp.completion.confidence.threshold`. What is held back has the reason `low_confidence`."""
    mode: Mode = "auto"
    """The longest kind of text that is offered; `auto`: what the cursor's place asks for."""
    max_lines: int | None = None
    """Most lines of a suggestion, the cursor's own included; None: as many as the mode allows."""
    language: str = "python"
    """The document's language, by the names that editors use (LSP `languageId`)."""
    indentation: Indentation | None = None
    """What the suggestion's indentation is made to follow; None: it is left as written."""
    disabled_filters: frozenset[str] = frozenset()
    """Filters that are not applied, by the reasons that they give."""
    elsewhere: tuple[str, ...] = ()
    """Texts of other files, of which a model's memory holds what repeats itself here; line breaks are `\\n`."""
    related: str = ""
    """Lines from other files that the model reads before everything else: names and signatures likely to be used."""


@dataclass(frozen=True)
class Candidate:
    """One suggestion that passed the filters."""

    text: str
    """What to insert at the cursor, with the document's own line breaks."""
    confidence: float
    """The probability, between 0 and 1, that it is what was meant; of a model without a calibration, the geometric mean
    of the probabilities that both directions give its tokens."""
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
    """Why nothing is offered, as a code: see `mim_lsp.completion.reasons.REASONS`."""
    met: bool = False
    verified: bool = False
    steps: int = 0
    """Passes over the weights after the prompt was read."""
    tokens: int = 0
    """Tokens in the raw middle."""
    encoded_tokens: int = 0
    """Prompt tokens that had to be read; the rest came from the caches."""
    refreshed_tokens: int = 0
    """Those of them that were read because far sides or windows were chosen anew, as after a jump of the cursor."""
    dropped: tuple[str, ...] = ()
    """The reasons for which texts that were written were not offered, one for each text."""
    elapsed_ms: ElapsedMs = field(default_factory=ElapsedMs)
    explanation: Explanation | None = None
    """How the answer came about; None where no model was asked."""

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
        watch: Watch | None = None,
    ) -> CompletionResult:
        """Complete `text` at `offset`.

        `cancel` has the work given up within a few milliseconds. `document` names the document (its URI) whose caches
        may be reused; None: a one-off. `watch` follows what is being written.

        Raises:
            DocumentError: `offset` lies outside `text`.
            Cancelled: `cancel` was set before the answer was ready.
        """
        ...

    def warm(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> int:
        """Read what a completion of `text` at `offset` would read, with fresh far sides; for idle moments.

        Returns:
            The number of tokens that were read.

        Raises:
            DocumentError: `offset` lies outside `text`.
            Cancelled: `cancel` was set. What was read so far stays in the caches.
        """
        ...

    def forget(self, document: str) -> None:
        """Free what is held for a document that was closed."""
        ...
