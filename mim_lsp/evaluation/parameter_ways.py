"""The ways in which `mim-lsp eval parameters` asks back what was taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mim_lsp.completion.types import Candidate, Completer, CompletionOptions
from mim_lsp.parameters.proposals import OPTIONS, Ask, ask_model

Way = Literal["action", "action_forward", "action_alone", "infill", "forward"]
WAYS: tuple[Way, ...] = ("action", "action_forward", "action_alone", "infill", "forward")
"""`action`: as the code action does it, with what scope analysis says of the names; `action_forward`: the same, but
the model does not read the text behind the hole; `action_alone`: without a model. `infill` and `forward`: the model
writes the name, too, by what it reads on both sides of the hole, or only before it."""

IS_ACTION: frozenset[Way] = frozenset({"action", "action_forward", "action_alone"})


def asking(way: Way, completer: Completer, options: CompletionOptions = OPTIONS) -> Ask:
    """What answers in that way."""
    ask = ask_model(completer, options=options)

    def without_suffix(text: str, offset: int) -> Sequence[Candidate]:
        return ask(text[:offset], offset)

    if way == "action_alone":
        return lambda text, offset: ()
    return ask if way in ("action", "infill") else without_suffix
