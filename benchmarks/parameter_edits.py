"""Every edit that adds a parameter, tried on the functions of real files: does it parse, and is it nothing else?

Each function of the given files gets a parameter that it has not got, with its calls. The model is a scripted one that
always has a value: so the edits are as large as they can be. Each changed file is parsed by Python's own `ast`, and
what was added is taken out again: what is left must be the old tree, but for docstrings. Calls that are said to lack
an argument are counted, too: in code that runs there should be next to none.

Usage: python -m benchmarks.parameter_edits [--functions 10000] [--per-file 40] [FILE_OR_FOLDER ...]
       (default: the standard library and the installed packages)
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mim_lsp.completion.types import Candidate
from mim_lsp.errors import EditError
from mim_lsp.parameters.changes import apply
from mim_lsp.parameters.declaration import Declaration
from mim_lsp.parameters.missing_argument import lacking_call
from mim_lsp.parameters.plan import plan_with_calls
from mim_lsp.parameters.source import Signature, Source
from mim_lsp.syntax.calls import Call, calls_of

NAME = "added_by_benchmark"
DECLARATIONS = (
    Declaration(NAME),
    Declaration(NAME, "int"),
    Declaration(NAME, "dict[str, int] | None", "None"),
    Declaration(NAME, None, '"π😀"'),
)
"""Taken in turn."""


def python_files(places: Iterable[Path]) -> list[Path]:
    """The Python files of folders, in a random order that is the same every time."""
    found = {path for place in places for path in ([place] if place.is_file() else place.rglob("*.py"))}
    files = sorted(found)
    random.Random(1).shuffle(files)
    return files


def read(path: Path) -> str | None:
    """A file's text as an editor has it; None if it is no Python of this version in UTF-8, or nested too deeply."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        _bare(text)
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError, RecursionError):
        return None
    return text


def try_file(text: str, most: int) -> Iterator[str]:
    """What came of the functions of a file, one word for each, and of the calls in it; `most` functions."""
    source, old = Source(text), _bare(text)
    signatures = source.signatures
    picked = random.Random(len(text)).sample(signatures, min(most, len(signatures)))
    for number, signature in enumerate(picked):
        yield try_function(source, old, signature, DECLARATIONS[number % len(DECLARATIONS)])
        for call in calls_of(source.tree, signature.name)[:3]:
            yield (
                "calls"
                if lacking_call(source, call.open, lambda *_: None) is None
                else "calls said to lack an argument"
            )


def try_function(source: Source, old: str, signature: Signature, declaration: Declaration) -> str:
    """What came of adding a parameter to a function: `offered`, `refused: why`, or what is wrong with the edit.

    `old` is the file's tree as `_bare` has it.
    """
    try:
        plan = plan_with_calls(source, signature, declaration, _always_none)
    except EditError as error:
        return f"refused: {str(error).partition(';')[0].replace(signature.name, 'it')}"
    try:
        new = _bare(apply(source.text, plan.changes))
    except SyntaxError as error:
        return f"DOES NOT PARSE: {error}"
    return "offered" if new == old else "CHANGES SOMETHING ELSE"


class _Without(ast.NodeTransformer):
    """Takes out what an edit may have added: the parameter, its default, the arguments; and all docstrings."""

    def visit_arguments(self, node: ast.arguments) -> ast.arguments:
        self.generic_visit(node)
        names = [each.arg for each in (*node.posonlyargs, *node.args)]
        if NAME in names:
            if (at := names.index(NAME) - len(names)) >= -len(node.defaults):
                del node.defaults[at]
            node.args = [each for each in node.args if each.arg != NAME]
        kept = [n for n, each in enumerate(node.kwonlyargs) if each.arg != NAME]
        node.kw_defaults = [node.kw_defaults[n] for n in kept]
        node.kwonlyargs = [node.kwonlyargs[n] for n in kept]
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        node.keywords = [each for each in node.keywords if each.arg != NAME]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        self.generic_visit(node)
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.Expr(ast.Constant("")) if is_text else node


def _always_none(text: str, offset: int) -> Sequence[Candidate]:
    return [Candidate("None", 0.5, "met")]


def _nowhere(source: Source, name: str, call: Call) -> None:
    """Other files are not looked into."""


def _bare(text: str) -> str:
    """The tree of a text without what an edit may have added, written out."""
    return ast.dump(_Without().visit(_tree(text)))


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes
        return ast.parse(text)


def survey(files: Iterable[Path], functions: int, per_file: int) -> Counter[str]:
    """How often each thing came about, until so many functions were tried."""
    counts: Counter[str] = Counter()
    for path in files:
        text = read(path)
        outcomes = [] if text is None else list(try_file(text, min(per_file, functions - counts["functions"])))
        counts["files"] += bool(outcomes)
        counts["functions"] += sum(not each.startswith("calls") for each in outcomes)
        counts.update(outcomes)
        for wrong in (each for each in outcomes if each[:2].isupper()):
            print(f"{path}: {wrong}", file=sys.stderr)
        if counts["functions"] >= functions:
            break
    return counts


def main() -> int:
    """Print how often each thing came about; 1 if an edit was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", metavar="FILE_OR_FOLDER", nargs="*", type=Path)
    parser.add_argument("--functions", type=int, default=10_000)
    parser.add_argument("--per-file", type=int, default=40)
    args = parser.parse_args()
    places = args.places or [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
    counts = survey(python_files(places), args.functions, args.per_file)
    for outcome, count in counts.most_common():
        print(f"{count:7}  {outcome}")
    return any(outcome[:2].isupper() for outcome in counts)


if __name__ == "__main__":
    sys.exit(main())
