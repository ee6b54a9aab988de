"""What the syntax modules know about one programming language, as a record of names and patterns.

Patterns are plain strings, compiled where they are used, so that a language costs nothing until it is met.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

BlockStyle = Literal["indentation", "braces", "none"]


class Grammar(NamedTuple):
    """Where a tree-sitter grammar comes from: a module of a wheel, and the function in it that gives the grammar."""

    module: str
    function: str = "language"


@dataclass(frozen=True, eq=False)
class Language:
    """One language. Without a grammar its texts have no nodes, and only the patterns apply."""

    id: str
    """What editors call it: LSP `languageId`."""
    name: str
    """What people call it."""
    suffixes: tuple[str, ...] = ()
    """Of its files, lower case, with the dot."""
    blocks: BlockStyle = "none"
    """What shows how statements nest."""
    grammar: Grammar | None = None

    statement_types: frozenset[str] = frozenset()
    """Nodes that are statements, declarations or members of classes."""
    import_types: frozenset[str] = frozenset()
    """The statements among them that name other files or packages."""
    file_types: frozenset[str] = frozenset()
    """Nodes whose statements are those of the file itself."""
    outer_types: frozenset[str] = frozenset()
    """Nodes whose statements are of an outer level: those of the file, bodies of classes, namespaces."""
    wrapper_types: frozenset[str] = frozenset()
    """Statements that are the first lines of the one inside them: decorators, template headers."""
    comment_types: frozenset[str] = frozenset()
    """Comments of every kind."""
    string_types: frozenset[str] = frozenset()
    """The contents of strings, which may have lines of their own."""

    line_comment: str | None = None
    """What begins a comment that ends with the line."""
    quotes: str = "'\""
    """What strings begin and end with."""
    skipped: str = r'"(?:\\.|[^"\\\n])*"'
    """Pattern of strings and comments, in which brackets mean nothing."""
    separators: str = "\n"
    """The characters that, outside of brackets, end a header or a statement."""
    header: str | None = None
    """Pattern of the line on which a function or class begins, as far as a line can tell; None: there are none."""
    no_statement: str = r"[)\]}]"
    """Pattern of the lines that do not begin a statement, so that their indentation means nothing."""
    openings: tuple[str, ...] = ()
    """Patterns that end where an outer statement begins, best first, for a text that is cut to be parsed."""
