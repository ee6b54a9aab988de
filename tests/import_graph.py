"""Who imports whom in a source tree, read with `ast`; nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, and the dotted names that it imports."""

    name: str
    has_docstring: bool
    imports: frozenset[str]
    """Everything imported, in functions and under TYPE_CHECKING too; modules of the tree by their full name."""
    runtime_imports: frozenset[str]
    """The same without what stands under TYPE_CHECKING."""


def read_package(root: Path) -> list[Module]:
    """Every module of the package whose folder is `root`."""
    files = {_name(root, path): path for path in sorted(root.rglob("*.py"))}
    return [_read(name, path, set(files)) for name, path in files.items()]


def cycles(modules: list[Module]) -> list[list[str]]:
    """Groups of modules that import each other in a circle, directly or over others (Tarjan's components)."""
    graph = {module.name: sorted(module.runtime_imports) for module in modules}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in graph[name]:
            if other in graph and other not in index:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == index[name]:
            component = [stack.pop()]
            while component[-1] != name:
                component.append(stack.pop())
            if len(component) > 1 or name in graph[name]:
                found.append(sorted(component))

    for name in graph:
        if name not in index:
            visit(name)
    return found


def _name(root: Path, path: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(name: str, path: Path, known: set[str]) -> Module:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    everything = frozenset(_imports(ast.walk(tree), package, known))
    runtime = frozenset(_imports(_walk_runtime(tree), package, known))
    return Module(name, ast.get_docstring(tree) is not None, everything, runtime)


def _imports(nodes: Iterator[ast.AST], package: str, known: set[str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _source(node, package)
            for alias in node.names:
                member = f"{source}.{alias.name}"
                yield member if member in known else source


def _source(node: ast.ImportFrom, package: str) -> str:
    """The module that an import names, with the dots of a relative one resolved."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _walk_runtime(node: ast.AST) -> Iterator[ast.AST]:
    """`ast.walk` without the bodies of `if TYPE_CHECKING:`."""
    yield node
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        children = list(node.orelse)
    for child in children:
        yield from _walk_runtime(child)
