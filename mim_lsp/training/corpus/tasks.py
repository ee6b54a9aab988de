"""Infilling tasks from the held-out documents of a corpus, in HumanEval-Infilling's JSON lines with a `kind`.

Kinds: `line` (the code of a line after its indentation, or from one of its tokens on), `argument` and `expression`; on
demand also `statement`, `block`, `complete`, places where nothing is missing, and `words`, one to four of them in
natural language. Holes end where the syntax has an edge, unlike some of those that the model is trained on.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, takewhile
from pathlib import Path, PurePosixPath

from mim_lsp.errors import CorpusError, SettingsError
from mim_lsp.syntax import node_holes
from mim_lsp.syntax.hole_window import HoleWindow, choose_window
from mim_lsp.syntax.tree import SyntaxTree
from mim_lsp.training.corpus.complete_places import complete_place
from mim_lsp.training.corpus.reader import Document, read_documents

MAX_MIDDLE_CHARS = 120
MAX_DOCUMENT_CHARS = 60_000
"""Longer documents are left out, to keep the file of tasks small."""
_DRAWS_PER_TASK = 50  # for each task that is wanted, at most

Range = tuple[int, int]


def write_tasks(
    corpus: Path,
    out: Path,
    *,
    kinds: Sequence[str] | None = None,
    count_per_kind: int = 200,
    seed: int = 0,
    n_elsewhere: int = 0,
) -> dict[str, int]:
    """Write tasks to the new file `out`; the same corpus and seed give the same bytes.

    Args:
        corpus: folder that `mim-lsp corpus build` wrote.
        out: the file to make; no holes are written twice.
        kinds: some of `KINDS` and `MORE_KINDS`; all of `KINDS` if None.
        count_per_kind: how many tasks of each kind are wanted.
        seed: of the draws; each kind's tasks are the same whatever else is wanted.
        n_elsewhere: how many other files of its package each task is given, those that share most of the path.

    Returns:
        How many tasks of each kind were written; less than wanted if the documents do not have so many holes.

    Raises:
        SettingsError: an unknown kind, or `out` exists already.
        CorpusError: the corpus has no held-out documents, or none with a hole of one of the kinds.
    """
    kinds = KINDS if kinds is None else kinds
    for kind in kinds:
        if kind not in (*KINDS, *MORE_KINDS):
            raise SettingsError(f"there are no tasks of kind '{kind}'; choose from {', '.join((*KINDS, *MORE_KINDS))}")
    if out.exists():
        raise SettingsError(f"{out} exists already; name a new file")
    documents = [d for d in read_documents(corpus, "heldout") if len(d.content) <= MAX_DOCUMENT_CHARS]
    texts = {kind: _prose(corpus) if kind == WORDS else documents for kind in kinds}
    tasks = {kind: _draw_tasks(texts[kind], kind, count_per_kind, random.Random(f"{seed} {kind}")) for kind in kinds}
    for kind in kinds:
        if not tasks[kind]:
            raise CorpusError(f"no held-out document of {corpus} has a hole of kind '{kind}'; use another corpus")
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("x", encoding="utf-8") as file:
        for document, task in chain.from_iterable(tasks[kind] for kind in kinds):
            near = {"elsewhere": nearest(document, documents, n_elsewhere)} if n_elsewhere else {}
            file.write(json.dumps({**task, **near}) + "\n")
    return {kind: len(tasks[kind]) for kind in kinds}


def _prose(corpus: Path) -> list[Document]:
    """The held-out natural language."""
    documents = read_documents(corpus, "heldout", prose=True)
    return [d for d in documents if d.kind == "text" and len(d.content) <= MAX_DOCUMENT_CHARS]


def nearest(document: Document, documents: Sequence[Document], count: int) -> list[str]:
    """The texts of other files of the same package, those first whose paths have most in common with the document's."""
    others = [each for each in documents if each.package == document.package and each.path != document.path]
    folders = PurePosixPath(document.path).parts

    def distance(other: Document) -> tuple[int, str]:
        shared = takewhile(lambda pair: pair[0] == pair[1], zip(folders, PurePosixPath(other.path).parts, strict=False))
        return -len(list(shared)), other.path

    return [each.content for each in sorted(others, key=distance)[:count]]


