"""What the calls of a function have to pass for a new parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mim_lsp.parameters.changes import Change
from mim_lsp.parameters.class_tree import related_classes
from mim_lsp.parameters.declaration import Declaration
from mim_lsp.parameters.insertion import argument_slot
from mim_lsp.parameters.proposals import Ask, value_at
from mim_lsp.parameters.source import Source
from mim_lsp.syntax.calls import Call, calls_of
from mim_lsp.syntax.signatures import Signature, signature_at

MAX_ASKED = 6
"""So many calls have their value written by the model; further ones are left to the programmer."""


class Untouched(NamedTuple):
    """A call that stays as it is, though it may have to change."""

    start: int
    reason: str


def pass_argument(
    source: Source, edited: Sequence[Signature], declaration: Declaration, ask: Ask
) -> tuple[list[Change], list[Untouched]]:
    """The keyword arguments for the calls of the first of `edited`, all of which get the parameter."""
    changes: list[Change] = []
    untouched: list[Untouched] = []
    asked = 0
    for call, doubt in _calls(source, edited[0]):
        if any(argument.keyword == declaration.name for argument in call.arguments):
            continue
        if call.spreads:
            doubt = "it passes * or ** arguments"
        if doubt is not None:
            untouched.append(Untouched(call.start, doubt))
            continue
        value = declaration.name if _passes_on(source, call, edited, declaration.name) else None
        if value is None and declaration.default is not None:
            continue
        if value is None and asked < MAX_ASKED:
            asked += 1
            value = _written_value(source, call, declaration.name, ask)
        if value is None:
            untouched.append(Untouched(call.start, "no value for it is known"))
        else:
            changes.append(argument_slot(source.text, call).change(f"{declaration.name}={value}"))
    return changes, untouched


def _calls(source: Source, signature: Signature) -> Iterator[tuple[Call, str | None]]:
    """The calls that may be of that function, each with the reason to doubt it."""
    if signature.name == "__init__" and signature.owner is not None:
        for call in calls_of(source.tree, signature.owner):
            yield call, None if call.receiver is None else "it is called through another object"
    is_alone = sum(each.name == signature.name and each.owner is None for each in source.signatures) == 1
    classes = related_classes(source, signature.owner) if signature.owner is not None else []
    for call in calls_of(source.tree, signature.name):
        if signature.owner is None:
            yield call, _doubt_function(call, is_alone)
        elif call.receiver is not None:
            own = any(each.start <= call.start < each.end for each in classes)
            is_sure = own and call.receiver in ("self", "cls", "super()")
            if is_sure or signature.name != "__init__":
                yield call, None if is_sure else "the object that it is called on may be of another class"


def _doubt_function(call: Call, is_alone: bool) -> str | None:
    if call.receiver is not None:
        return "it is called through another object"
    return None if is_alone else "the file has several functions of that name"


def _passes_on(source: Source, call: Call, edited: Sequence[Signature], name: str) -> bool:
    """Whether the function around the call has a parameter of that name, or gets it now."""
    caller = signature_at(source.tree, call.start)
    if caller is None or not caller.body <= call.start:
        return False
    return name in caller.names or any(each.start == caller.start for each in edited)


def _written_value(source: Source, call: Call, name: str, ask: Ask) -> str | None:
    slot = argument_slot(source.text, call)
    known = source.scopes.visible(signature_at(source.tree, call.start))
    return value_at(source, slot.change, name, known, ask)
