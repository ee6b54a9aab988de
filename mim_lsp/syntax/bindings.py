"""Which names a piece of Python binds and which it reads, for code that does not parse: tree-sitter's view."""

from __future__ import annotations

from typing import NamedTuple

from mim_lsp.syntax.tree import SyntaxTree, Visit

_TARGET_FIELDS = frozenset({"left", "name", "alias"})
_TARGET_HOLDERS = frozenset(
    {
        "pattern_list",
        "tuple_pattern",
        "list_pattern",
        "list_splat_pattern",
        "dictionary_splat_pattern",
        "parameters",
        "lambda_parameters",
        "typed_parameter",
        "default_parameter",
        "typed_default_parameter",
        "as_pattern_target",
        "global_statement",
        "nonlocal_statement",
    }
)
_LEFT_BINDS = frozenset({"assignment", "augmented_assignment", "for_statement", "for_in_clause"})
_NAME_BINDS = frozenset(
    {"function_definition", "class_definition", "named_expression", "aliased_import", "default_parameter"}
    | {"typed_default_parameter"}
)


class Names(NamedTuple):
    """What a piece of code does with names."""

    bound: frozenset[str]
    read: frozenset[str]


def bound_and_read(tree: SyntaxTree, start: int, end: int) -> Names:
    """The names that [start, end) binds in any of its scopes, and those that it reads and does not bind."""
    bound: set[str] = set()
    read: set[str] = set()
    for visit in tree.walk(start, end):
        node, parent, field = visit
        if node.type != "identifier" or parent is None or not start <= tree.span(node).start < end:
            continue
        if _binds(visit):
            bound.add(tree.text_of(node))
        elif not (field == "attribute" or (parent.type == "keyword_argument" and field == "name")):
            read.add(tree.text_of(node))
    return Names(frozenset(bound), frozenset(read - bound))


def _binds(visit: Visit) -> bool:
    """Whether the identifier of a visit is bound there."""
    _, parent, field = visit
    if parent is None:
        return False
    if parent.type == "dotted_name":
        return True  # an import's
    if parent.type in _TARGET_HOLDERS:
        return field not in {"value", "type"}
    if field not in _TARGET_FIELDS:
        return False
    return parent.type in (_LEFT_BINDS if field == "left" else _NAME_BINDS)
