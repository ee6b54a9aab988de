"""What a Python file imports, statement by statement, also while the rest of it does not parse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from mim_lsp.syntax.tree import SyntaxTree

_SCOPE_TYPES = frozenset({"function_definition", "class_definition", "lambda"})
EVERYTHING = "*"
"""The name in `from module import *`."""


@dataclass(frozen=True)
class Import:
    """One name that an import statement binds, or all names of a module."""

    module: str
    """Dotted, without the leading dots; empty in `from . import name`."""
    level: int
    """How many leading dots there are."""
    name: str | None
    """What is taken out of the module, maybe a module itself, or `EVERYTHING`; None: the module as a whole."""
    local: str
    """What it is called in the file, with dots for `import a.b`."""


def imports_of(tree: SyntaxTree) -> list[Import]:
    """The imports of a Python file outside of functions and classes, in order, also those under `if` and `try`."""
    found: list[Import] = []
    for node, _, _ in tree.walk(enter=lambda node: node.type not in _SCOPE_TYPES):
        if node.type == "import_statement":
            found.extend(_whole_modules(tree, node))
        elif node.type == "import_from_statement":
            found.extend(_names(tree, node))
    return found


def _whole_modules(tree: SyntaxTree, statement: Node) -> Iterator[Import]:
    for name, local in _named(tree, statement):
        yield Import(name, 0, None, local)


def _names(tree: SyntaxTree, statement: Node) -> Iterator[Import]:
    origin = statement.child_by_field_name("module_name")
    if origin is None:
        return
    path = tree.text_of(origin)
    module = path.lstrip(".")
    level = len(path) - len(module)
    for name, local in _named(tree, statement):
        yield Import(module.strip(), level, name, local)
    if any(child.type == "wildcard_import" for child in statement.named_children):
        yield Import(module.strip(), level, EVERYTHING, EVERYTHING)


def _named(tree: SyntaxTree, statement: Node) -> Iterator[tuple[str, str]]:
    """What the statement names, and what it is called from then on."""
    for node in statement.children_by_field_name("name"):
        alias = node.child_by_field_name("alias")
        name = node.child_by_field_name("name") if node.type == "aliased_import" else node
        if name is not None:
            yield tree.text_of(name), tree.text_of(alias or name)
