"""The calls of a function by name in a Python file, and the classes with their bases."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from mim_lsp.syntax.tree import SyntaxTree


@dataclass(frozen=True)
class Argument:
    """One argument of a call."""

    start: int
    end: int
    keyword: str | None
    is_spread: bool
    """Whether it is `*args` or `**kwargs`."""


@dataclass(frozen=True)
class Call:
    """A call, by the name that is called."""

    start: int
    end: int
    receiver: str | None
    """What stands before the dot: `self`, `super()`, `module`; None for a plain name."""
    open: int
    """After the opening parenthesis."""
    close: int
    """Of the closing parenthesis."""
    arguments: tuple[Argument, ...]

    @property
    def spreads(self) -> bool:
        """Whether it passes `*args` or `**kwargs`, which say nothing of what is passed."""
        return any(argument.is_spread for argument in self.arguments)


@dataclass(frozen=True)
class ClassHeader:
    """A class and what it says of its bases."""

    name: str
    bases: tuple[str, ...]
    start: int
    end: int


def calls_of(tree: SyntaxTree, name: str) -> list[Call]:
    """The calls `name(...)` and `anything.name(...)` of a file, in order."""
    hits = re.finditer(rf"(?<!\w){re.escape(name)}[ \t]*\(", tree.text)
    calls = (_call_at(tree, hit.start(), hit.start() + len(name)) for hit in hits)
    return [call for call in calls if call is not None]


def call_around(tree: SyntaxTree, offset: int) -> tuple[str, Call] | None:
    """The innermost call whose name or arguments hold `offset`, with the name that it calls."""
    found = None
    for node, _, _ in tree.walk(offset, offset + 1):
        called = node.child_by_field_name("function") if node.type == "call" else None
        name = called.child_by_field_name("attribute") or called if called is not None else None
        if name is None or name.type != "identifier":
            continue
        call = _call_at(tree, *tree.span(name)[:2])
        if call is not None and call.start <= offset <= call.end:
            found = tree.text_of(name), call
    return found


def class_headers(tree: SyntaxTree) -> list[ClassHeader]:
    """The classes of a file, in order."""
    headers = []
    for node, _, _ in tree.walk():
        name = node.child_by_field_name("name") if node.type == "class_definition" else None
        if name is not None:
            listed = node.child_by_field_name("superclasses")
            bases = tuple(tree.text_of(each) for each in listed.named_children) if listed is not None else ()
            start, end, _ = tree.span(node)
            headers.append(ClassHeader(tree.text_of(name), bases, start, end))
    return headers


def _call_at(tree: SyntaxTree, start: int, end: int) -> Call | None:
    """The call whose called name is exactly [start, end)."""
    for node, _, _ in tree.walk(start, start + 1):
        called = node.child_by_field_name("function") if node.type == "call" else None
        if called is None:
            continue
        name = called.child_by_field_name("attribute") if called.type == "attribute" else called
        if name is not None and tree.span(name)[:2] == (start, end):
            return _call(tree, node, called)
    return None


def _call(tree: SyntaxTree, node: Node, called: Node) -> Call | None:
    listed = node.child_by_field_name("arguments")
    if listed is None or listed.type != "argument_list" or listed.has_error:
        return None
    start, end, _ = tree.span(node)
    open_, close, _ = tree.span(listed)
    receiver = called.child_by_field_name("object")
    arguments = tuple(_argument(tree, each) for each in listed.named_children if each.type != "comment")
    return Call(start, end, tree.text_of(receiver) if receiver else None, open_ + 1, close - 1, arguments)


def _argument(tree: SyntaxTree, node: Node) -> Argument:
    start, end, kind = tree.span(node)
    name = node.child_by_field_name("name") if kind == "keyword_argument" else None
    is_spread = kind in {"list_splat", "dictionary_splat"}
    return Argument(start, end, tree.text_of(name) if name else None, is_spread)
