"""What a setting's value may be: how one from outside is taken, how it is described, and its JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mim_lsp.completion.exclusion import MOST_WILDCARDS, is_pattern

Schema = dict[str, object]


class Kind(Protocol):
    """One kind of value."""

    @property
    def expected(self) -> str:
        """What to tell a user the value must be."""
        ...

    def take(self, value: object) -> object:
        """The value in our own form.

        Raises:
            ValueError: it is not of this kind.
        """
        ...

    def schema(self) -> Schema:
        """The JSON schema of such a value."""
        ...


@dataclass(frozen=True)
class Flag:
    """True or false."""

    expected: str = "true or false"

    def take(self, value: object) -> bool:
        """See `Kind.take`."""
        if not isinstance(value, bool):
            raise ValueError(self.expected)
        return value

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        """See `Kind.expected`."""
        *most, last = (f'"{word}"' for word in self.words)
        return f"{', '.join(most)} or {last}"

    def take(self, value: object) -> str:
        """See `Kind.take`."""
        if not isinstance(value, str) or value not in self.words:
            raise ValueError(self.expected)
        return value

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True)
class Whole:
    """A whole number; also one that comes as a float, since Lua and some JSON writers know no integers."""

    least: int
    most: int = 1_000_000

    @property
    def expected(self) -> str:
        """See `Kind.expected`."""
        return f"a whole number from {self.least} to {self.most}"

    def take(self, value: object) -> int:
        """See `Kind.take`."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise ValueError(self.expected)
        return value

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Number:
    """A number in a range, ends included."""

    least: float
    most: float

    @property
    def expected(self) -> str:
        """See `Kind.expected`."""
        return f"a number from {self.least:g} to {self.most:.10g}"

    def take(self, value: object) -> float:
        """See `Kind.take`."""
        if not isinstance(value, int | float) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise ValueError(self.expected)
        return float(value)

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "number", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Text:
    """A text that is not blank."""

    expected: str = "a text"

    def take(self, value: object) -> str:
        """See `Kind.take`."""
        if not isinstance(value, str) or not value.strip():
            raise ValueError(self.expected)
        return value

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Texts:
    """A list of texts."""

    expected: str = "a list of texts"

    def take(self, value: object) -> tuple[str, ...]:
        """See `Kind.take`; an empty Lua table, which comes as `{}`, is an empty list."""
        if isinstance(value, Mapping) and not value:
            return ()
        if not isinstance(value, list | tuple):
            raise ValueError(self.expected)
        texts = tuple(item for item in value if isinstance(item, str) and item.strip())
        if len(texts) != len(value):
            raise ValueError(self.expected)
        return texts

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "array", "items": {"type": "string", "minLength": 1}}


@dataclass(frozen=True)
class Words:
    """A list of words, each one of a few."""

    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        """See `Kind.expected`."""
        return f"a list of {', '.join(self.words)}"

    def take(self, value: object) -> tuple[str, ...]:
        """See `Kind.take`."""
        try:
            words = Texts().take(value)
        except ValueError as error:
            raise ValueError(self.expected) from error
        if not set(words) <= set(self.words):
            raise ValueError(self.expected)
        return words

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return {"type": "array", "items": {"type": "string", "enum": list(self.words)}}


@dataclass(frozen=True)
class Patterns:
    """A list of patterns of files."""

    expected: str = f"a list of patterns as in .gitignore, each with at most {MOST_WILDCARDS} runs of *"

    def take(self, value: object) -> tuple[str, ...]:
        """See `Kind.take`."""
        try:
            patterns = Texts().take(value)
        except ValueError as error:
            raise ValueError(self.expected) from error
        if not all(map(is_pattern, patterns)):
            raise ValueError(self.expected)
        return patterns

    def schema(self) -> Schema:
        """See `Kind.schema`."""
        return Texts().schema()