def _draw_tasks(
    documents: Sequence[Document], kind: str, count: int, rng: random.Random
) -> list[tuple[Document, dict[str, str]]]:
    """Up to `count` tasks, each from a document drawn anew, and that document."""
    tasks: dict[str, tuple[Document, dict[str, str]]] = {}
    for _ in range(count * _DRAWS_PER_TASK if documents else 0):
        if len(tasks) == count:
            break
        document = rng.choice(documents)
        hole = _draw_hole(document.content, kind, rng)
        if hole is not None:
            task = _task(document, kind, hole)
            tasks.setdefault(task["task_id"], (document, task))
    return list(tasks.values())


def _draw_hole(text: str, kind: str, rng: random.Random) -> Range | None:
    """A hole in a text that parses; there is something in it, unless the kind is `COMPLETE`."""
    if kind == WORDS:
        return _words(text, rng)
    tree = SyntaxTree.parse(text)
    window = choose_window(tree, rng, None, MAX_MIDDLE_CHARS)
    hole = None if tree.has_error else _DRAW[kind](window, rng)
    has_what_it_needs = hole is not None and (kind == COMPLETE or text[slice(*hole)].strip())
    return hole if has_what_it_needs else None


def _task(document: Document, kind: str, hole: Range) -> dict[str, str]:
    start, end = hole
    text = document.content
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return {
        "task_id": f"{kind}/{document.package}/{document.path}:{line}:{column}+{end - start}",
        "prompt": text[:start],
        "suffix": text[end:],
        "canonical_solution": text[start:end],
        "kind": kind,
    }


def _line(window: HoleWindow, rng: random.Random) -> Range | None:
    """The code of a line, without its indentation, or the rest of it from one of its tokens on."""
    line = window.random_line(rng)
    if line is None or not window.admits(*line) or not _is_plain_code(window.tree, *line):
        return None
    start, end = line
    if rng.random() < 0.5:
        start = rng.choice([start, *_token_starts(window.tree, start, end)])
    return start, end


def _is_plain_code(tree: SyntaxTree, start: int, end: int) -> bool:
    """Whether the line [start, end) has no comment, no part of a longer string and no docstring."""
    for node, parent, _ in tree.walk(start, end):
        if node.type == "comment":
            return False
        if node.type == "string":
            string = tree.span(node)
            is_statement = parent is not None and parent.type == "expression_statement"
            if is_statement or string.start < start or end < string.end:
                return False
    return True


def _token_starts(tree: SyntaxTree, start: int, end: int) -> Iterator[int]:
    """Where the tokens after the first of the line [start, end) begin; a string is one token."""
    for node, _, _ in tree.walk(start, end, enter=lambda node: node.type != "string"):
        token = tree.span(node)
        if (node.child_count == 0 or node.type == "string") and start < token.start < token.end <= end:
            yield token.start


def _words(text: str, rng: random.Random) -> Range | None:
    """One to four words of one line."""
    words = list(_WORD.finditer(text))
    if not words:
        return None
    first = rng.randrange(len(words))
    last = min(first + rng.randint(1, _MOST_WORDS), len(words)) - 1
    start, end = words[first].start(), words[last].end()
    return None if "\n" in text[start:end] or end - start > MAX_MIDDLE_CHARS else (start, end)


COMPLETE = "complete"
WORDS = "words"
_WORD = re.compile(r"[^\W\d_]+")
_MOST_WORDS = 4

_DRAW: Mapping[str, Callable[[HoleWindow, random.Random], Range | None]] = {
    "line": _line,
    "argument": node_holes.argument,
    "expression": node_holes.expression,
    "statement": node_holes.statement,
    "block": node_holes.block,
    COMPLETE: complete_place,
}
KINDS = ("line", "argument", "expression")
"""The kinds of tasks that are drawn if none are named, as the field `kind` names them."""
MORE_KINDS = ("statement", "block", COMPLETE, WORDS)
"""The other ones."""
