"""The function of another file of the workspace that a call is of, as far as the imports say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mim_lsp.completion.workspace_files import WorkspaceFiles
from mim_lsp.parameters.source import Source
from mim_lsp.syntax.calls import Call as Call
from mim_lsp.syntax.imports import EVERYTHING, Import, imports_of
from mim_lsp.syntax.signatures import Signature, signature_at, signatures_of
from mim_lsp.syntax.tree import SyntaxTree


class Called(NamedTuple):
    """A call, and the name that it calls, without what stands before the dot."""

    name: str
    call: Call

    @property
    def written(self) -> str:
        """As the file has it: `f` or `module.f`."""
        return self.name if self.call.receiver is None else f"{self.call.receiver}.{self.name}"


def imported_function(
    files: WorkspaceFiles, path: Path, source: Source, called: Called, read: Callable[[Path], str | None]
) -> Signature | None:
    """The function that is called in the file at `path`; None unless exactly one import makes it sure which it is.

    Args:
        read: the text of a file, or None if it may not be read.
    """
    found = [each for each in imports_of(source.tree) if each.local in (called.written, called.call.receiver)]
    if len(found) != 1 or _is_hidden(source, called, found[0].local.partition(".")[0]):
        return None
    where = _defined(files, path, called, found[0])
    text = read(where[0]) if where is not None else None
    if where is None or text is None:
        return None
    same = [each for each in signatures_of(SyntaxTree.parse(text)) if each.name == where[1]]
    return same[0] if len(same) == 1 and same[0].owner is None and not same[0].decorators else None


def _defined(files: WorkspaceFiles, path: Path, called: Called, imported: Import) -> tuple[Path, str] | None:
    """The file that defines what is called, and its name there."""
    is_name = called.call.receiver is None
    if imported.name == EVERYTHING or (is_name and imported.name is None):
        return None
    module = files.module(imported, path) if is_name or imported.name is None else files.submodule(imported, path)
    name = imported.name if is_name else called.name
    place = files.definition(module, name) if module is not None and name is not None else None
    return (place.path, place.definition.name) if place is not None else None


def _is_hidden(source: Source, called: Called, name: str) -> bool:
    """Whether the name is, or may be, another thing at the call than what was imported."""
    if any(each.name == name and each.owner is None for each in source.signatures):
        return True
    caller = signature_at(source.tree, called.call.start)
    return caller is not None and source.scopes.is_local(caller, name)
