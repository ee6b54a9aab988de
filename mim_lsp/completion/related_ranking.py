"""Which names from other files a hole is likely to use, and how they are written for the model."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from mim_lsp.syntax.definitions import Definition

NEAR_CHARS_BEFORE = 3_000
"""How far above the cursor a name counts as used near it."""
NEAR_CHARS_AFTER = 1_000
"""The same below the cursor."""
HALF_LINES = 10
"""At so many lines from the cursor a mention counts half of one at the cursor."""
MAX_RANKED = 100
"""Candidates that are tried, at most."""
MAX_METHODS = 6
"""Methods that a class is shown with, at most."""

_CHAIN = re.compile(r"\.?[^\W\d]\w*(?:\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Candidate:
    """A definition in another file that the document may use."""

    module: str
    """The file's path in the workspace."""
    definition: Definition
    written: str
    """How the document writes it: `name`, or `module.name`."""
    weight: float
    """What it is worth if it is not mentioned near the cursor; 0: then it is left out."""


CountTokens = Callable[[str], int]


def render(candidates: Sequence[Candidate], text: str, offset: int, budget: int, count_tokens: CountTokens) -> str:
    """The stubs of the likeliest candidates that fit `budget` tokens, grouped by file, as Python; "" if none does.

    A candidate's score is its weight, plus for each mention near the cursor 1 / (1 + lines / `HALF_LINES`). The
    files, and the stubs of a file, stand in the order of `candidates`, whatever their scores.
    """
    mentions = _mentions(text, offset)
    scored = ((candidate.weight + mentions.get(candidate.written, 0.0), candidate) for candidate in candidates)
    ranked = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])[:MAX_RANKED]
    chosen: dict[Candidate, str] = {}
    modules: set[str] = set()
    for _, candidate in ranked:
        stub = _stub(candidate.definition, mentions)
        heading = "" if candidate.module in modules else _heading(candidate.module)
        tokens = count_tokens(heading + stub)
        if tokens <= budget:
            budget -= tokens
            modules.add(candidate.module)
            chosen[candidate] = stub
    return _grouped((candidate, chosen[candidate]) for candidate in candidates if candidate in chosen)


def _mentions(text: str, offset: int) -> Mapping[str, float]:
    """How often each name stands near the cursor, the nearer the more.

    `a.b.c` mentions `a`, `a.b`, `a.b.c`, and the attributes `.b` and `.c` of whatever they belong to.
    """
    counts: defaultdict[str, float] = defaultdict(float)
    start = max(0, offset - NEAR_CHARS_BEFORE)
    for piece in (text[start:offset].split("\n")[::-1], text[offset : offset + NEAR_CHARS_AFTER].split("\n")):
        for lines_away, line in enumerate(piece):
            for name in chain.from_iterable(map(_mentioned, _CHAIN.findall(line))):
                counts[name] += 1 / (1 + lines_away / HALF_LINES)
    return counts


def _mentioned(written: str) -> Iterator[str]:
    parts = written.split(".")
    if parts[0]:  # else it belongs to a call, or a subscript
        yield from (".".join(parts[: length + 1]) for length in range(len(parts)))
    yield from (f".{attribute}" for attribute in parts[1:])


def _stub(definition: Definition, mentions: Mapping[str, float]) -> str:
    """The stub with its line breaks; a class with its `__init__` and those of its methods that are mentioned."""
    methods = {m.name: m for m in definition.methods if m.name == "__init__" or f".{m.name}" in mentions}
    shown = [method.stub for method in [*methods.values()][:MAX_METHODS]]
    ending = " ..." if definition.stub.startswith("class ") and not shown else ""
    return "\n".join([definition.stub + ending, *shown]) + "\n"


def _heading(module: str) -> str:
    return f"# {module}\n"


def _grouped(stubs: Iterable[tuple[Candidate, str]]) -> str:
    by_module: defaultdict[str, list[str]] = defaultdict(list)
    for candidate, stub in stubs:
        by_module[candidate.module].append(stub)
    return "".join(_heading(module) + "".join(lines) for module, lines in by_module.items())
