"""Names that an insertion uses and that nothing in the file defines: most often the model made them up.

Python's own `ast` and `symtable` decide, over the function around the insertion alone; what the rest of the file
defines is looked up name by name. So the time does not grow with the file. Where it is in doubt a name counts as
defined: a good suggestion must not be blamed.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from keyword import kwlist, softkwlist

MAX_CHUNK_LINES = 400
"""Longer functions are not looked into."""
MAX_CHUNK_CHARS = 40_000
"""How far above the cursor the function around it is looked for."""
MAX_WORD_CHARS = 200
MAX_OCCURRENCES = 200
"""Places of a name in the file that are looked at."""

BUILTINS = frozenset(dir(builtins)) | {"__file__", "__path__", "__class__", "reveal_type", "WindowsError"}
"""Names that every module may read."""
_KNOWN = BUILTINS | set(kwlist) | set(softkwlist)
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_WORD_END = re.compile(r"[\w.]*\Z")
_WORD_START = re.compile(r"\w*")
_STAR_IMPORT = re.compile(r"^[ \t]*from\s+[\w.]+\s+import\s+\*", re.MULTILINE)
_FUNCTION = re.compile(r"[ \t]*(?:async[ \t]+)?def\b")
_NO_STATEMENT = ")]}#"  # what a line begins with that cannot begin a statement
_OWN_SCOPE = re.compile(r"(?:async[ \t]+def|def|class)\b")


@dataclass(frozen=True)
class _Chunk:
    """Whole lines of a text, that hold an insertion, as a module of their own."""

    source: str
    first_line: int
    """Line of the insertion's start in `source`, from 1."""
    last_line: int


def imports_everything(text: str) -> bool:
    """Whether there is a star import, which may define any name."""
    return _STAR_IMPORT.search(text) is not None


def undefined_names(prefix: str, inserted: str, suffix: str) -> frozenset[str]:
    """The names that `inserted` reads and that are defined neither in it, nor around it, nor by Python.

    Empty where the function around the insertion does not parse. A star import defines everything.
    """
    words = set(_WORD.findall(_with_whole_words(prefix, inserted, suffix))) - _KNOWN
    chunk = _chunk_around(prefix, inserted, suffix) if words else None
    used = _unbound(chunk, words) if chunk is not None else set()
    if not used or imports_everything(prefix) or imports_everything(suffix):
        return frozenset()
    return frozenset(name for name in used if not (_is_module_name(name, prefix) or _is_module_name(name, suffix)))


def _with_whole_words(prefix: str, inserted: str, suffix: str) -> str:
    """`inserted` with what it goes on with of a word, or attribute, before it, and with the word's end behind it."""
    before, after = _WORD_END.search(prefix[-MAX_WORD_CHARS:]), _WORD_START.match(suffix)
    return (before.group() if before else "") + inserted + (after.group() if after else "")


def _chunk_around(prefix: str, inserted: str, suffix: str) -> _Chunk | None:
    """The outermost function around the insertion, else the unindented statement; None if it is too long."""
    start = _chunk_start(prefix, inserted)
    source = prefix[start:] + inserted
    source += _lines_within(suffix, _indentation(source))
    if source.count("\n") > MAX_CHUNK_LINES:
        return None
    first = prefix.count("\n", start) + 1
    return _Chunk(textwrap.dedent(source), first, first + inserted.count("\n"))


def _chunk_start(prefix: str, inserted: str) -> int:
    """Where the outermost function around the end of `prefix` begins, else the unindented statement there."""
    at = start = prefix.rfind("\n") + 1
    bound = _indentation(prefix[start:] + inserted)
    found_function = False
    while at > 0 and bound > 0 and len(prefix) - at < MAX_CHUNK_CHARS:
        end, at = at, prefix.rfind("\n", 0, at - 1) + 1
        line = prefix[at:end]
        if not line.strip() or line.lstrip()[0] in _NO_STATEMENT or _indentation(line) >= bound:
            continue
        bound = _indentation(line)
        is_function = _FUNCTION.match(line) is not None
        if is_function or not found_function:
            start, found_function = at, found_function or is_function
    return start


def _lines_within(suffix: str, bound: int) -> str:
    """The rest of the cursor's line, and the lines below that are indented more than `bound`."""
    end = suffix.find("\n")
    while end >= 0:
        line_end = suffix.find("\n", end + 1)
        line = suffix[end + 1 : line_end if line_end >= 0 else len(suffix)]
        if line.strip() and _indentation(line) <= bound and line.lstrip()[0] not in _NO_STATEMENT:
            return suffix[:end]
        end = line_end
    return suffix


def _indentation(text: str) -> int:
    first = text[: len(text) - len(text.lstrip())].rpartition("\n")[2]
    return len(first.expandtabs(8))


def _unbound(chunk: _Chunk, words: set[str]) -> set[str]:
    """Those of `words` that the insertion reads and that no scope of the chunk around it binds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes
        try:
            tree = ast.parse(chunk.source)
            table = symtable.symtable(chunk.source, "<chunk>", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return set()
    read = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and node.id in words
        and chunk.first_line <= node.lineno <= chunk.last_line
    }
    scopes = list(_scopes(table))
    return {name for name in read if not any(_binds(scope, name) for scope in scopes)}


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)


def _binds(scope: symtable.SymbolTable, name: str) -> bool:
    """Whether a scope of the chunk binds `name`: any of them, since which ones are around matters little."""
    try:
        symbol = scope.lookup(name)
    except KeyError:
        return False
    return symbol.is_assigned() or symbol.is_parameter() or symbol.is_imported() or symbol.is_namespace()


def _is_module_name(name: str, text: str) -> bool:
    """Whether `name` stands in `text` where a module's own names are bound: outside of functions and classes."""
    for n, match in enumerate(re.finditer(rf"(?<![\w.]){re.escape(name)}\b", text)):
        if n >= MAX_OCCURRENCES or _is_at_top(text, match.start()):
            return True
    return False


def _is_at_top(text: str, offset: int) -> bool:
    """Whether the line of `offset` belongs to the module itself, or names a function or a class there."""
    line_start = text.rfind("\n", 0, offset) + 1
    own = text[line_start:offset]
    if own[:1] not in (" ", "\t"):
        return True
    if re.match(r"[ \t]*global\b", own):
        return True
    header = _unindented_above(text, line_start)
    return header is None or _OWN_SCOPE.match(header) is None


def _unindented_above(text: str, line_start: int) -> str | None:
    """The last line above `line_start` that is not indented; None if there is none."""
    end = line_start
    while end > 0:
        start = text.rfind("\n", 0, end - 1) + 1
        if text[start] not in " \t\n" + _NO_STATEMENT:
            return text[start:end]
        end = start
    return None
