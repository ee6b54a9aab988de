"""All changes that add a parameter, checked as a whole: what is not certain to be right is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mim_lsp.errors import EditError
from mim_lsp.parameters.call_sites import Arguments, Untouched, calls_in_file
from mim_lsp.parameters.changes import Change, apply
from mim_lsp.parameters.class_tree import overrides
from mim_lsp.parameters.declaration import Declaration
from mim_lsp.parameters.docstrings import describe
from mim_lsp.parameters.importers import Importer
from mim_lsp.parameters.insertion import needs_default, parameter_slot
from mim_lsp.parameters.proposals import Ask
from mim_lsp.parameters.source import Source
from mim_lsp.parameters.unbound import is_name
from mim_lsp.syntax.names import BUILTINS
from mim_lsp.syntax.signatures import Signature, signature_at


@dataclass(frozen=True)
class PlanElsewhere:
    """What is to be changed in another file, which calls the function."""

    importer: Importer
    changes: tuple[Change, ...]
    untouched: tuple[Untouched, ...]


@dataclass(frozen=True)
class Plan:
    """What is to be changed for one new parameter."""

    declaration: Declaration
    signature: tuple[Change, ...]
    """The header and the docstring."""
    others: tuple[Change, ...] = ()
    """Overrides and calls."""
    untouched: tuple[Untouched, ...] = ()
    elsewhere: tuple[PlanElsewhere, ...] = ()
    """Calls in other files."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, none of which overlap."""
        return self.signature + self.others


def refusal(source: Source, signature: Signature, name: str) -> str | None:
    """Why a parameter of that name must not be added; None if it may."""
    if not is_name(name):
        return f"{name!r} cannot be the name of a parameter"
    if name in signature.names:
        return f"{signature.name} already has a parameter {name}"
    if source.scopes.is_local(signature, name):
        return f"{signature.name} already has a name {name} of its own"
    if name in source.scopes.module_names() and source.scopes.reads(signature, name):
        kind = "Python's own" if name in BUILTINS else "the module's"
        return f"the parameter would hide {kind} {name}, which {signature.name} uses"
    return None


def plan_signature(source: Source, signature: Signature, declaration: Declaration) -> Plan:
    """The changes of the function alone: its header and its docstring.

    Raises:
        EditError: the parameter must not be added.
    """
    if (reason := refusal(source, signature, declaration.name)) is not None:
        raise EditError(reason)
    plan = Plan(declaration, tuple(_own_changes(source, signature, declaration)))
    _check(source, [signature], plan)
    return plan


def plan_with_calls(
    source: Source, signature: Signature, declaration: Declaration, ask: Ask, importers: Sequence[Importer] = ()
) -> Plan:
    """The changes of the function, of the methods that override it or that it overrides, and of the calls.

    Raises:
        EditError: the parameter must not be added.
    """
    own = plan_signature(source, signature, declaration)
    relatives = [each for each in overrides(source, signature) if refusal(source, each, declaration.name) is None]
    edited = [signature, *relatives]
    arguments = Arguments(declaration, ask)
    calls, untouched = arguments.passed(source, calls_in_file(source, signature), edited)
    others = [change for each in relatives for change in _own_changes(source, each, declaration)]
    elsewhere = (_plan_elsewhere(each, arguments) for each in importers)
    listed = tuple(each for each in elsewhere if each.changes or each.untouched)
    plan = Plan(declaration, own.signature, (*others, *calls), tuple(untouched), listed)
    _check(source, edited, plan)
    return plan


def _plan_elsewhere(importer: Importer, arguments: Arguments) -> PlanElsewhere:
    changes, untouched = arguments.passed(importer.source, importer.calls)
    _check_syntax(importer.source, Source(apply(importer.source.text, changes)))
    return PlanElsewhere(importer, tuple(changes), tuple(untouched))


def _own_changes(source: Source, signature: Signature, declaration: Declaration) -> list[Change]:
    if needs_default(signature):
        declaration = declaration.with_default()
    header = parameter_slot(source.text, signature).change(declaration.text)
    described = describe(source.text, signature, declaration)
    return [header] if described is None else [header, described]


def _check(source: Source, edited: Sequence[Signature], plan: Plan) -> None:
    """See that the changed text parses as well as before, and that each function now has the parameter it lacked."""
    after = Source(apply(source.text, plan.changes))
    _check_syntax(source, after)
    for signature in edited:
        shift = sum(len(text) - (end - start) for start, end, text in plan.changes if start < signature.start)
        found = signature_at(after.tree, signature.start + shift)
        if found is None or sorted(found.names) != sorted([*signature.names, plan.declaration.name]):
            raise EditError("the parameter list would not read as it should; nothing was changed")
        if plan.declaration.name in after.scopes.undefined(found):
            raise EditError(f"{plan.declaration.name} would still be undefined; nothing was changed")


def _check_syntax(before: Source, after: Source) -> None:
    if after.tree.error_count() > before.tree.error_count() or (before.scopes.parses and not after.scopes.parses):
        raise EditError("the changed file would not parse; nothing was changed")
