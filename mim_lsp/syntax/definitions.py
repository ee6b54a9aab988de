"""What a Python file defines for others: its functions, classes and constants, each as a stub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from mim_lsp.syntax.tree import SyntaxTree

MAX_DEFINITIONS = 400
"""Of one file."""
MAX_HEADER_CHARS = 200
"""Longer headers lose their parameters."""
MAX_VALUE_CHARS = 40
"""Longer values of constants are left out."""
MAX_METHODS = 40
"""Of one class."""

_BLANKS = re.compile(r"\s+")
_BODY_TYPES = frozenset(
    {
        "module",
        "decorated_definition",
        "if_statement",
        "else_clause",
        "try_statement",
        "except_clause",
        "block",
        "ERROR",
    }
)


@dataclass(frozen=True)
class Definition:
    """One name that a file defines at its top level."""

    name: str
    stub: str
    """`def f(a, b=1) -> int: ...`, `class A(B):` or `LIMIT = 3`: one line, without a line break."""
    methods: tuple[Definition, ...] = ()
    """Those of a class; their stubs are indented."""


def definitions_of(tree: SyntaxTree) -> list[Definition]:
    """The first `MAX_DEFINITIONS` names that a Python file defines, in order. Never raises."""
    stubs = _Stubs(tree)
    found: dict[str, Definition] = {}
    for node, _, _ in tree.walk(enter=lambda node: node.type in _BODY_TYPES):
        definition = stubs.definition(node)
        if definition is not None:
            found.setdefault(definition.name, definition)
        if len(found) >= MAX_DEFINITIONS:
            break
    return list(found.values())


class _Stubs:
    """Writes the stubs of one file."""

    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree

    def definition(self, node: Node) -> Definition | None:
        """What a statement defines, if anything."""
        if node.type == "function_definition":
            return self._function(node)
        if node.type == "class_definition":
            return self._class(node)
        return self._constant(node) if node.type == "expression_statement" else None

    def _function(self, node: Node, indentation: str = "") -> Definition | None:
        name = self._name(node)
        return Definition(name, f"{indentation}{self._function_header(node)} ...") if name else None

    def _class(self, node: Node) -> Definition | None:
        name = self._name(node)
        return Definition(name, self._class_header(node), tuple(self._methods(node))) if name else None

    def _methods(self, node: Node) -> Iterator[Definition]:
        """The methods that others call: no private ones, and of the special ones `__init__`."""
        body = node.child_by_field_name("body")
        count = 0
        for child in body.named_children if body else ():
            method = child.child_by_field_name("definition") if child.type == "decorated_definition" else child
            if method is None or method.type != "function_definition" or count == MAX_METHODS:
                continue
            definition = self._function(method, "    ")
            if definition and (not definition.name.startswith("_") or definition.name == "__init__"):
                yield definition
                count += 1

    def _constant(self, statement: Node) -> Definition | None:
        """A name that is bound to a value, `X = 1` or `X: int = 1`, at the top level."""
        assignment = statement.named_child(0)
        if assignment is None or assignment.type != "assignment":
            return None
        target, value = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if target is None or target.type != "identifier" or self._line(target).startswith("__"):
            return None
        kind = assignment.child_by_field_name("type")
        head = self._line(target) + (f": {self._line(kind)}" if kind else "")
        written = self._line(value) if value else ""
        return Definition(self._line(target), f"{head} = {written if 0 < len(written) <= MAX_VALUE_CHARS else '...'}")

    def _function_header(self, node: Node) -> str:
        """The header of a function as one line, without comments, with its colon."""
        keyword = "async def" if node.children[0].type == "async" else "def"
        returned = node.child_by_field_name("return_type")
        result = f" -> {self._line(returned)}" if returned else ""
        header = f"{keyword} {self._name(node)}{self._listed(node, 'parameters')}{result}:"
        return header if len(header) <= MAX_HEADER_CHARS else f"{keyword} {self._name(node)}(*args, **kwargs):"

    def _class_header(self, node: Node) -> str:
        header = f"class {self._name(node)}{self._listed(node, 'superclasses')}:"
        return header if len(header) <= MAX_HEADER_CHARS else f"class {self._name(node)}:"

    def _listed(self, node: Node, field: str) -> str:
        """What stands between the parentheses of `field`, with them, in one line and without comments."""
        items = node.child_by_field_name(field)
        if items is None:
            return ""
        return "(" + ", ".join(self._line(item) for item in items.named_children if item.type != "comment") + ")"

    def _name(self, node: Node) -> str:
        name = node.child_by_field_name("name")
        return self._line(name) if name else ""

    def _line(self, node: Node) -> str:
        """The text of a node with every run of blanks and line breaks as one blank."""
        return _BLANKS.sub(" ", self._tree.text_of(node))
