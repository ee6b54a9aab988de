"""Holes that use a name from another file of the same package, drawn from the held-out documents of a corpus."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mim_lsp.errors import CorpusError
from mim_lsp.syntax.definitions import definitions_of
from mim_lsp.syntax.grammar import IMPORT_TYPES
from mim_lsp.syntax.imports import Import, imports_of
from mim_lsp.syntax.tree import SyntaxTree, Visit
from mim_lsp.training.corpus.reader import Document

MAX_DOCUMENT_CHARS = 60_000
"""Longer documents are left out."""
MAX_MIDDLE_CHARS = 120
"""Longer holes are left out."""
_DRAWS_PER_HOLE = 30  # for each hole that is wanted, at most


class CrossFileHole(NamedTuple):
    """A part of a line, [start, end) of the document's content, that uses an imported name."""

    document: Document
    name: str
    start: int
    end: int


def draw_cross_file_holes(documents: Sequence[Document], count: int, seed: int) -> list[CrossFileHole]:
    """Up to `count` different holes, as many from each package as it has; the same documents and seed give the same.

    A hole begins with the name, of which up to three characters may have been typed, and ends with it, with the call
    of it, or with the line. The name is imported from the same package, and another of its documents defines it.

    Raises:
        CorpusError: no document has such a hole.
    """
    rng = random.Random(seed)
    by_package: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        if len(document.content) <= MAX_DOCUMENT_CHARS and document.path.endswith(".py"):
            by_package[document.package].append(document)
    defined = {package: _defined_names(members) for package, members in by_package.items()}
    holes: dict[tuple[str, int, int], CrossFileHole] = {}
    for _ in range(count * _DRAWS_PER_HOLE if by_package else 0):
        if len(holes) == count:
            break
        document = rng.choice(by_package[rng.choice([*by_package])])
        hole = _draw(document, defined[document.package], rng)
        if hole is not None:
            holes.setdefault((document.path, hole.start, hole.end), hole)
    if not holes:
        raise CorpusError("no held-out document uses a name from another one of its package; use another corpus")
    return list(holes.values())


def _defined_names(documents: Sequence[Document]) -> dict[str, set[str]]:
    """For each name the paths of the documents that define it."""
    paths: defaultdict[str, set[str]] = defaultdict(set)
    for document in documents:
        for definition in definitions_of(SyntaxTree.parse(document.content)):
            paths[definition.name].add(document.path)
    return paths


def _draw(document: Document, defined: dict[str, set[str]], rng: random.Random) -> CrossFileHole | None:
    tree = SyntaxTree.parse(document.content)
    if tree.has_error:
        return None
    uses = [use for use in _uses(tree, document) if defined.get(use.name, set()) - {document.path}]
    if not uses:
        return None
    use = rng.choice(uses)
    end = rng.choice([use.end, use.call_end, _line_end(document.content, use.start)])
    start = use.start + rng.choice([0, 0, 1, 2, 3])
    middle = document.content[start:end]
    is_fit = start < use.end and "\n" not in middle and "#" not in middle and len(middle) <= MAX_MIDDLE_CHARS
    return CrossFileHole(document, use.name, start, end) if is_fit else None


def _line_end(text: str, offset: int) -> int:
    """The end of the line of `offset`, without blanks at its end."""
    end = text.find("\n", offset)
    return offset + len(text[offset : end if end >= 0 else len(text)].rstrip())


class _Use(NamedTuple):
    """Where a document writes a name, what it is called where it is defined, and where the call of it ends, if any."""

    start: int
    end: int
    call_end: int
    name: str


def _uses(tree: SyntaxTree, document: Document) -> Iterator[_Use]:
    """Where the document uses a name that it imports from its own package, or an attribute of such a module."""
    imports = [imported for imported in imports_of(tree) if _is_own(imported, document)]
    names = {imported.local: imported.name for imported in imports if imported.name}
    modules = {imported.local for imported in imports}
    for visit in tree.walk(enter=lambda node: node.type not in IMPORT_TYPES):
        if visit.node.type != "identifier" or visit.parent is None:
            continue
        written = tree.text_of(visit.node)
        if visit.parent.type == "attribute" and visit.field == "attribute":
            owner = visit.parent.child_by_field_name("object")
            if owner is not None and tree.text_of(owner) in modules:
                yield _use(tree, visit, written)
        elif written in names and visit.parent.type not in ("parameters", "keyword_argument", "attribute"):
            yield _use(tree, visit, names[written] or written)


def _use(tree: SyntaxTree, visit: Visit, name: str) -> _Use:
    """The use of `name` by the identifier `visit.node`, which may be an attribute."""
    is_attribute = visit.parent is not None and visit.parent.type == "attribute"
    whole = visit.parent if is_attribute else visit.node
    holder = whole.parent if whole else None
    start, end, _ = tree.span(visit.node)
    is_called = holder is not None and whole is not None and holder.child_by_field_name("function") == whole
    return _Use(start, end, tree.span(holder).end if holder and is_called else end, name)


def _is_own(imported: Import, document: Document) -> bool:
    """Whether an import names a module of the document's own package, which may lie below `src` or `lib`."""
    return imported.level > 0 or imported.module.partition(".")[0] in document.path.split("/")[:-1]
