"""An explanation shown to a person: what each direction wrote, how far they agree, and what became of it.

On a terminal a token's colour says how probable both directions find it: green, yellow, red. Where there are no
colours its percentages stand behind it.
"""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from mim_lsp.completion.explain import Explanation, Side, Token, Trail
from mim_lsp.completion.reasons import REASONS
from mim_lsp.completion.show import visible

MAX_PARTS = 6
"""Parts of the confidence that are named."""
_SURE, _LIKELY = 0.8, 0.4
_STYLES = ("bold red", "yellow", "green")


def show_explanation(console: Console, explanation: Explanation) -> None:
    """Print how an answer came about."""
    lines = [
        Text(explanation.sentence),
        Text(f"asked for:     a {explanation.unit}"),
        _written("forward wrote: ", explanation.forward),
        _written("backward wrote:", explanation.backward),
        *_agreement(explanation, colours=console.is_terminal and not console.no_color),
        *(line for number, trail in enumerate(explanation.trails, 1) for line in _trail(number, trail, explanation)),
        Text(
            f"work:          {explanation.encoded_tokens} tokens read in {explanation.encode_ms:.0f} ms, "
            f"{explanation.written_tokens} written in {explanation.steps} steps and {explanation.decode_ms:.0f} ms"
        ),
    ]
    console.print(Text("\n").join(lines), soft_wrap=True)


def _written(label: str, side: Side) -> Text:
    note = "" if side.ended else " (it had not come to its end)"
    return Text(f"{label} {visible(side.text)!r}{note}")


def _agreement(explanation: Explanation, *, colours: bool) -> list[Text]:
    """The best middle, token by token, with the place where the sides met."""
    if not explanation.tokens:
        return []
    line, at, met = Text("agreement:     "), 0, explanation.meeting_point
    for token in explanation.tokens:
        if met is not None and at >= met:
            line.append("│", style="bold" if colours else "")
            met = None
        line.append(_token_text(token, colours=colours))
        at += len(token.text)
    return [line, Text(f"met:           {_meeting(explanation)}")]


def _token_text(token: Token, *, colours: bool) -> Text:
    text = visible(token.text).replace("\n", "⏎\n" if colours else "⏎")
    known = [p for p in (token.forward, token.backward) if p is not None]
    if colours:
        lowest = min(known, default=0.0)
        return Text(text, style=_STYLES[(lowest >= _LIKELY) + (lowest >= _SURE)])
    percentages = "/".join("-" if p is None else f"{p:.0%}" for p in (token.forward, token.backward))
    return Text(f"{text}⟨{percentages}⟩")


def _meeting(explanation: Explanation) -> str:
    if not explanation.met:
        return "no"
    where = "" if explanation.meeting_point is None else f"after {explanation.meeting_point} characters, "
    return where + ("verified by the forward model" if explanation.verified else "not verified")


def _trail(number: int, trail: Trail, explanation: Explanation) -> list[Text]:
    """What became of one text."""
    lines = [
        Text(f"text {number}:        {visible(trail.text)!r} ({trail.source})"),
        Text(f"  confidence:  {trail.confidence:.0%}{_compared(trail, explanation)}"),
    ]
    parts = [f"{name} {value:+.2f}" for name, value in list(trail.parts.items())[:MAX_PARTS]]
    if parts:
        lines.append(Text(f"  because of:  {', '.join(parts)}"))
    if trail.undefined_names:
        lines.append(Text(f"  undefined:   {', '.join(trail.undefined_names)}"))
    for change in trail.changes:
        what = f"took off {visible(change.removed)!r}" if change.removed else "rewrote it"
        lines.append(Text(f"  {change.reason}: {what}"))
    if trail.dropped is not None:
        lines.append(Text(f"  dropped:     {trail.dropped}. {REASONS[trail.dropped]}"))
    return lines


def _compared(trail: Trail, explanation: Explanation) -> str:
    kind = "" if explanation.is_calibrated else ", the geometric mean: this model has no calibration"
    return f" ({explanation.threshold:.0%} is asked for{kind})"
