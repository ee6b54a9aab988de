"""The functions of a Python file as their headers say: names, kinds and places of the parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from mim_lsp.syntax.tree import SyntaxTree

Kind = Literal["plain", "args", "kwargs", "star", "slash"]
"""`plain`: `a`, `a: int = 1`; `args`: `*a`; `kwargs`: `**a`; `star` and `slash`: the separators `*` and `/`."""

_KINDS: dict[str, Kind] = {
    "list_splat_pattern": "args",
    "dictionary_splat_pattern": "kwargs",
    "keyword_separator": "star",
    "positional_separator": "slash",
}
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Parameter:
    """One item of a parameter list."""

    start: int
    end: int
    kind: Kind
    name: str
    """Empty for the separators."""
    annotation: str | None = None
    default: str | None = None


@dataclass(frozen=True)
class Signature:
    """A function's header; all offsets are those of the file's text."""

    name: str
    start: int
    """Of `def` or `async`."""
    end: int
    """Of the function."""
    open: int
    """After the opening parenthesis."""
    close: int
    """Of the closing parenthesis."""
    body: int
    """Where the body starts."""
    parameters: tuple[Parameter, ...]
    owner: str | None = None
    """The class whose method it is."""
    decorators: tuple[str, ...] = ()
    """Their texts, with the `@`."""

    @property
    def names(self) -> list[str]:
        """The names of its parameters, in order."""
        return [each.name for each in self.parameters if each.name]

    @property
    def is_bound(self) -> bool:
        """Whether the caller does not pass its first parameter: `self` or `cls`."""
        return self.owner is not None and "@staticmethod" not in self.decorators


def signature_at(tree: SyntaxTree, offset: int) -> Signature | None:
    """The innermost function whose header or body holds the character at `offset`."""
    found = None
    for signature in _signatures(tree, offset, offset + 1):
        if signature.start <= offset <= signature.end:
            found = signature
    return found


def signatures_of(tree: SyntaxTree) -> list[Signature]:
    """All functions of a file, in order, nested ones included."""
    return list(_signatures(tree, 0, None))


def _signatures(tree: SyntaxTree, start: int, end: int | None) -> Iterator[Signature]:
    owners: dict[int, str] = {}  # by block of a class: the class's name
    decorated: dict[int, tuple[str, ...]] = {}
    for node, parent, _ in tree.walk(start, end):
        if node.type == "class_definition":
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            if name is not None and body is not None:
                owners[body.id] = tree.text_of(name)
        elif node.type == "decorated_definition":
            inner = node.child_by_field_name("definition")
            if inner is not None:
                marks = (each for each in node.children if each.type == "decorator")
                decorated[inner.id] = tuple(tree.text_of(mark) for mark in marks)
                owners |= {node.id: owners[parent.id]} if parent is not None and parent.id in owners else {}
        elif node.type == "function_definition":
            owner = owners.get(parent.id) if parent is not None else None
            signature = _signature(tree, node, owner, decorated.get(node.id, ()))
            if signature is not None:
                yield signature


def _signature(tree: SyntaxTree, node: Node, owner: str | None, decorators: tuple[str, ...]) -> Signature | None:
    name, listed = node.child_by_field_name("name"), node.child_by_field_name("parameters")
    body = node.child_by_field_name("body")
    if name is None or listed is None or body is None or listed.has_error:
        return None
    start, end, _ = tree.span(node)
    open_, close, _ = tree.span(listed)
    items = (each for each in listed.named_children if each.type != "comment")
    parameters = tuple(_parameter(tree, item) for item in items)
    return Signature(
        tree.text_of(name), start, end, open_ + 1, close - 1, tree.span(body).start, parameters, owner, decorators
    )


def _parameter(tree: SyntaxTree, item: Node) -> Parameter:
    start, end, kind = tree.span(item)
    annotation, default = item.child_by_field_name("type"), item.child_by_field_name("value")
    named = item.child_by_field_name("name") or item
    if item.type == "typed_parameter" and item.named_child(0) is not None:
        named = item.named_child(0) or item
    name = _NAME.search(tree.text_of(named)) if named.type != "tuple_pattern" else None
    return Parameter(
        start,
        end,
        _KINDS.get(kind, _KINDS.get(named.type, "plain")),
        name.group() if name else "",
        tree.text_of(annotation) if annotation else None,
        tree.text_of(default) if default else None,
    )
