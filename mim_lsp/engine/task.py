"""A request in tokens: what each direction reads, and what it will have written when it has arrived.

With the text  `P' L | M | R S'`  (far prefix, typed part of the line, middle, rest of the line, far suffix):

    decode=infill   forward reads S' and P, then writes M R and <eom>; backward reads P' and S, then writes M L, <eom>
    decode=streams  forward reads P, backward reads S; neither knows of an end, so each runs on until it meets the
                    other, arrives at the known text, or ends a line (the paper's decoupled inference)

Token healing: the last token of P may be only the first part of what belongs there. It is taken back as the `stub`,
and what the forward side writes first must agree with it. The same at the suffix's head for the backward side.
"""

from __future__ import annotations

from dataclasses import dataclass

from mim_lsp.engine.types import InfillRequest
from mim_lsp.engine.vocabulary import OwnVocabulary, mirror
from mim_lsp.runtime.loading import Direction, LoadedModel


@dataclass(frozen=True)
class SideTask:
    """One direction's half of a request; bytes and tokens are in its own order."""

    row: list[int]
    """The prompt."""
    stub: bytes
    """Known text that is written again before the middle."""
    known: bytes
    """Known text behind the middle that the side runs into: R, or L reversed."""
    arrival: bytes
    """The first n tokens of known text behind the middle: a side that has written them has arrived."""
    has_end: bool
    """Whether the side finishes with <eom>; else a line's end finishes it."""


@dataclass(frozen=True)
class Vocabularies:
    """Both directions' views of one vocabulary."""

    forward: OwnVocabulary
    backward: OwnVocabulary


def make_task(
    model: LoadedModel, vocabulary: OwnVocabulary, request: InfillRequest, decode: str, meet_ngram: int
) -> SideTask:
    """One direction's task; built once, mirrored by the direction of `vocabulary`."""
    direction = vocabulary.direction
    near, known, far = _own_view(request, direction)
    infill = decode == "infill"
    tokens = vocabulary.encode(near)
    own, stub = _take_back(tokens, vocabulary, starts_new_line=_behind_starts_line(request, direction))
    beyond = known if infill else known + far
    return SideTask(
        row=model.row(direction, _text_order(own, direction), _far_tokens(far, vocabulary) if infill else None),
        stub=stub,
        known=known,
        arrival=_first_tokens(beyond, vocabulary, meet_ngram),
        has_end=infill,
    )


def _own_view(request: InfillRequest, direction: Direction) -> tuple[bytes, bytes, bytes]:
    """Near side, known text behind the middle, and far side, in own order."""
    prefix, suffix = request.prefix, request.suffix
    if direction is Direction.FORWARD:
        texts = prefix, suffix[: request.far_suffix_start], suffix[request.far_suffix_start :]
    else:
        texts = suffix, prefix[request.far_prefix_end :], prefix[: request.far_prefix_end]
    near, known, far = (mirror(text.encode("utf-8", "replace"), direction) for text in texts)
    return near, known, far


def _behind_starts_line(request: InfillRequest, direction: Direction) -> bool:
    """Whether the near side's edge at the hole is certainly a token's edge: no token spans the end of a line."""
    return direction is Direction.BACKWARD and request.suffix[:1] in ("\n", "\r")


def _take_back(tokens: list[int], vocabulary: OwnVocabulary, *, starts_new_line: bool) -> tuple[list[int], bytes]:
    """Split off the last token of the near side, if it may be only part of a token."""
    if not tokens or starts_new_line:
        return tokens, b""
    stub = vocabulary.token_bytes[tokens[-1]]
    return (tokens[:-1], stub) if vocabulary.extends(stub) else (tokens, b"")


def _far_tokens(far: bytes, vocabulary: OwnVocabulary) -> list[int]:
    return _text_order(vocabulary.encode(far), vocabulary.direction)


def _first_tokens(beyond: bytes, vocabulary: OwnVocabulary, n: int) -> bytes:
    """The bytes of the first n tokens, or nothing if there are not that many."""
    tokens = vocabulary.encode(beyond)[:n]
    return vocabulary.bytes_of(tokens) if len(tokens) == n else b""


def _text_order(own: list[int], direction: Direction) -> list[int]:
    return own if direction is Direction.FORWARD else own[::-1]
