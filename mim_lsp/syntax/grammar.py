"""Names in tree-sitter's Python grammar that the other modules share."""

from __future__ import annotations

from collections.abc import Mapping

COMPOUND_STATEMENT_TYPES = frozenset(
    {
        "if_statement",
        "for_statement",
        "while_statement",
        "try_statement",
        "with_statement",
        "match_statement",
        "function_definition",
        "class_definition",
        "decorated_definition",
    }
)
IMPORT_TYPES = frozenset({"import_statement", "import_from_statement", "future_import_statement"})
STATEMENT_TYPES = (
    COMPOUND_STATEMENT_TYPES
    | IMPORT_TYPES
    | {
        "assert_statement",
        "break_statement",
        "continue_statement",
        "delete_statement",
        "exec_statement",
        "expression_statement",
        "global_statement",
        "nonlocal_statement",
        "pass_statement",
        "print_statement",
        "raise_statement",
        "return_statement",
        "type_alias_statement",
    }
)

EXPRESSION_PLACES: Mapping[str, frozenset[str | None]] = {
    "assignment": frozenset({"right", "type"}),
    "augmented_assignment": frozenset({"right"}),
    "named_expression": frozenset({"value"}),
    "return_statement": frozenset({None}),
    "yield": frozenset({None}),
    "await": frozenset({None}),
    "raise_statement": frozenset({None}),
    "assert_statement": frozenset({None}),
    "if_statement": frozenset({"condition"}),
    "elif_clause": frozenset({"condition"}),
    "while_statement": frozenset({"condition"}),
    "if_clause": frozenset({None}),
    "conditional_expression": frozenset({None}),
    "for_statement": frozenset({"right"}),
    "for_in_clause": frozenset({"right"}),
    "subscript": frozenset({"subscript"}),
    "attribute": frozenset({"attribute"}),
    "binary_operator": frozenset({"left", "right"}),
    "boolean_operator": frozenset({"left", "right"}),
    "comparison_operator": frozenset({None}),
    "not_operator": frozenset({"argument"}),
    "unary_operator": frozenset({"argument"}),
    "pair": frozenset({"value"}),
    "keyword_argument": frozenset({"value"}),
    "default_parameter": frozenset({"value"}),
    "typed_default_parameter": frozenset({"type", "value"}),
    "lambda": frozenset({"body"}),
}
"""For a node type the fields, None for children without one, that hold an expression worth completing."""
