"""Takes a parameter out of a function and its calls, or an argument out of a call: a question with a known answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from mim_lsp.parameters.changes import Change, apply
from mim_lsp.parameters.insertion import Item
from mim_lsp.parameters.source import Source
from mim_lsp.syntax.calls import Call, call_around, calls_of
from mim_lsp.syntax.signatures import Parameter, Signature

TRAITS = ("used once", "keyword-only", "annotated", "method", "default")
"""What may be told apart of the parameters that were taken out."""


class Removed(NamedTuple):
    """A file without a parameter that its function uses."""

    text: str
    function: int
    """Where the function starts in it."""
    parameter: Parameter
    """What was taken out."""
    traits: tuple[str, ...]
    """Those of `TRAITS` that it has."""


class RemovedArgument(NamedTuple):
    """A file with a call that lacks an argument."""

    text: str
    call: int
    """A place in the call: its opening parenthesis."""
    name: str
    """Of the parameter."""
    value: str
    """What was passed for it."""


def removable(source: Source) -> list[tuple[Signature, int]]:
    """Each function with the index of each plain parameter whose name says nothing outside of it."""
    known = source.scopes.module_names()
    return [
        (signature, n)
        for signature in source.signatures
        for n, each in enumerate(signature.parameters)
        if each.kind == "plain" and not (n == 0 and signature.is_bound) and each.name not in known
    ]


def remove(source: Source, signature: Signature, index: int) -> Removed | None:
    """The file without that parameter; None if that breaks it, or if its name is not all that the body then lacks."""
    changes = sorted([_without(signature.parameters, index), *_without_arguments(source, signature, index)])
    if any(after.start < before.end for before, after in pairwise(changes)):
        return None
    text = apply(source.text, changes)
    start = signature.start + sum(len(new) - (end - at) for at, end, new in changes if at < signature.start)
    after = Source(text, start)
    found = after.function_at(start)
    parameter = signature.parameters[index]
    if found is None or not after.scopes.parses or after.scopes.undefined(found) != [parameter.name]:
        return None
    return Removed(text, start, parameter, tuple(_traits(source, signature, index)))


def is_keyword_only(signature: Signature, index: int) -> bool:
    """Whether that parameter stands behind `*` or `*args`."""
    return any(each.kind in ("star", "args") for each in signature.parameters[:index])


def removable_arguments(source: Source) -> list[tuple[Signature, int, Call]]:
    """Each function with the index of each parameter without a default, and each call that passes it."""
    return [
        (signature, n, call)
        for signature in source.signatures
        for n, each in enumerate(signature.parameters)
        if each.kind == "plain" and each.default is None and not (n == 0 and signature.is_bound)
        for call in calls_of(source.tree, signature.name)
        if _argument(call, signature, n) is not None
    ]


def remove_argument(source: Source, signature: Signature, index: int, call: Call) -> RemovedArgument | None:
    """The file without the argument that `call` passes for that parameter; None if it goes over several lines."""
    at = _argument(call, signature, index)
    if at is None:
        return None
    argument = call.arguments[at]
    value = source.text[argument.start : argument.end]
    if argument.keyword is not None:
        value = value.partition("=")[2].strip()
    if "\n" in value:
        return None
    text = apply(source.text, [_without(call.arguments, at)])
    return RemovedArgument(text, call.open - 1, signature.parameters[index].name, value)


def passed_value(source: Source, offset: int, name: str) -> str | None:
    """What the call around `offset` passes as that keyword argument; None if it does not."""
    found = call_around(source.tree, offset)
    arguments = found[1].arguments if found is not None else ()
    passed = (source.text[each.start : each.end] for each in arguments if each.keyword == name)
    return next((text.partition("=")[2].strip() for text in passed), None)


def _without_arguments(source: Source, signature: Signature, index: int) -> Iterator[Change]:
    for call in calls_of(source.tree, signature.name):
        at = _argument(call, signature, index)
        if at is not None:
            yield _without(call.arguments, at)


def _argument(call: Call, signature: Signature, index: int) -> int | None:
    """Which argument of a call is for that parameter, as far as the call says."""
    name = signature.parameters[index].name
    for n, argument in enumerate(call.arguments):
        if argument.keyword == name:
            return n
    is_own = call.receiver in ("self", "cls", "super()") if signature.owner else call.receiver is None
    separators = sum(each.kind == "slash" for each in signature.parameters[:index])
    at = index - separators - signature.is_bound
    before = call.arguments[: at + 1]
    if not is_own or is_keyword_only(signature, index) or len(before) <= at:
        return None
    return at if not any(each.keyword or each.is_spread for each in before) else None


def _without(items: Sequence[Item], index: int) -> Change:
    """Takes an item out with the comma before it, or behind it for the first."""
    if index > 0:
        return Change(items[index - 1].end, items[index].end, "")
    return Change(items[0].start, items[1].start if len(items) > 1 else items[0].end, "")


def _traits(source: Source, signature: Signature, index: int) -> Iterator[str]:
    parameter = signature.parameters[index]
    uses = re.findall(rf"(?<![\w.]){re.escape(parameter.name)}(?!\w)", source.text[signature.body : signature.end])
    holds = (
        len(uses) == 1,
        is_keyword_only(signature, index),
        parameter.annotation is not None,
        signature.owner is not None,
        parameter.default is not None,
    )
    return (trait for trait, is_so in zip(TRAITS, holds, strict=True) if is_so)
