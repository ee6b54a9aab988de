"""The code actions that add a missing parameter to a Python function: "Add parameter 'timeout: float = 10'".

They are offered for the undefined names that the cursor or a diagnostic stands on, else for those of the function
around the cursor. The list comes without the edits; what the model makes of a name is in the title if it is known in
`TITLE_S`, or was asked before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from lsprotocol import types

from mim_lsp.completion.types import CancelFlag, Completer
from mim_lsp.errors import Cancelled, EditError
from mim_lsp.parameters.declaration import Declaration
from mim_lsp.parameters.insert import word_at
from mim_lsp.parameters.plan import Plan, plan_signature, plan_with_calls
from mim_lsp.parameters.proposals import Ask, ask_model, declare, parameter_names
from mim_lsp.parameters.source import Signature, Source
from mim_lsp.server.action_support import resolves_edits, wants
from mim_lsp.server.app import MimLanguageServer, logger
from mim_lsp.server.documents import Document
from mim_lsp.server.neighbours import Neighbours
from mim_lsp.server.parameter_edit import untouched_places, workspace_edit

TITLE_S = 0.015
"""How long the list of actions waits for the model to say what a title is to say."""
MAX_NAMES = 3
"""Of one function, where the cursor is on none of them."""
_REFACTOR = types.CodeActionKind.RefactorRewrite
TAG = "mim.parameter"


class Asked(NamedTuple):
    """What an action is to do; travels as its `data`."""

    uri: str
    version: int
    function: int
    """Where the function starts."""
    name: str
    with_calls: bool

    @classmethod
    def read(cls, data: object) -> Asked | None:
        """The action of which this is the data; None if it is not one of ours."""
        match data:
            case [tag, str(uri), int(version), int(function), str(name), bool(with_calls)] if tag == TAG:
                return cls(uri, version, function, name, with_calls)
        return None

    @property
    def data(self) -> list[object]:
        """For the action."""
        return [TAG, *self]


@dataclass(frozen=True)
class _Missing:
    """A name that a function lacks, and the diagnostics that say so."""

    signature: Signature
    name: str
    diagnostics: tuple[types.Diagnostic, ...] = ()
    is_at_cursor: bool = False


async def offer(ls: MimLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The actions for a place in a Python file."""
    document = ls.document(params.text_document.uri)
    if document is None or document.language != "python" or ls.permission.refusal(document, invoked=True):
        return []
    if not (wants(params.context, types.CodeActionKind.QuickFix) or wants(params.context, _REFACTOR)):
        return []
    source = ls.parameters.look_at(document, document.offset_at_position(params.range.start))
    missing = list(_missing(document, source, params))
    await _ask_for_titles(ls, source, missing)
    actions = [action for each in missing for action in _actions(ls, document, each)]
    actions = [action for action in actions if wants(params.context, action.kind or "")]
    if resolves_edits(ls):
        return actions
    resolved = [await resolve(ls, action) for action in actions]
    return [action for action in resolved if action.edit is not None]


async def resolve(ls: MimLanguageServer, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit; without one, and with a message that says why, if it must not be made."""
    asked = Asked.read(action.data)
    try:
        plan, document = await _made(ls, asked)
    except (EditError, Cancelled) as error:
        reason = str(error) or "the model is not ready"
        ls.show(types.MessageType.Info, f"the parameter is not added: {reason}.")
    else:
        action.edit = workspace_edit(ls, document, plan)
        if places := untouched_places(document, plan):
            ls.show(types.MessageType.Info, f"calls that stay as they are, to be looked at: {places}.")
    return action


async def _made(ls: MimLanguageServer, asked: Asked | None) -> tuple[Plan, Document]:
    """The plan that an action asks for, and the document that it is for.

    Raises:
        EditError: the parameter must not be added, or a document has changed.
        Cancelled: the model is not loaded.
    """
    document = ls.document(asked.uri) if asked is not None else None
    if asked is None or document is None or document.version != asked.version:
        raise EditError("the document has changed since")
    source = ls.parameters.look_at(document, asked.function)
    known = ls.parameters.declarations.answers.get((asked.function, asked.name))
    beside = Neighbours.of(ls, document)
    plan = await ls.model.use(lambda model, cancel: _plan(ask_model(model, cancel), source, asked, known, beside))
    if beside.have_changed(ls):
        raise EditError("the document, or another open one, has changed since")
    return plan, document


def _missing(document: Document, source: Source, params: types.CodeActionParams) -> Iterator[_Missing]:
    """The names to offer actions for."""
    seen: set[tuple[int, str]] = set()
    for diagnostic in params.context.diagnostics:
        offset = document.offset_at_position(diagnostic.range.start)
        for each in _at(source, offset, (diagnostic,)):
            if (each.signature.start, each.name) not in seen:
                seen.add((each.signature.start, each.name))
                yield each
    if seen:
        return
    offset = document.offset_at_position(params.range.start)
    found = list(_at(source, offset, ()))
    signature = source.function_at(offset)
    if not found and signature is not None:
        found = [_Missing(signature, name) for name in parameter_names(source, signature)[:MAX_NAMES]]
    yield from found


def _at(source: Source, offset: int, diagnostics: tuple[types.Diagnostic, ...]) -> Iterator[_Missing]:
    """The undefined name at `offset`, if there is one that can be a parameter."""
    signature, name = source.function_at(offset), word_at(source.text, offset)
    if signature is not None and name in parameter_names(source, signature):
        yield _Missing(signature, name, diagnostics, True)


def _actions(ls: MimLanguageServer, document: Document, missing: _Missing) -> Iterator[types.CodeAction]:
    known = ls.parameters.declarations.answers.get((missing.signature.start, missing.name))
    declaration = known or Declaration(missing.name)
    kind = types.CodeActionKind.QuickFix if missing.is_at_cursor else _REFACTOR
    diagnostics = list(missing.diagnostics) or None
    for with_calls, title in (
        (False, f"Add parameter '{declaration.text}'"),
        (True, f"Add parameter '{declaration.text}' to signature and calls"),
    ):
        asked = Asked(document.uri, document.version or 0, missing.signature.start, missing.name, with_calls)
        yield types.CodeAction(title, kind, diagnostics, data=asked.data)


async def _ask_for_titles(ls: MimLanguageServer, source: Source, missing: Iterable[_Missing]) -> None:
    """Have the model say what the parameters are to be, for the titles; what comes late is there the next time."""
    questions = ls.parameters.declarations
    for each in missing:
        questions.ask(ls.model, (each.signature.start, each.name), partial(_declared, source, each))
    await questions.wait(TITLE_S)


def _declared(source: Source, missing: _Missing, completer: Completer, cancel: CancelFlag) -> Declaration:
    """What the model makes of a name. Called on the model's thread."""
    declaration = declare(source, missing.signature, missing.name, ask_model(completer, cancel))
    logger.debug("Parameter %s is %s", missing.name, declaration.text)
    return declaration


def _plan(ask: Ask, source: Source, asked: Asked, known: Declaration | None, beside: Neighbours) -> Plan:
    """Called on the model's thread.

    Raises:
        EditError: the parameter must not be added.
    """
    signature = source.function_at(asked.function)
    if signature is None:
        raise EditError("the function is not there any more")
    declaration = known or declare(source, signature, asked.name, ask)
    if asked.with_calls:
        return plan_with_calls(source, signature, declaration, ask, beside.importers(source, signature))
    return plan_signature(source, signature, declaration)
