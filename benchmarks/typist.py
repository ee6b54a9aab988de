"""Someone who types a piece of a file again in an editor: what each key does to the document, and when it comes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

OPENERS = {"(": ")", "[": "]", "{": "}"}
GAP_S, GAP_SPREAD = 0.14, 0.45
"""Median and spread (sigma of the logarithm) of the time between two keys: about 70 words a minute."""
IN_WORD = 0.75
"""Inside a word keys come faster, by this factor."""
LINE_PAUSE_S = 0.6
"""Median of what is added at the end of a line."""
THINKING_RATE, THINKING_S = 0.015, 2.0
"""How often and how long (median) a typist stops altogether."""
TYPO_RATE = 0.02


class Edit(NamedTuple):
    """A change of the document: `text` instead of the characters from `start` to `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Passage:
    """Lines of a file that are typed again; the rest is there from the beginning."""

    name: str
    before: str
    target: str
    after: str


def choose_passages(files: Sequence[tuple[str, str]], n: int, lines: int, seed: int = 0) -> list[Passage]:
    """`n` passages of `lines` lines in the middle thirds of files, given as name and text; one from each in turn.

    Raises:
        ValueError: no file is long enough.
    """
    rng = random.Random(seed)
    usable = [(name, text.split("\n")) for name, text in files if text.count("\n") > 6 * lines]
    if not usable:
        raise ValueError(f"no file has more than {6 * lines} lines: name longer files")
    passages = []
    for number in range(n):
        name, found = usable[number % len(usable)]
        first = rng.randrange(len(found) // 3, 2 * len(found) // 3 - lines + 1)
        before, target, after = found[:first], found[first : first + lines], found[first + lines :]
        passages.append(Passage(name, "\n".join([*before, ""]), "\n".join(target), "\n".join(["", *after])))
    return passages


@dataclass
class Typist:
    """Types a passage. Closers come by themselves behind what opens them, and are typed over, as in editors.

    `text` and `cursor` are the editor's; `progress` is how much of the target is there.
    """

    passage: Passage
    rng: random.Random
    progress: int = 0
    typed_keys: int = 0
    _closers: list[str] = field(default_factory=list)
    _typo: bool = False

    def __post_init__(self) -> None:
        self.text = self.passage.before + self.passage.after
        self.cursor = len(self.passage.before)

    @property
    def done(self) -> bool:
        """Whether the whole passage is there."""
        return self.progress >= len(self.passage.target)

    @property
    def ahead(self) -> str:
        """What the file has behind what was typed: the truth that suggestions are held against."""
        return self.passage.target[self.progress :] + self.passage.after

    @property
    def behind_cursor(self) -> str:
        """What the document has behind the cursor."""
        return self.text[self.cursor :]

    @property
    def mistyped(self) -> bool:
        """Whether the last key was a wrong one."""
        return self._typo

    def gap_s(self) -> float:
        """How long the typist takes for the next key."""
        gap = self.rng.lognormvariate(0, GAP_SPREAD) * GAP_S
        last, upcoming = self.text[self.cursor - 1 : self.cursor], self.ahead[:1]
        if last.isalnum() and upcoming.isalnum():
            gap *= IN_WORD
        if upcoming == "\n":
            gap += self.rng.lognormvariate(0, 0.5) * LINE_PAUSE_S
        if self.rng.random() < THINKING_RATE:
            gap += self.rng.lognormvariate(0, 0.3) * THINKING_S
        return gap

    def press(self) -> Edit | None:
        """The next key; None if it only moves the cursor over a closer."""
        self.typed_keys += 1
        if self._typo:
            self._typo = False
            return self._replace(self.cursor - 1, self.cursor, "")
        key = self.ahead[0]
        if key.isalpha() and self.rng.random() < TYPO_RATE:
            self._typo = True
            return self._replace(self.cursor, self.cursor, self.rng.choice("asdfjkl"))
        if key == "\n":
            return self._line_break()
        self.progress += 1
        if self._closers and key == self._closers[-1]:
            self._closers.pop()
            self.cursor += 1
            return None
        closer = OPENERS.get(key, "")
        if closer and (self.behind_cursor[:1].isspace() or self._closers or not self.behind_cursor):
            self._closers.append(closer)
            edit = self._replace(self.cursor, self.cursor, key + closer)
            self.cursor -= 1
            return edit
        return self._replace(self.cursor, self.cursor, key)

    def accept(self, text: str, replaces: int) -> Edit:
        """Take a suggestion of which every character is right; `replaces` closers behind the cursor give way to it."""
        self.typed_keys += 1
        for closer in text[::-1]:
            if replaces and self._closers and closer == self._closers[0]:
                self._closers.pop(0)
        self.progress += len(text)
        return self._replace(self.cursor, self.cursor + replaces, text)

    def leave(self) -> Edit | None:
        """At the end of the passage: remove closers that the file has no use for."""
        if not self._closers:
            return None
        count, self._closers = len(self._closers), []
        return self._replace(self.cursor, self.cursor + count, "")

    def _line_break(self) -> Edit:
        """Enter: the editor indents the new line as the file does."""
        line = self.ahead[1:].partition("\n")[0]
        indentation = line[: len(line) - len(line.lstrip())] if line.strip() else line
        self.progress += 1 + len(indentation)
        return self._replace(self.cursor, self.cursor, "\n" + indentation)

    def _replace(self, start: int, end: int, text: str) -> Edit:
        self.text = self.text[:start] + text + self.text[end:]
        self.cursor = start + len(text)
        return Edit(start, end, text)
