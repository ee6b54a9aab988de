"""Decontamination: files that share text with an evaluation task stay out of the corpus."""

from __future__ import annotations

import builtins
import gzip
import json
import keyword
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.words import Hashes, WordHashes, hash_words, split_words, window_hashes

WINDOW_WORDS = 10
# Short functions are full of windows that any program has: ten words reach no further than `for i in range(len(s)):`
# or `[1, 2, 3, 4, 5`. With every window counted, HumanEval's tasks would drop 2,579 of the 16,526 files of `py-nano`
# that pass all else (36 % of the bytes), nearly all for such idioms and lists of numbers. So a window counts when it
# holds at least this many different words that are neither the language's own nor shorter than three letters: 58 files
# share one, and every task still has at least 9 such windows by which a copy of it is found.
MIN_OWN_WORDS = 2
MIN_OWN_WORD_LENGTH = 3

_LANGUAGE_WORDS = frozenset(word.lower() for word in (*keyword.kwlist, *keyword.softkwlist, *dir(builtins)))
_DEFINITION = re.compile(r"\bdef\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Task:
    """An evaluation task: its whole text, and the function that it asks for, where it names one."""

    text: str
    entry_point: str = ""


def read_tasks(paths: Iterable[Path]) -> list[Task]:
    """Tasks of JSON-lines files, plain or gzip, with the fields `prompt`, `canonical_solution` and `suffix`.

    Raises:
        CorpusError: a file cannot be read, or a line is not such a task.
    """
    return [task for path in paths for task in _read_file(path)]


def _read_file(path: Path) -> Iterator[Task]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield _parse_task(json.loads(line), f"{path}, line {number}")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CorpusError(f"cannot read evaluation tasks {path}: {error}") from error


def _parse_task(fields: Any, where: str) -> Task:
    try:
        return Task(
            text=fields["prompt"] + fields["canonical_solution"] + fields.get("suffix", ""),
            entry_point=fields.get("entry_point", ""),
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise CorpusError(f"{where} is not an evaluation task: it needs 'prompt' and 'canonical_solution'") from error


class Decontaminator:
    """Tells whether a file shares telling text with one of the tasks."""

    def __init__(self, tasks: Sequence[Task], known: WordHashes) -> None:
        self._windows = _telling_windows(tasks, known)
        self._docstrings = _docstrings_by_entry_point(tasks)

    def is_contaminated(self, text: str, word_hashes: Hashes) -> bool:
        """Whether the text has a telling window of a task, or a task's function with its docstring."""
        return self._shares_window(word_hashes) or self._has_entry_point(text)

    def _shares_window(self, word_hashes: Hashes) -> bool:
        windows = window_hashes(word_hashes, WINDOW_WORDS)
        if not len(self._windows):
            return False
        nearest = np.minimum(np.searchsorted(self._windows, windows), len(self._windows) - 1)
        return bool((self._windows[nearest] == windows).any())

    def _has_entry_point(self, text: str) -> bool:
        names = self._docstrings.keys() & set(_DEFINITION.findall(text))
        if not names:
            return False
        plain = " ".join(split_words(text))
        return any(docstring in plain for name in names for docstring in self._docstrings[name])


def _telling_windows(tasks: Sequence[Task], known: WordHashes) -> Hashes:
    """Sorted hashes of the tasks' windows, without the trivial ones."""
    telling: set[int] = set()
    for text in {task.text for task in tasks}:
        words = split_words(text)
        hashes = window_hashes(hash_words(words, known), WINDOW_WORDS).tolist()
        telling.update(value for start, value in enumerate(hashes) if is_telling(words[start : start + WINDOW_WORDS]))
    return np.array(sorted(telling), dtype=np.uint64)


def is_telling(window: Sequence[str]) -> bool:
    """Whether a window has enough words of its own to be more than an idiom of the language or a row of numbers."""
    own = {word.lower() for word in window if len(word) >= MIN_OWN_WORD_LENGTH and word.isalpha()}
    return len(own - _LANGUAGE_WORDS) >= MIN_OWN_WORDS


def _docstrings_by_entry_point(tasks: Sequence[Task]) -> dict[str, set[str]]:
    docstrings: dict[str, set[str]] = {}
    for task in tasks:
        docstring = _docstring_opening(task)
        if docstring:
            docstrings.setdefault(task.entry_point, set()).add(docstring)
    return docstrings


def _docstring_opening(task: Task) -> str:
    """The first words of the docstring of the task's function, or nothing when it has none."""
    definition = re.search(rf"\bdef\s+{re.escape(task.entry_point)}\b", task.text) if task.entry_point else None
    docstring = re.search(r"""(\"{3}|'{3})(.*?)\1""", task.text[definition.end() :], re.DOTALL) if definition else None
    return " ".join(split_words(docstring[2])[:WINDOW_WORDS]) if docstring else ""
