"""A parameter as it is written in a header: its name, its annotation and its default."""

from __future__ import annotations

import ast
import re
from collections.abc import Container
from dataclasses import dataclass, replace

from mim_lsp.syntax.lexing import CLOSER_OF, symbols

_HEAD = "def _("


@dataclass(frozen=True)
class Declaration:
    """A parameter to be written."""

    name: str
    annotation: str | None = None
    default: str | None = None

    @property
    def text(self) -> str:
        """As PEP 8 spaces it: `a`, `a=1`, `a: int` or `a: int = 1`."""
        if self.annotation is None:
            return self.name if self.default is None else f"{self.name}={self.default}"
        typed = f"{self.name}: {self.annotation}"
        return typed if self.default is None else f"{typed} = {self.default}"

    def with_default(self) -> Declaration:
        """The same, that a call may leave out."""
        return self if self.default is not None else replace(self, default="None")


def read_declaration(written: str) -> Declaration | None:
    """The first plain parameter of what stands in a parameter list; None if it begins with no such thing.

    What follows the first item is ignored, whether it parses or not.
    """
    own = _within_list(written)
    ends = [*(found.start() for found in re.finditer(",", own)), len(own)]
    return next((found for end in ends if (found := _only_parameter(own[:end].strip())) is not None), None)


def _within_list(written: str) -> str:
    """What stands before the closer of the list itself."""
    depth = 0
    for at, symbol in symbols(written, 0, len(written)):
        depth += (symbol in CLOSER_OF) - (symbol in CLOSER_OF.values())
        if depth < 0:
            return written[:at]
    return written


def _only_parameter(written: str) -> Declaration | None:
    source = f"{_HEAD}{written}): pass"
    try:
        (function,) = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(function, ast.FunctionDef) or len(function.args.args) != 1:
        return None
    (argument,) = function.args.args
    defaults = function.args.defaults
    return Declaration(
        argument.arg,
        ast.get_source_segment(source, argument.annotation) if argument.annotation else None,
        ast.get_source_segment(source, defaults[0]) if defaults else None,
    )


def reads_only(expression: str | None, known: Container[str]) -> bool:
    """Whether an expression parses on one line and reads no name but `known` ones and what it binds itself."""
    if expression is None:
        return True
    if "\n" in expression or "#" in expression:
        return False
    try:
        tree = ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    if any(isinstance(node, ast.Lambda | ast.Await | ast.Yield | ast.NamedExpr) for node in ast.walk(tree)):
        return False
    return all(node.id in known or node.id in bound for node in names)
