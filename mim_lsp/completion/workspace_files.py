"""What the Python files of a workspace define, and where an import leads: an index that is filled as it is asked."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mim_lsp.completion.exclusion import Exclusions
from mim_lsp.syntax.definitions import Definition, definitions_of
from mim_lsp.syntax.imports import EVERYTHING, Import, imports_of
from mim_lsp.syntax.tree import SyntaxTree

MAX_FILE_BYTES = 400_000
"""Larger files are not looked into."""
MAX_HELD_CHARS = 4_000_000
"""Of stubs, over all files; the files that were not asked for the longest are forgotten first."""
MAX_READS = 64
"""Files that are read from disk in one go."""
MAX_HOPS = 3
"""Imports that are followed from where a name is imported to where it is defined."""
MAX_ATTRIBUTES = 100
"""Of one module, as one file uses it."""

_ATTRIBUTE = re.compile(r"(?<![\w.])([^\W\d]\w*(?:\.[^\W\d]\w*)*)\.([^\W\d]\w*)")
_SOURCE_FOLDERS = ("", "src")


class FileNames(NamedTuple):
    """What one file defines, imports and uses of what it imports."""

    definitions: dict[str, Definition]
    imports: tuple[Import, ...]
    attributes: dict[str, tuple[str, ...]]
    """By what an imported module is called, what is used of it, `module.attribute`."""

    @property
    def chars(self) -> int:
        """About how much is held."""
        stubs = (d for definition in self.definitions.values() for d in (definition, *definition.methods))
        return sum(len(stub.stub) for stub in stubs) + 40 * len(self.imports)


@dataclass(frozen=True)
class _Held:
    """The names of a file as it was at a time; `stamp` is None while the file is open in the editor."""

    names: FileNames | None
    stamp: tuple[int, int] | None


class Place(NamedTuple):
    """A definition and the file that has it."""

    path: Path
    definition: Definition


class WorkspaceFiles:
    """The index. Files on disk are read when they are asked for, but no more than `MAX_READS` after `begin`."""

    def __init__(self, roots: Sequence[Path], exclusions: Exclusions) -> None:
        self.roots = tuple(roots)
        self._exclusions = exclusions
        self._held: OrderedDict[Path, _Held] = OrderedDict()
        self._chars = 0
        self._reads_left = 0
        self._modules: dict[tuple[str, Path], Path | None] = {}  # what `_find` found since `begin`

    def begin(self) -> None:
        """Allow `MAX_READS` more files to be read, and see files that are new or gone."""
        self._reads_left = MAX_READS
        self._modules.clear()

    def put(self, path: Path, text: str) -> FileNames:
        """Take what an editor holds for a file's text, until `forget`."""
        names = read_names(text)
        self._hold(path, _Held(names, None))
        return names

    def forget(self, path: Path) -> None:
        """Drop what is held of a file; it is read from disk when it is next asked for."""
        held = self._held.pop(path, None)
        self._chars -= held.names.chars if held and held.names else 0

    def names(self, path: Path) -> FileNames | None:
        """What a file defines, read again if it has changed; None if there is none or it may not be read."""
        held = self._held.get(path)
        if held is not None and held.stamp is None:
            return held.names
        stamp = _stamp(path)
        if stamp is None:
            self.forget(path)
            return None
        if held is None or held.stamp != stamp:
            if self._reads_left == 0:
                return held.names if held else None
            self._reads_left -= 1
            held = _Held(self._read(path, stamp[1]), stamp)
            self._hold(path, held)
        self._held.move_to_end(path)
        return held.names

    def module(self, imported: Import, importer: Path) -> Path | None:
        """The file of the module that a statement in the file `importer` names."""
        return self._find(imported.module, imported.level, importer)

    def submodule(self, imported: Import, importer: Path) -> Path | None:
        """The file of the module that is imported by its name from a package, `from package import module`."""
        if imported.name is None or imported.name == EVERYTHING:
            return None
        dotted = f"{imported.module}.{imported.name}" if imported.module else imported.name
        return self._find(dotted, imported.level, importer)

    def definition(self, path: Path, name: str, hops: int = MAX_HOPS) -> Place | None:
        """Where `name`, as the module at `path` offers it, is defined; imports are followed."""
        names = self.names(path)
        if names is None:
            return None
        if name in names.definitions:
            return Place(path, names.definitions[name])
        for imported in names.imports if hops > 0 else ():
            if imported.local not in (name, EVERYTHING) or imported.name is None:
                continue
            origin = self.module(imported, path)
            original = name if imported.name == EVERYTHING else imported.name
            found = self.definition(origin, original, hops - 1) if origin and origin != path else None
            if found is not None:
                return found
        return None

    def label(self, path: Path) -> str:
        """How a file is called: its path from the workspace's folder on."""
        root = next((root for root in self.roots if path.is_relative_to(root)), None)
        return (path.relative_to(root) if root else Path(path.name)).as_posix()

    def _find(self, module: str, level: int, importer: Path) -> Path | None:
        bases = self._bases(level, importer)
        return next((found for base in bases if (found := self._module_file(module, base))), None)

    def _module_file(self, module: str, base: Path) -> Path | None:
        """The file of a module whose path begins in the folder `base`."""
        key = module, base
        if key not in self._modules:
            package = base.joinpath(*module.split("."))
            places = [package.parent / f"{package.name}.py", package / "__init__.py"]
            self._modules[key] = next((path for path in places if _is_file(path)), None)
        return self._modules[key]

    def _bases(self, level: int, importer: Path) -> Iterator[Path]:
        """The folders in which a module's path may begin."""
        if level > len(importer.parents):
            return
        if level > 0:
            yield importer.parents[level - 1]
            return
        for root in self.roots:
            yield from (root / folder for folder in _SOURCE_FOLDERS)

    def _read(self, path: Path, size: int) -> FileNames | None:
        text = self._exclusions.read_allowed(path) if size <= MAX_FILE_BYTES else None
        return None if text is None else read_names(text)

    def _hold(self, path: Path, held: _Held) -> None:
        self.forget(path)
        self._held[path] = held
        self._chars += held.names.chars if held.names else 0
        while self._chars > MAX_HELD_CHARS and len(self._held) > 1:
            self.forget(next(iter(self._held)))


def read_names(text: str) -> FileNames:
    """What a Python text defines, imports and uses of that. Never raises."""
    tree = SyntaxTree.parse(text)
    imports = tuple(imports_of(tree))
    attributes: dict[str, dict[str, None]] = {imported.local: {} for imported in imports}
    for owner, attribute in _ATTRIBUTE.findall(text):
        if len(attributes.get(owner, range(MAX_ATTRIBUTES))) < MAX_ATTRIBUTES:
            attributes[owner][attribute] = None
    used = {owner: tuple(names) for owner, names in attributes.items() if names}
    return FileNames({d.name: d for d in definitions_of(tree)}, imports, used)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no file has such a name
        return False


def _stamp(path: Path) -> tuple[int, int] | None:
    """When a file was changed, and its size; None if it cannot be told."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size
