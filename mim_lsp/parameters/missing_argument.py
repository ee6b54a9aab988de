"""A call that lacks an argument which the function in the same file, or one that the file imports, requires."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mim_lsp.errors import EditError
from mim_lsp.parameters.changes import Change, apply
from mim_lsp.parameters.class_tree import related_classes
from mim_lsp.parameters.insertion import argument_slot
from mim_lsp.parameters.proposals import Ask, value_at
from mim_lsp.parameters.source import Source
from mim_lsp.syntax.calls import Call, call_around
from mim_lsp.syntax.signatures import Signature, signature_at


class LackingCall(NamedTuple):
    """A call, and the parameters that it must pass and does not."""

    call: Call
    names: tuple[str, ...]


Imported = Callable[[Source, str, Call], Signature | None]
"""The function of another file that a call of a name in a file is of; None if it is not known."""


def lacking_call(source: Source, offset: int, imported: Imported) -> LackingCall | None:
    """The call around `offset`, if it lacks arguments that can be passed by keyword."""
    found = call_around(source.tree, offset)
    if found is None or found[1].spreads:
        return None
    name, call = found
    callee = _callee(source, name, call) or imported(source, name, call)
    names = _missing(callee, call) if callee is not None else []
    return LackingCall(call, tuple(names)) if names else None


def add_arguments(source: Source, lacking: LackingCall, ask: Ask) -> Change:
    """The change that passes what is missing, by keyword: the caller's name if it has it, else what the model writes.

    Raises:
        EditError: the model has no value that the caller can read, or the file would not parse.
    """
    slot = argument_slot(source.text, lacking.call)
    caller = signature_at(source.tree, lacking.call.start)
    known = source.scopes.visible(caller)
    written: list[str] = []
    for name in lacking.names:
        own = name if caller is not None and name in caller.names else None
        value = own or value_at(source, slot.change, name, known, ask)
        if value is None:
            raise EditError(f"no value for {name} is known")
        written.append(f"{name}={value}")
    change = slot.change((slot.before if slot.before.startswith(",") else ", ").join(written))
    if Source(apply(source.text, [change])).tree.error_count() > source.tree.error_count():
        raise EditError("the changed file would not parse; nothing was changed")
    return change


def _callee(source: Source, name: str, call: Call) -> Signature | None:
    """The one function of the file that is called, if it is sure to be that."""
    found = source.functions_named(name)
    if len(found) != 1 or found[0].decorators:
        return None
    (function,) = found
    if call.receiver is None or function.owner is None:
        return function if call.receiver is None and function.owner is None else None
    is_within = any(each.start <= call.start < each.end for each in related_classes(source, function.owner))
    return function if is_within and call.receiver in ("self", "cls") else None


def _missing(callee: Signature, call: Call) -> list[str]:
    """What the call must pass and does not; nothing where that cannot be passed by keyword."""
    positional = [each for each in call.arguments if each.keyword is None]
    passed = {each.keyword for each in call.arguments}
    own = callee.parameters[1:] if callee.is_bound else callee.parameters
    before = next((n for n, each in enumerate(own) if each.kind in ("star", "args", "kwargs")), len(own))
    plain = [each for each in own[:before] if each.kind == "plain"]
    rest = [*plain[len(positional) :], *own[before:]]
    missing = [each for each in rest if each.kind == "plain" and each.default is None and each.name not in passed]
    slash = max((each.start for each in own if each.kind == "slash"), default=0)
    is_positional_only = any(each.start < slash for each in missing)
    return [] if is_positional_only or len(positional) > len(plain) else [each.name for each in missing]
