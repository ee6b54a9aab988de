"""What the calls of a function have to pass for a new parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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


SPREADS = "it passes * or ** arguments"

DoubtfulCall = tuple[Call, str | None]
"""A call that may be of the function, with the reason to doubt that it is."""


class Untouched(NamedTuple):
    """A call that stays as it is, though it may have to change."""

    start: int
    reason: str


@dataclass
class Arguments:
    """Writes what calls have to pass for one new parameter; over all files of an edit, the model is asked so often."""

    declaration: Declaration
    ask: Ask
    asked: int = 0

    def passed(
        self, source: Source, calls: Iterable[DoubtfulCall], edited: Sequence[Signature] = ()
    ) -> tuple[list[Change], list[Untouched]]:
        """The keyword arguments for calls in one file, some of whose functions get the parameter themselves."""
        changes: list[Change] = []
        untouched: list[Untouched] = []
        name = self.declaration.name
        for call, doubt in calls:
            if any(argument.keyword == name for argument in call.arguments):
                continue
            if doubt is not None or call.spreads:
                untouched.append(Untouched(call.start, SPREADS if call.spreads else doubt or ""))
            elif _passes_on(source, call, edited, name):
                changes.append(argument_slot(source.text, call).change(f"{name}={name}"))
            elif self.declaration.default is None:
                value = self._written(source, call)
                if value is None:
                    untouched.append(Untouched(call.start, "no value for it is known"))
                else:
                    changes.append(argument_slot(source.text, call).change(f"{name}={value}"))
        return changes, untouched

    def _written(self, source: Source, call: Call) -> str | None:
        """The value that the model writes, as long as it may be asked."""
        if self.asked == MAX_ASKED:
            return None
        self.asked += 1
        slot = argument_slot(source.text, call)
        known = source.scopes.visible(signature_at(source.tree, call.start))
        return value_at(source, slot.change, self.declaration.name, known, self.ask)


def calls_in_file(source: Source, signature: Signature) -> Iterator[DoubtfulCall]:
    """The calls that may be of that function of the same file."""
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
