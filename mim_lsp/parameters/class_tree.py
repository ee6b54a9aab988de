"""Which classes of a file are related, and which methods override one another."""

from __future__ import annotations

from mim_lsp.parameters.source import Source
from mim_lsp.syntax.calls import ClassHeader, class_headers
from mim_lsp.syntax.signatures import Signature


def related_classes(source: Source, owner: str) -> list[ClassHeader]:
    """The class of that name with its bases and all that derive from it, as far as the file says so by name."""
    headers = class_headers(source.tree)
    bases = {header.name: set(header.bases) for header in headers}
    names = _upwards(owner, bases) | _downwards(owner, bases)
    return [header for header in headers if header.name in names]


def overrides(source: Source, signature: Signature) -> list[Signature]:
    """The methods of the same name in related classes; those with a special name, as `__init__`, override none."""
    if signature.owner is None or signature.name.startswith("__"):
        return []
    owners = {header.name for header in related_classes(source, signature.owner)} - {signature.owner}
    return [each for each in source.signatures if each.name == signature.name and each.owner in owners]


def _upwards(name: str, bases: dict[str, set[str]]) -> set[str]:
    found, open_ = {name}, [name]
    while open_:
        new = {base for base in bases.get(open_.pop(), ()) if base in bases} - found
        found |= new
        open_ += new
    return found


def _downwards(name: str, bases: dict[str, set[str]]) -> set[str]:
    found = {name}
    while new := {each for each, above in bases.items() if above & found} - found:
        found |= new
    return found
