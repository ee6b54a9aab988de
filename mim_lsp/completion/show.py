"""A completion shown to a person: the lines around the cursor with the inserted text marked in them.

On a terminal the forward side's text stands on green and the backward side's on blue; where there are no colours the
insertion is marked with ⟦ ⟧ instead.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from mim_lsp.completion.types import Candidate, CompletionResult

_CONTEXT_LINES = 6
_LINE_CHARACTERS = 160
_FORWARD_STYLE = "bold black on green"
_BACKWARD_STYLE = "bold white on blue"
# Control characters in a file must not reach the terminal as commands: they are shown as their pictures.
_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {127: 0x2421}
_PICTURES |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


def show(console: Console, text: str, offset: int, result: CompletionResult, model: str) -> None:
    """Print `text` around `offset` with the best candidate inserted there, and below it how it came about."""
    above, below = _above(text[:offset]), _below(text[offset:])
    marked = Text(above)
    if result.candidates:
        _append_insertion(marked, result.candidates[0], brackets=console.no_color or not console.is_terminal)
    marked.append(below)
    first = visible(text[:offset]).count("\n") - above.count("\n") + 1
    console.print(_numbered(marked, first), soft_wrap=True)
    console.print()
    console.print(Text("\n".join(_summary(result, model))), soft_wrap=True)


def _append_insertion(marked: Text, candidate: Candidate, *, brackets: bool) -> None:
    """Append the candidate to `marked`, either in brackets or in the colours of the sides that wrote it."""
    forward, backward = _sides(candidate)
    if brackets:
        marked.append(f"⟦{forward}{backward}⟧")
    else:
        marked.append(forward, style=_FORWARD_STYLE)
        marked.append(backward, style=_BACKWARD_STYLE)


def _sides(candidate: Candidate) -> tuple[str, str]:
    """What the forward and the backward side wrote of a candidate, fit for printing."""
    seam = candidate.meeting_point
    if seam is None:
        seam = 0 if candidate.source == "backward" else len(candidate.text)
    return visible(candidate.text[:seam]), visible(candidate.text[seam:])


def _summary(result: CompletionResult, model: str) -> list[str]:
    """One line per fact that a reader may want to know about the answer."""
    time = result.elapsed_ms
    return [
        *_offers(result),
        f"time:          {time.total:.0f} ms (reading {time.encode:.0f} ms, writing {time.decode:.0f} ms)",
        f"work:          {result.encoded_tokens} tokens read, {result.tokens} written in {result.steps} steps",
        f"model:         {model}",
    ]


def _offers(result: CompletionResult) -> list[str]:
    """The best candidate's facts and the texts of the others, or why nothing is offered."""
    if not result.candidates:
        return [f"nothing offered: {result.reason}"]
    best, *others = result.candidates
    return [
        f"meeting point: {_meeting_point(best, verified=result.verified)}",
        f"confidence:    {best.confidence:.0%}",
        *(f"also:          {visible(c.text)!r} (confidence {c.confidence:.0%}, {c.source})" for c in others),
    ]


def _meeting_point(candidate: Candidate, *, verified: bool) -> str:
    """Where the two sides met, or which side wrote the whole text."""
    if candidate.source != "met":
        return f"none, the {candidate.source} side wrote all of it"
    forward, backward = _sides(candidate)
    note = "verified" if verified else "not verified"
    return f"after {len(forward)} of {len(forward) + len(backward)} characters, {forward!r} + {backward!r} ({note})"


def _above(prefix: str) -> str:
    """The last lines of `prefix`, shortened to a readable length; the cursor's own line loses its start."""
    *above, current = visible(prefix).split("\n")
    if len(current) > _LINE_CHARACTERS:
        current = "…" + current[-_LINE_CHARACTERS:]
    return "\n".join([*map(_shortened, above[-_CONTEXT_LINES:]), current])


def _below(suffix: str) -> str:
    """The first lines of `suffix`, shortened to a readable length."""
    return "\n".join(map(_shortened, visible(suffix).split("\n")[: _CONTEXT_LINES + 1]))


def _shortened(line: str) -> str:
    return line if len(line) <= _LINE_CHARACTERS else line[:_LINE_CHARACTERS] + "…"


def visible(text: str) -> str:
    """`text` with one kind of line break and with pictures for control characters, fit for a terminal."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_PICTURES)


def _numbered(marked: Text, first: int) -> Text:
    """Put a line number before each line."""
    lines = marked.split("\n", allow_blank=True)
    width = len(str(first + len(lines)))
    numbered = (Text.assemble((f"{number:>{width}} │ ", "dim"), line) for number, line in enumerate(lines, first))
    return Text("\n").join(numbered)
