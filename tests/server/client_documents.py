"""A client's own idea of its documents, written apart from the server's, and random edits of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

BITS = (
    "a",
    "x",
    "wait",
    "nothing",
    "where",
    "ret",
    "total",
    "for ",
    "(",
    ")",
    "[]",
    '"',
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
)
BITS += (
    "é",
    "e\u0301",
    "中",
    "😀",
    "👩‍👩‍👧",
    "\ufeff",
    "\x0c",
    "\u2028",
    "\x00",
    "def f(a, b):\n    ",
    "    return",
    "",
)
"""What is typed: plain, wide, combining and joined characters, every kind of line break, and the script's words."""
CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
UNIT_BYTES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
FAR = 10_000

Position = dict[str, int]
Change = dict[str, Any]


@dataclass
class ClientDocument:
    """One document as its editor has it."""

    uri: str
    text: str
    encoding: str
    version: int = 1
    earlier: list[str] = field(default_factory=list)
    """Texts that undo goes back to."""
    cursor: int = 0

    def random_position(self, rng: random.Random) -> Position:
        """Mostly a place in the text, at times within a character's units or outside the text."""
        if rng.random() < 0.15:
            return {"line": rng.choice((0, 1, rng.randrange(30), FAR)), "character": rng.choice((0, 1, 3, 7, FAR))}
        return self.position(rng.randint(0, len(self.text)))

    def position(self, offset: int) -> Position:
        """Where an offset is, in the client's units."""
        lines = split_lines(self.text[:offset])
        inside_break = self.text[offset - 1 : offset + 1] == "\r\n"
        if inside_break:  # between the two characters of a line break there is no position: take the one before
            return self.position(offset - 1)
        return {"line": len(lines) - 1, "character": units(lines[-1], self.encoding)}

    def offset(self, position: Position) -> int:
        """The offset of any position: outside the text the nearest end, within a character's units its start."""
        lines = split_lines(self.text)
        if position["line"] >= len(lines):
            return len(self.text)
        start = sum(map(len, lines[: position["line"]]))
        line = lines[position["line"]].rstrip("\r\n")
        fitting = [i for i in range(len(line) + 1) if units(line[:i], self.encoding) <= position["character"]]
        return start + fitting[-1]

    def apply(self, change: Change) -> None:
        """Change the text as a message to the server says."""
        if "range" in change:
            start, end = self.offset(change["range"]["start"]), self.offset(change["range"]["end"])
            self.text = self.text[:start] + change["text"] + self.text[max(start, end) :]
            self.cursor = start + len(change["text"])
        else:
            self.text = change["text"]
            self.cursor = min(self.cursor, len(self.text))

    def random_change(self, rng: random.Random) -> Change:
        """One edit, not yet applied."""
        kind = rng.random()
        if kind < 0.5:
            return self._replacing(self.cursor, self.cursor, rng.choice(BITS))
        if kind < 0.65:
            return self._replacing(max(0, self.cursor - rng.randint(1, 3)), self.cursor, "")
        if kind < 0.9:
            ends = self.random_position(rng), self.random_position(rng)
            start, end = sorted(ends, key=self.offset)
            text = "".join(rng.choices(BITS, k=rng.randint(0, 4)))
            return {"range": {"start": start, "end": end}, "text": text}
        if kind < 0.94 and self.earlier:
            return {"text": self.earlier.pop()}
        if kind < 0.97:
            other = "\n" if "\r\n" in self.text else "\r\n"
            return {"text": other.join(self.text.replace("\r\n", "\n").split("\n"))}
        return {"text": "".join(rng.choices(BITS, k=rng.randint(0, 60)))}

    def _replacing(self, start: int, end: int, text: str) -> Change:
        return {"range": {"start": self.position(start), "end": self.position(end)}, "text": text}


def split_lines(text: str) -> list[str]:
    r"""Lines with their breaks, of which there are three: `\r\n`, `\r`, `\n`. A text that ends with one has an empty
    line behind it."""
    lines, line, i = [], "", 0
    while i < len(text):
        end = 2 if text.startswith("\r\n", i) else 1
        line += text[i : i + end]
        if text[i] in "\r\n":
            lines.append(line)
            line = ""
        i += end
    return [*lines, line]


def units(text: str, encoding: str) -> int:
    """How many code units a text takes."""
    return len(text.encode(CODECS[encoding], "surrogatepass")) // UNIT_BYTES[encoding]
