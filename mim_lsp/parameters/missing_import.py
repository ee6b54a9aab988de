"""The import line that an undefined name lacks: which lines there may be, whether the model agrees, where it goes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mim_lsp.completion.workspace_files import WorkspaceFiles
from mim_lsp.parameters.changes import Change
from mim_lsp.parameters.importers import OpenFile
from mim_lsp.parameters.proposals import Ask
from mim_lsp.parameters.source import Source
from mim_lsp.syntax.imports import Import
from mim_lsp.syntax.scopes import import_ranges

MAX_IMPORTS = 200
"""Import statements of a file that are looked at for the place of a new one."""
_SOURCE_FOLDER = "src"
_REST = r"[ \t]*(?:#[^\r\n]*)?"  # of a line: nothing, or a comment
_BREAK = r"(?:\r\n|\n|\r)"
_STRING = r"""[rRuU]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')"""
_HEAD = re.compile(rf"(?:{_REST}{_BREAK})*(?:{_STRING}{_REST}(?:{_BREAK}|\Z))?", re.DOTALL)
_LINE_END = re.compile(rf"{_REST}(?=[\r\n]|\Z)")


class ImportLine(NamedTuple):
    """A line that would define a name."""

    stem: str
    """What stands before the name."""
    name: str
    """What is imported."""
    alias: str = ""
    """` as np`, or nothing."""

    @property
    def text(self) -> str:
        """The line, without a line break."""
        return self.stem + self.name + self.alias


def import_lines(files: WorkspaceFiles, name: str, source: Source, others: Iterable[OpenFile]) -> list[ImportLine]:
    """The lines that would define `name`: a module of Python's own, or what the other files define or import so."""
    lines: dict[ImportLine, None] = {}
    is_used_as_module = re.search(rf"(?<![\w.]){re.escape(name)}\.\w", source.text) is not None
    if is_used_as_module and name in sys.stdlib_module_names and not name.startswith("_"):
        lines[ImportLine("import ", name)] = None
    for other in others:
        if name in other.text:
            lines |= dict.fromkeys(_lines_of(files, name, other))
    return list(lines)


def agrees(source: Source, line: ImportLine, ask: Ask) -> bool:
    """Whether the model, at the place of a new import, finishes the line so when its first letter is given.

    It reads the file on both sides of that place, and may try as often as it writes candidates.
    """
    typed = line.stem + line.name[:1]
    change = import_change(source, typed)
    at = change.start + change.text.index(typed) + len(typed)
    text = source.text[: change.start] + change.text + source.text[change.start :]
    written = (re.match(r"\w*", candidate.text) for candidate in ask(text, at))
    return any(found is not None and found.group() == line.name[1:] for found in written)


def import_change(source: Source, line: str) -> Change:
    """Puts an import line behind the file's first imports, else behind its comments and its docstring."""
    first = min((each.start for each in source.signatures), default=len(source.text))
    ranges = import_ranges(source.tree, MAX_IMPORTS)
    ends = [end for start, end in ranges if start < first and source.text[start - 1 : start] in ("", "\n", "\r")]
    line_break = "\r\n" if "\r\n" in source.text else "\n"
    if ends:
        rest = _LINE_END.match(source.text, ends[-1])
        at = rest.end() if rest is not None else ends[-1]
        return Change(at, at, line_break + line)
    head = _HEAD.match(source.text)
    at = head.end() if head is not None else 0
    return Change(at, at, line + 2 * line_break)


def _lines_of(files: WorkspaceFiles, name: str, other: OpenFile) -> Iterator[ImportLine]:
    names = files.put(other.path, other.text)
    module = _module_name(files, other.path)
    if name in names.definitions and module is not None:
        yield ImportLine(f"from {module} import ", name)
    for imported in names.imports:
        if imported.local == name and imported.level == 0:
            yield _as_written(imported)


def _as_written(imported: Import) -> ImportLine:
    original = imported.module if imported.name is None else imported.name
    stem = "import " if imported.name is None else f"from {imported.module} import "
    return ImportLine(stem, original, f" as {imported.local}" if imported.local != original else "")


def _module_name(files: WorkspaceFiles, path: Path) -> str | None:
    """By what name every file of the workspace can import a file; None if by none."""
    for root in files.roots:
        for base in (root / _SOURCE_FOLDER, root):
            if path.is_relative_to(base):
                parts = path.relative_to(base).with_suffix("").parts
                parts = parts[:-1] if parts[-1] == "__init__" else parts
                is_name = parts and all(part.isidentifier() for part in parts)
                return ".".join(parts) if is_name else None
    return None
