"""The calls of a function in other files that import it, by `from module import f` or `import module`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mim_lsp.completion.workspace_files import WorkspaceFiles
from mim_lsp.parameters.call_sites import DoubtfulCall
from mim_lsp.parameters.source import Source
from mim_lsp.syntax.calls import Call, calls_of
from mim_lsp.syntax.imports import EVERYTHING, Import, imports_of
from mim_lsp.syntax.signatures import Signature, signature_at


class OpenFile(NamedTuple):
    """A file that an editor has opened."""

    uri: str
    path: Path
    text: str


@dataclass(frozen=True)
class Importer:
    """A file that imports the function, with the calls there that are, or may be, of it."""

    uri: str
    source: Source
    calls: tuple[DoubtfulCall, ...]


def importers_of(
    files: WorkspaceFiles, path: Path, source: Source, signature: Signature, others: Iterable[OpenFile]
) -> list[Importer]:
    """Those of the `others` that call the function `signature` of the file at `path`, by a name that they import."""
    name = exported_name(source, signature)
    if name is None:
        return []
    found = []
    for other in others:
        if other.path != path and name in other.text:
            there = Source(other.text)
            calls = tuple(_calls(files, path, name, other.path, there))
            if calls:
                found.append(Importer(other.uri, there, calls))
    return found


def exported_name(source: Source, signature: Signature) -> str | None:
    """By what name other files call a function: its own, or that of the class that it makes; None if by neither."""
    if any(each.body <= signature.start < each.end for each in source.signatures):
        return None
    if signature.owner is not None:
        return signature.owner if signature.name == "__init__" else None
    return signature.name


def called_as(files: WorkspaceFiles, path: Path, name: str, importer: Path, imported: Import) -> str | None:
    """What a file writes for `name` of the file at `path` after this import: `f`, `module.f`; None if it gets no such.

    Reads the files that the import leads to.
    """
    if imported.name == EVERYTHING:
        return None
    module = files.module(imported, importer)
    if imported.name is not None:
        place = files.definition(module, imported.name) if module is not None else None
        if place is not None:
            return imported.local if place.path == path and place.definition.name == name else None
        module = files.submodule(imported, importer)
    return f"{imported.local}.{name}" if module == path else None


def _calls(files: WorkspaceFiles, path: Path, name: str, importer: Path, there: Source) -> Iterator[DoubtfulCall]:
    imports = imports_of(there.tree)
    bound = Counter(each.local for each in imports)
    for imported in imports:
        written = called_as(files, path, name, importer, imported)
        if written is None:
            continue
        receiver, _, last = written.rpartition(".")
        for call in calls_of(there.tree, last):
            if call.receiver == (receiver or None):
                yield call, _doubt(there, call, imported.local.partition(".")[0], bound[imported.local])


def _doubt(there: Source, call: Call, name: str, n_imports: int) -> str | None:
    """Why the call may be of something else than what was imported."""
    if n_imports > 1 or any(each.name == name and each.owner is None for each in there.signatures):
        return f"the file gives {name} several meanings"
    caller = signature_at(there.tree, call.start)
    if caller is not None and there.scopes.is_local(caller, name):
        return f"{name} is another thing in {caller.name}"
    return None
