r"""Checks of what is about to be offered, and the reasons for which nothing is.

A filter is a pure function of a suggestion and the text around it. Each stands for itself; `FILTERS` says which are
used, and in which order. They see texts whose line breaks are `\n`, and suggestions that `trim` has been over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from types import MappingProxyType

from mim_lsp.completion.cursor_line import (
    following_lines,
    is_common,
    is_only_closers,
    joins_word,
    rest_of_line,
    typed_part,
)
from mim_lsp.syntax.validity import makes_syntax_worse

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty_middle": "The model finds that nothing is missing at the cursor.",
        "no_candidate": "The model found no text that fits between the prefix and the suffix.",
        "incomplete": "The budget of tokens or time ended before either side had finished its text.",
        "low_confidence": "The two directions agreed too little on the text to show it.",
        "blank": "The suggestion was only blanks and line breaks.",
        "repeats_following": "The suggestion repeated what already stands after the cursor.",
        "worsens_syntax": "The suggestion would have left the file with more syntax errors than it has.",
        "unsupported_language": "The document is not in a language that the model knows.",
        "model_loading": "The model is still being loaded.",
        "superseded": "A newer request or an edit took the place of this one.",
        "cancelled": "The editor cancelled the request.",
        "outside_document": "The position lies outside the document.",
        "failed": "The completion failed; the log says why.",
    }
)
"""For every reason code of an empty answer a sentence for a person."""

Filter = Callable[[str, str, str], bool]
"""Whether to refuse a candidate, given (candidate, prefix, suffix)."""


def blank(candidate: str, prefix: str, suffix: str) -> bool:
    """Whether the candidate has nothing to read in it; a line break and its indentation are not worth showing."""
    return not candidate.strip()


def repeats_following(candidate: str, prefix: str, suffix: str) -> bool:
    """Whether the candidate writes once more what stands after the cursor, in its line or right below it.

    Lines that are often there twice (`)`, `else:`, `return None`) do not count.
    """
    return _repeats_rest_of_line(candidate, suffix) or _repeats_next_lines(candidate, prefix, suffix)


def _repeats_rest_of_line(candidate: str, suffix: str) -> bool:
    text, rest = candidate.strip(), rest_of_line(suffix).strip()
    if is_only_closers(rest) or not text.startswith(rest):
        return False
    return text == rest or not (is_common(rest) or joins_word(rest, text[len(rest) :]))


def _repeats_next_lines(candidate: str, prefix: str, suffix: str) -> bool:
    """Whether the candidate's last whole line is the next one, or all of its lines are the next ones."""
    typed = typed_part(prefix)
    lines = (typed + candidate + rest_of_line(suffix)).split("\n")
    if typed.strip():
        lines = lines[1:]  # the typist began the first line, and may well want it twice
    lines = [line.rstrip() for line in lines if line.strip()]
    if not lines or all(map(is_common, lines)):
        return False
    following = list(islice(following_lines(suffix), len(lines)))
    return following == lines or (following[:1] == lines[-1:] and not is_common(lines[-1]))


def worsens_syntax(candidate: str, prefix: str, suffix: str) -> bool:
    """Whether the file has more syntax errors with the candidate than without."""
    return makes_syntax_worse(prefix, candidate, suffix)


FILTERS: tuple[tuple[str, Filter], ...] = (
    ("blank", blank),
    ("repeats_following", repeats_following),
    ("worsens_syntax", worsens_syntax),
)
"""The filters by the reason that they give, the cheap ones first."""


def check(candidate: str, prefix: str, suffix: str) -> str | None:
    """The reason, a key of `REASONS`, for which `candidate` is not to be offered; None if it is."""
    return next((reason for reason, refuses in FILTERS if refuses(candidate, prefix, suffix)), None)
