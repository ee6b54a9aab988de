"""From a place in a file to the changes that add the parameter that is missing there."""

from __future__ import annotations

import re

from mim_lsp.errors import EditError
from mim_lsp.parameters.plan import Plan, plan_with_calls
from mim_lsp.parameters.proposals import Ask, declare, parameter_names, ranked_names
from mim_lsp.parameters.source import Source

_WORD_BEFORE = re.compile(r"\w*\Z")
_WORD_AFTER = re.compile(r"\w*")


def insert_parameter(text: str, offset: int, ask: Ask, name: str | None = None) -> Plan:
    """Add a parameter to the function around `offset`, in its header, docstring, overrides and calls.

    Without a `name`: the undefined name at `offset`, else the likeliest that the body lacks.

    Raises:
        EditError: no function is there, it lacks no name, or the parameter must not be added.
    """
    source = Source(text, offset)
    signature = source.function_at(offset)
    if signature is None:
        raise EditError("no Python function with a complete header is at this place")
    if name is None:
        here = word_at(text, offset)
        name = here if here in parameter_names(source, signature) else None
    if name is None:
        name = next(iter(ranked_names(source, signature, ask)), None)
    if name is None:
        raise EditError(f"{signature.name} reads no undefined name; say --name NAME to add a parameter all the same")
    return plan_with_calls(source, signature, declare(source, signature, name, ask), ask)


def why_nothing(source: Source, offset: int) -> str | None:
    """Why no parameter is offered at a place, as a sentence; None if one is."""
    signature = source.function_at(offset)
    if signature is None:
        return "No function with a complete header is at this place."
    if source.scopes.imports_everything:
        return "The file has a star import, which may define every name."
    if not source.scopes.undefined(signature):
        return f"{signature.name} reads no undefined name."
    if not parameter_names(source, signature):
        return f"The undefined names of {signature.name} are written as classes are."
    return None


def word_at(text: str, offset: int) -> str:
    """The word that `offset` stands in or touches."""
    line_start = text.rfind("\n", 0, offset) + 1
    before, after = _WORD_BEFORE.search(text[line_start:offset]), _WORD_AFTER.match(text, offset)
    return (before.group() if before else "") + (after.group() if after else "")
