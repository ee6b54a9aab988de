"""The names that a function reads and that nothing defines: what its parameter list may lack.

Python's own `symtable` decides where the file parses. Where it does not, tree-sitter's nodes do, and then a name that
is bound anywhere in the file counts as defined.
"""

from __future__ import annotations

import re
import symtable
import warnings
from collections.abc import Iterator
from itertools import zip_longest
from keyword import iskeyword

from mim_lsp.syntax.bindings import bound_and_read
from mim_lsp.syntax.names import BUILTINS, imports_everything
from mim_lsp.syntax.signatures import Signature
from mim_lsp.syntax.tree import SyntaxTree

_GLOBAL = re.compile(r"^[ \t]*global[ \t]+([\w, \t]+)", re.MULTILINE)


class Scopes:
    """Who defines what in one file, as Python's compiler sees it."""

    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree
        self._module = _table(tree.text)
        self._module_names: frozenset[str] | None = None
        self._undefined: dict[int, list[str]] = {}

    @property
    def parses(self) -> bool:
        """Whether Python takes the file as it is."""
        return self._module is not None

    def module_names(self) -> frozenset[str]:
        """The names that the module defines, and Python's own."""
        if self._module_names is None:
            self._module_names = BUILTINS | self._bound_in_module()
        return self._module_names

    def _bound_in_module(self) -> frozenset[str]:
        if self._module is None:
            return bound_and_read(self._tree, 0, len(self._tree.text)).bound
        declared = {name.strip() for found in _GLOBAL.findall(self._tree.text) for name in found.split(",")}
        return frozenset(declared | {symbol.get_name() for symbol in self._module.get_symbols() if _is_bound(symbol)})

    def undefined(self, signature: Signature) -> list[str]:
        """The names that the body of a function reads in vain, in the order of their first use.

        None after a star import, which may define anything.
        """
        if signature.start not in self._undefined:
            self._undefined[signature.start] = [] if self.imports_everything else self._read_in_vain(signature)
        return self._undefined[signature.start]

    @property
    def imports_everything(self) -> bool:
        """Whether the file has a star import."""
        return imports_everything(self._tree.text)

    def _read_in_vain(self, signature: Signature) -> list[str]:
        known = self.module_names()
        table = self._function(signature)
        if table is not None:
            used = {name for name in _globals_read(table) if name not in known}
        else:
            used = set(bound_and_read(self._tree, signature.body, signature.end).read) - known - set(signature.names)
        places = ((_first_use(self._tree.text, name, signature), name) for name in used)
        return [name for _, name in sorted(place for place in places if place[0] >= 0)]

    def is_local(self, signature: Signature, name: str) -> bool:
        """Whether the function itself has that name already: as a parameter, a local, or declared from elsewhere."""
        if name in signature.names:
            return True
        table = self._function(signature)
        if table is None:
            return name in bound_and_read(self._tree, signature.body, signature.end).bound
        found = _lookup(table, name)
        return found is not None and (found.is_local() or found.is_declared_global() or found.is_nonlocal())

    def reads(self, signature: Signature, name: str) -> bool:
        """Whether the function, or what is defined in it, reads that name from outside."""
        table = self._function(signature)
        if table is None:
            return name in bound_and_read(self._tree, signature.body, signature.end).read
        found = _lookup(table, name)
        return name in _globals_read(table) or (found is not None and found.is_free())

    def visible(self, signature: Signature | None) -> frozenset[str]:
        """The names that an expression can read in a function, or outside of all."""
        table = self._function(signature) if signature is not None else None
        names = self.module_names() | frozenset(signature.names if signature is not None else ())
        if table is None:
            return names
        return names | {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local() or symbol.is_free()}

    def _function(self, signature: Signature) -> symtable.SymbolTable | None:
        """The table of a function; None where the file does not parse."""
        if self._module is None:
            return None
        before = self._tree.text[: signature.start].replace("\r\n", "\n").replace("\r", "\n")
        line = before.count("\n") + 1
        tables = (each for each in _descend(self._module, line) if each.get_type() == "function")
        return next((each for each in tables if each.get_lineno() == line and each.get_name() == signature.name), None)


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a parameter."""
    return text.isidentifier() and not iskeyword(text)


def _table(text: str) -> symtable.SymbolTable | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes
        try:
            return symtable.symtable(text, "<file>", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _descend(table: symtable.SymbolTable, line: int) -> Iterator[symtable.SymbolTable]:
    """The tables that may hold what begins at `line`."""
    children = table.get_children()
    for child, after in zip_longest(children, children[1:]):
        if child.get_lineno() <= line and (after is None or after.get_lineno() >= line):
            yield child
            yield from _descend(child, line)


def _globals_read(table: symtable.SymbolTable) -> Iterator[str]:
    """What a function reads from the module, or what is defined in it does."""
    for symbol in table.get_symbols():
        if symbol.is_referenced() and symbol.is_global() and not symbol.is_declared_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals_read(child)


def _lookup(table: symtable.SymbolTable, name: str) -> symtable.Symbol | None:
    try:
        return table.lookup(name)
    except KeyError:
        return None


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _first_use(text: str, name: str, signature: Signature) -> int:
    """Where the body first has a name; -1 if nowhere, as where it is written in another normal form."""
    found = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)").search(text, signature.body, signature.end)
    return found.start() if found else -1
