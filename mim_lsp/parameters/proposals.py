"""What the model writes in the hole of a parameter list, and which of it can be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mim_lsp.completion.types import CancelFlag, Candidate, Completer, CompletionOptions
from mim_lsp.parameters.changes import Change, apply
from mim_lsp.parameters.declaration import Declaration, read_declaration, reads_only
from mim_lsp.parameters.hints import declared_elsewhere, with_fitting_none
from mim_lsp.parameters.insertion import needs_default, parameter_slot
from mim_lsp.parameters.source import Source
from mim_lsp.syntax.signatures import Signature

Ask = Callable[[str, int], Sequence[Candidate]]
"""What the model would write at an offset of a text, best first."""

OPTIONS = CompletionOptions(eagerness=1.0, candidates=4, max_tokens=24, mode="line", max_lines=1)
"""A short text in one line; whether it is used is decided here, and not by its confidence alone."""
_DOCUMENT = "mim:parameters"  # what is read for one question serves the next
_UNTYPED = ("self", "cls", "")


def ask_model(completer: Completer, cancel: CancelFlag | None = None, options: CompletionOptions = OPTIONS) -> Ask:
    """Have a model answer, which reads both sides of the place."""

    def ask(text: str, offset: int) -> Sequence[Candidate]:
        return completer.complete(text, offset, options, cancel, _DOCUMENT).candidates

    return ask


def ranked_names(source: Source, signature: Signature, ask: Ask) -> list[str]:
    """The names that the body lacks: those that the model writes by itself first, then in the order of their use."""
    names = parameter_names(source, signature)
    if len(names) < 2:
        return names
    written = written_names(source, signature, ask)
    return sorted(names, key=lambda name: written.index(name) if name in written else len(written))


def parameter_names(source: Source, signature: Signature) -> list[str]:
    """The names that the body lacks and that can be parameters: not those that are written as classes are."""
    return [name for name in source.scopes.undefined(signature) if not _is_class_name(name)]


def written_names(source: Source, signature: Signature, ask: Ask) -> list[str]:
    """The names that the model gives a new parameter, best first, without a look at what the body lacks."""
    found = (read_declaration(text) for text in _written(source, signature, "", ask))
    return list(dict.fromkeys(each.name for each in found if each is not None and each.name not in signature.names))


def declare(source: Source, signature: Signature, name: str, ask: Ask) -> Declaration:
    """A parameter of that name, declared as others of the file are, else with what the model writes.

    It is annotated if the others are, and has a default if it must. What the model writes is used only if it parses
    and reads no name that the header cannot see.
    """
    known = source.scopes.module_names()
    found = declared_elsewhere(source, signature, name, annotated=_is_annotated(signature))
    if found is None or not _reads_only(found, known):
        found = with_fitting_none(source, signature, _written_declaration(source, signature, name, known, ask))
    if found.default is None and needs_default(signature):
        given = _usable(source, signature, name, f"{found.text.removeprefix(name)}=", known, ask)
        found = given if given is not None and given.default is not None else found.with_default()
    return found


def _written_declaration(
    source: Source, signature: Signature, name: str, known: frozenset[str], ask: Ask
) -> Declaration:
    """What the model writes behind the name; it is asked for an annotation once more if there should be one."""
    found = _usable(source, signature, name, "", known, ask) or Declaration(name)
    if found.annotation is not None or not _is_annotated(signature):
        return found
    typed = _usable(source, signature, name, ": ", known, ask)
    if typed is None or typed.annotation is None:
        return found
    if typed.default is not None or found.default is None:
        return typed
    return replace(found, annotation=typed.annotation)


def value_at(
    source: Source, changes: Callable[[str], Change], name: str, known: frozenset[str], ask: Ask
) -> str | None:
    """The value that the model passes as the keyword argument that `changes` puts somewhere; None if none is usable."""
    text, at = _with_cursor(source.text, changes, f"{name}=")
    for candidate in ask(text, at):
        found = read_declaration(f"{name}={candidate.text}")
        if found is not None and found.default is not None and reads_only(found.default, known):
            return found.default
    return None


def _usable(
    source: Source, signature: Signature, name: str, typed: str, known: frozenset[str], ask: Ask
) -> Declaration | None:
    """The first that the model writes after `name` and what is typed behind it, of which everything is known."""
    for text in _written(source, signature, name + typed, ask):
        found = read_declaration(text)
        if found is not None and found.name == name and _reads_only(found, known):
            return found
    return None


def _reads_only(declaration: Declaration, known: frozenset[str]) -> bool:
    """Whether annotation and default read nothing but `known` names."""
    return reads_only(declaration.annotation, known) and reads_only(declaration.default, known)


def _written(source: Source, signature: Signature, typed: str, ask: Ask) -> list[str]:
    """`typed`, in the slot for a new parameter, with what the model writes behind it."""
    slot = parameter_slot(source.text, signature)
    text, at = _with_cursor(source.text, slot.change, typed)
    return [typed + candidate.text for candidate in ask(text, at)]


def _with_cursor(text: str, change: Callable[[str], Change], typed: str) -> tuple[str, int]:
    """`text` with `typed` put where `change` puts it, and the place behind it."""
    made = change(typed)
    bare = change("")
    before = next(n for n in range(len(bare.text), -1, -1) if made.text.startswith(bare.text[:n] + typed))
    return apply(text, [made]), made.start + before + len(typed)


def _is_annotated(signature: Signature) -> bool:
    """Whether most parameters have an annotation."""
    typed = [each.annotation is not None for each in signature.parameters if each.name not in _UNTYPED]
    return sum(typed) * 2 > len(typed)


def _is_class_name(name: str) -> bool:
    """Whether it is in CapWords, which have no underscores (PEP 8): `Thing`, but neither `X` nor `G1_node`."""
    return name[:1].isupper() and any(char.islower() for char in name) and "_" not in name
