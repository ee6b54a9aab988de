"""A request in tokens: what each direction reads, and what it will have written when it has arrived.

With the text  `P' L | M | R S'`  (far prefix, typed part of the line, middle, rest of the line, far suffix):

    decode=infill   forward reads S' and P, then writes M R and <eom>; backward reads P' and S, then writes M L, <eom>
    decode=streams  forward reads P, backward reads S; neither knows of an end, so each runs on until it meets the
                    other, arrives at the known text, or ends the cursor's line (the paper's decoupled inference)

Token healing: the last tokens of P may be only the first part of a token. They are taken back as the `stub`, and what
the forward side writes first must agree with it. The same at the suffix's head for the backward side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mim_lsp.engine.types import Decode, InfillRequest
from mim_lsp.engine.vocabulary import OwnVocabulary, mirror
from mim_lsp.runtime.loading import Direction, LoadedModel

STREAMS_BEHIND = 24
"""Tokens of text behind the middle that streams are compared with: enough for a token, or a line's end, at the seam."""

_LINE_WITH_TEXT = re.compile(rb"\s*\S[^\n]*(?:\n|\Z)")

FAR_ARRIVAL = 4
"""Tokens of the far side that a side in infill must write to have arrived there; the paper's n (Sec. 3.2.1)."""


@dataclass(frozen=True)
class SideTask:
    """One direction's half of a request; bytes and tokens are in its own order."""

    row: list[int]
    """The prompt."""
    stub: bytes
    """Known text that is written again before the middle."""
    n_healed: int
    """Tokens of the near side that were taken back for it."""
    known: bytes
    """Known text behind the middle that the side runs into: R, or L reversed. In streams all the rest of the line."""
    behind: bytes
    """What may be written behind the middle: in infill `known`; in streams also a bit of the far text."""
    arrival: bytes
    """About n tokens of known text right behind the middle: a side that has written them has arrived."""
    line_end: bytes
    """Known text that, with the line break in it, tells that the cursor's line is complete; in infill, where there is
    more than blanks of it."""
    has_end: bool
    """Whether the side finishes with <eom>; else a line's end finishes it."""

    @property
    def stops_early(self) -> bool:
        """Whether the side is done before it has written all of the known text, as that is several lines."""
        return 0 < len(self.line_end) < len(self.known)


def make_task(
    model: LoadedModel, vocabulary: OwnVocabulary, request: InfillRequest, decode: Decode, meet_ngram: int
) -> SideTask:
    """One direction's task; built once, mirrored by the direction of `vocabulary`."""
    infill = decode != "streams"
    near, known, far = _own_view(request, vocabulary.direction, infill)
    tokens = vocabulary.encode(near)
    n_healed, stub = _to_take_back(tokens, vocabulary)
    own = tokens[: len(tokens) - n_healed]
    following = vocabulary.encode(known + far)
    return SideTask(
        row=model.row(
            vocabulary.direction,
            _text_order(own, vocabulary.direction),
            _text_order(vocabulary.encode(far), vocabulary.direction) if infill else None,
        ),
        stub=stub,
        n_healed=n_healed,
        known=known,
        behind=known if infill else _first_tokens(following, vocabulary, STREAMS_BEHIND),
        arrival=_arrival(following, vocabulary, meet_ngram, len(known) if infill else None),
        line_end=_line_end(known, vocabulary.direction) if infill else b"",
        has_end=infill,
    )


def _arrival(following: list[int], vocabulary: OwnVocabulary, n: int, in_line: int | None) -> bytes:
    """The first n tokens behind the middle. In infill, where the line has fewer, more of the far side are needed: lines
    often begin alike."""
    arrival = _first_tokens(following, vocabulary, n)
    if in_line is not None and len(arrival) > in_line:
        n = max(n, FAR_ARRIVAL)
        arrival = _first_tokens(following, vocabulary, n)
    return arrival if len(following) >= n else b""


def _line_end(known: bytes, direction: Direction) -> bytes:
    """R with the break behind it; L reversed up to the break before its first line, read backwards, that has text."""
    if direction is Direction.FORWARD:
        return known + b"\n" if known.strip() else b""
    line = _LINE_WITH_TEXT.match(known)
    return line.group() if line else b""


def _own_view(request: InfillRequest, direction: Direction, infill: bool) -> tuple[bytes, bytes, bytes]:
    """Near side, known text behind the middle, and far side, in own order."""
    prefix, suffix = request.prefix, request.suffix
    far_end, far_start = (request.far_prefix_end, request.far_suffix_start) if infill else _line_edges(prefix, suffix)
    if direction is Direction.FORWARD:
        texts = prefix, suffix[:far_start], suffix[far_start:]
    else:
        texts = suffix, prefix[far_end:], prefix[:far_end]
    near, known, far = (mirror(text.encode("utf-8", "replace"), direction) for text in texts)
    return near, known, far


def _line_edges(prefix: str, suffix: str) -> tuple[int, int]:
    """Where the cursor's line, with the break before it, starts in the prefix, and where it ends in the suffix."""
    return max(prefix.rfind("\n"), 0), len(suffix.partition("\n")[0])


def _to_take_back(tokens: list[int], vocabulary: OwnVocabulary) -> tuple[int, bytes]:
    """How many of the near side's last tokens may be only the first part of one token, and their bytes."""
    taken, stub, text = 0, b"", b""
    for n, token in enumerate(reversed(tokens), 1):
        text = vocabulary.token_bytes[token] + text
        if len(text) >= vocabulary.longest_token:
            break
        if vocabulary.is_text(text) and vocabulary.extends(text):
            taken, stub = n, text
    return taken, stub


def _first_tokens(tokens: list[int], vocabulary: OwnVocabulary, n: int) -> bytes:
    """The bytes of the first n tokens, and of those that follow until a character is complete."""
    starts = (vocabulary.bytes_of(tokens[:k]) for k in range(min(n, len(tokens)), len(tokens) + 1))
    return next(start for start in starts if vocabulary.is_text(start))


def _text_order(own: list[int], direction: Direction) -> list[int]:
    return own if direction is Direction.FORWARD else own[::-1]
