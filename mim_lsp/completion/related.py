"""Context from elsewhere: names and signatures from other files of the workspace that a document is likely to use.

The text stands at the very top of what the model reads, where any change throws away all that the caches hold. So it
changes only when the document's imports or the files behind them do, or when the cursor goes far from where the names
were chosen; within `STEADY_LINES` of typing it stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from mim_lsp.completion.exclusion import MOST_BYTES, Exclusions
from mim_lsp.completion.related_ranking import Candidate, CountTokens, render
from mim_lsp.completion.uris import local_path
from mim_lsp.completion.workspace_files import FileNames, Place, WorkspaceFiles
from mim_lsp.syntax.definitions import Definition
from mim_lsp.syntax.imports import EVERYTHING, Import
from mim_lsp.syntax.languages import language_of

STEADY_LINES = 40
"""Lines that the cursor may move before the names are chosen anew."""
MAX_OPEN_DOCUMENTS = 50
"""Open files whose names are offered; those opened last."""

_BY_NAME, _AS_ATTRIBUTE, _IN_MODULE, _NOT_IMPORTED = 2.0, 1.0, 0.1, 0.0


@dataclass
class _Choice:
    """What was chosen for a document, and for which place in it."""

    imports: tuple[Import, ...]
    candidates: tuple[Candidate, ...]
    line: int = 0
    budget: int = 0
    text: str | None = None

    def stays_with(self, fresh: _Choice) -> bool:
        """Whether what was chosen is not wrong by what is known now, although one might choose otherwise."""
        return self.imports == fresh.imports and self._offered() <= fresh._offered()

    def _offered(self) -> set[tuple[str, Definition]]:
        return {(candidate.module, candidate.definition) for candidate in self.candidates}


class _Use(NamedTuple):
    """A definition, how the document writes it, and what it is worth."""

    place: Place
    written: str
    weight: float


class WorkspaceContext:
    """Chooses what a document's completions see of other files. Python only. Any thread may call it."""

    def __init__(self, roots: Sequence[Path], exclusions: Exclusions | None = None) -> None:
        """`roots` are the workspace's folders; no file outside them is read, and none that is excluded."""
        self._exclusions = exclusions or Exclusions(roots=roots)
        self._files = WorkspaceFiles(roots, self._exclusions)
        self._looking = Lock()  # around the index, for as long as files are read
        self._lock = Lock()  # around what follows, for a moment
        self._texts: dict[Path, str] = {}  # of open documents that were changed since they were last looked into
        self._closed: set[Path] = set()  # since then
        self._open: dict[Path, None] = {}
        self._choices: dict[str, _Choice] = {}

    def update(self, uri: str, text: str) -> None:
        """Take note of an open document's text; it is looked into later. Costs nothing."""
        path = self._python_file(uri)
        if path is None or len(text) > MOST_BYTES:
            return
        with self._lock:
            self._texts[path] = text
            self._open.pop(path, None)
            self._open[path] = None

    def close(self, uri: str) -> None:
        """Forget an open document; what its file holds counts again."""
        path = local_path(uri)
        with self._lock:
            self._choices.pop(uri, None)
            if path is not None and path in self._open:
                del self._open[path]
                self._texts.pop(path, None)
                self._closed.add(path)

    def refresh(self, document_uri: str) -> None:
        """Look into the files that an open document imports, and the other open ones. For idle time: it reads files."""
        path = self._python_file(document_uri)
        if path is None:
            return
        with self._looking:
            others = self._take_changes(path)
            names = self._files.names(path) if others is not None else None
            if names is None or others is None:
                return
            fresh = _Choice(names.imports, tuple(self._candidates(path, names, others)))
        with self._lock:
            known = self._choices.get(document_uri)
            if known is not None and known.stays_with(fresh):
                known.candidates = fresh.candidates
            elif path in self._open:
                self._choices[document_uri] = fresh

    def related(self, document_uri: str, text: str, offset: int, budget_tokens: int, count_tokens: CountTokens) -> str:
        """The stubs for a cursor at `offset` of `text`, at most `budget_tokens` long; "" before the first `refresh`.

        Whole lines of Python with a line break at the end. Reads no file.
        """
        line = text.count("\n", 0, offset)
        with self._lock:
            choice = self._choices.get(document_uri)
            if choice is None or not choice.candidates:
                return ""
            is_near = abs(line - choice.line) <= STEADY_LINES and choice.budget == budget_tokens
            if choice.text is None or not is_near:
                choice.line, choice.budget = line, budget_tokens
                choice.text = render(choice.candidates, text, offset, budget_tokens, count_tokens)
            return choice.text

    def _take_changes(self, path: Path) -> list[Path] | None:
        """Bring the index up to date with the open documents; which ones there are, None if `path` is none of them."""
        with self._lock:
            texts, closed, opened = self._texts, self._closed, [*self._open][-MAX_OPEN_DOCUMENTS:]
            self._texts, self._closed = {}, set()
            is_open = path in self._open
        self._files.begin()
        for gone in closed:
            self._files.forget(gone)
        for changed, text in texts.items():
            self._files.put(changed, text)
        return opened if is_open else None

    def _python_file(self, uri: str) -> Path | None:
        path = local_path(uri)
        is_python = path is not None and language_of(path) == "python"
        return path if is_python and not self._exclusions.excludes(uri) else None

    def _candidates(self, path: Path, names: FileNames, others: Sequence[Path]) -> Iterator[Candidate]:
        """What the document imports, in its order, then what other open documents define; each definition once."""
        found: dict[Place, Candidate] = {}
        mentioned = chain.from_iterable(self._public(other, "", _NOT_IMPORTED) for other in others)
        for place, written, weight in chain(self._imported(path, names), mentioned):
            known = found.get(place)
            if place.path != path and (known is None or known.weight < weight):
                found[place] = Candidate(self._files.label(place.path), place.definition, written, weight)
        return iter(found.values())

    def _imported(self, path: Path, names: FileNames) -> Iterator[_Use]:
        """The definitions that the document's imports make known."""
        for imported in names.imports:
            module = self._files.module(imported, path)
            is_one_name = imported.name is not None and imported.name != EVERYTHING
            place = self._files.definition(module, imported.name or "") if module and is_one_name else None
            if place is not None:
                yield _Use(place, imported.local, _BY_NAME)
                continue
            if is_one_name:
                module = self._files.submodule(imported, path)
            if module is not None:
                yield from self._in_module(module, imported, names.attributes.get(imported.local, ()))

    def _in_module(self, module: Path, imported: Import, attributes: Iterable[str]) -> Iterator[_Use]:
        """The attributes of an imported module that the document uses, then all that the module defines."""
        owner = "" if imported.name == EVERYTHING else f"{imported.local}."
        for attribute in attributes:
            place = self._files.definition(module, attribute)
            if place is not None:
                yield _Use(place, owner + attribute, _AS_ATTRIBUTE)
        yield from self._public(module, owner, _IN_MODULE)

    def _public(self, path: Path, owner: str, weight: float) -> Iterator[_Use]:
        names = self._files.names(path)
        for definition in names.definitions.values() if names else ():
            if not definition.name.startswith("_"):
                yield _Use(Place(path, definition), owner + definition.name, weight)
