"""Where the statement or the block ends that stands at a place: how far a suggestion that begins there may go.

Works for every grammar that `SyntaxTree` knows, by the names that the grammars give to what holds statements.
"""

from __future__ import annotations

from typing import NamedTuple

from mim_lsp.syntax.tree import Span, SyntaxTree

BODY_TYPES = frozenset(
    {
        "block",  # Python, Go, Rust, Java
        "statement_block",  # JavaScript, TypeScript
        "class_body",  # JavaScript, TypeScript, Java
        "interface_body",
        "enum_body",
        "constructor_body",
        "switch_body",
        "switch_block",
        "compound_statement",  # C, C++
        "declaration_list",  # C++, Rust
        "field_declaration_list",
        "statement_list",  # Go
        "match_block",  # Rust
    }
)
"""What holds the statements of a body, in the grammars of Python, JavaScript, TypeScript, Go, Rust, Java, C and C++."""
CLAUSE_TYPES = frozenset(
    {"elif_clause", "else_clause", "except_clause", "except_group_clause", "finally_clause", "case_clause"}
    | {"catch_clause"}
)


class Units(NamedTuple):
    """The units that hold a place."""

    statement: Span | None
    """The innermost statement; None between statements."""
    block: Span | None
    """The innermost body that holds that statement; None at the top of a file, or where the code does not parse."""


def units_at(tree: SyntaxTree, offset: int) -> Units:
    """The statement and the body that hold the character at `offset`.

    A clause (`else`, `except`) counts as a statement of the body that holds the whole: a suggestion may begin with it.
    """
    statement = block = None
    holders = BODY_TYPES | tree.language.file_types
    for node, parent, _ in tree.walk(offset, offset + 1):
        span = tree.span(node)
        if not span.start <= offset < span.end or parent is None:
            continue
        if node.type in BODY_TYPES:
            statement, block = None, span
        elif parent.type in holders or node.type in CLAUSE_TYPES:
            statement = span if node.is_named and not node.is_error else None
    return Units(statement, block)
