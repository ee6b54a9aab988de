"""Whether a suggestion would leave a file's syntax worse than it found it."""

from __future__ import annotations

from mim_lsp.syntax.grammar import COMPOUND_STATEMENT_TYPES, STATEMENT_TYPES
from mim_lsp.syntax.known.python import PYTHON
from mim_lsp.syntax.lexing import missing_closers, unbalanced_brackets
from mim_lsp.syntax.tree import SimilarTrees, SyntaxTree, window_around

MAX_CHECKED_CHARS = 20_000
"""In longer files only so much around the insertion is parsed: a text that does not parse, as most do while a line is
being typed, takes tree-sitter 17 ms for 200,000 characters, and it is parsed again for every key."""

MAX_PLAIN_CHARS = 10_000
"""So much on each side of the insertion is looked at for brackets."""

_BRACKET_REACH = 4_000  # characters before the cursor in which open brackets are looked for
_BODY_TYPES = frozenset({"module", "block"})
_CLAUSE_TYPES = frozenset(
    {"case_clause", "elif_clause", "else_clause", "except_clause", "except_group_clause", "finally_clause"}
)
_BODY_HOLDER_TYPES = _BODY_TYPES | _CLAUSE_TYPES | COMPOUND_STATEMENT_TYPES

_trees = SimilarTrees()  # of what was checked last


def makes_syntax_worse(prefix: str, inserted: str, suffix: str, language: str = "python") -> bool:
    """Whether `prefix` + `inserted` + `suffix` has more syntax errors than `prefix` + `suffix`.

    The text without the insertion is often broken already (`x = ` at the cursor): as many errors as before are no
    worse. Where no error is left in Python, lines indented unlike their neighbours count too, since the grammar lets
    them pass. In a `language` (LSP `languageId`) without a grammar, brackets without a partner are the errors.
    """
    start, end = window_around(prefix + suffix, len(prefix), len(prefix), MAX_CHECKED_CHARS, language)
    before, after = prefix[start:], suffix[: end - len(prefix)]
    changed = _trees.parse(before + inserted + after, len(before), language)
    if not changed.is_parsed:
        return _unbalances(before, inserted, after, language)
    if changed.has_error:
        return _has_more_errors(changed, before, inserted, after)
    if changed.language is not PYTHON:
        return False
    misindented = misindented_statements(changed)
    return misindented > 0 and misindented > misindented_statements(_trees.parse(before + after))


def _unbalances(before: str, inserted: str, after: str, language: str) -> bool:
    """Whether more brackets around the insertion lack a partner with it than without."""
    before, after = before[-MAX_PLAIN_CHARS:], after[:MAX_PLAIN_CHARS]
    return unbalanced_brackets(before + inserted + after, language) > unbalanced_brackets(before + after, language)


def _has_more_errors(changed: SyntaxTree, before: str, inserted: str, after: str) -> bool:
    """Whether `changed`, the text with the insertion, has more errors than that without.

    A bracket left open before the cursor is the typist's to close, and how many error nodes it makes is chance. So
    such an insertion is judged with the closers that `before` lacks, too.
    """
    language = changed.language.id
    errors = _trees.parse(before + after, language=language).error_count()
    if changed.error_count() <= errors:
        # one that was there may have hidden another, most of all where statements end with a semicolon
        return changed.language is not PYTHON and _unbalances(before, inserted, after, language)
    line_start = before.rfind("\n", 0, max(len(before) - _BRACKET_REACH, 0)) + 1
    closers = missing_closers(before, line_start, language)
    if not errors or not closers:
        return True
    closed = _trees.parse(before + inserted + closers + after, len(before), language)
    return closed.error_count() >= errors


def misindented_statements(tree: SyntaxTree) -> int:
    """How many statements begin a line in another column than the first of their block does.

    Python refuses each of them; tree-sitter's grammar accepts a line that is indented too far, or dedented to a
    column that no open block has.
    """
    count = 0
    places: dict[int, tuple[int, int]] = {}  # by block: the first statement's column, the last one's row
    for node, parent, _ in tree.walk(enter=lambda node: node.type in _BODY_HOLDER_TYPES):
        is_statement = node.type in STATEMENT_TYPES or node.type == "case_clause"
        if parent is None or parent.type not in _BODY_TYPES or not is_statement:
            continue
        row, column = node.start_point
        first_column, last_row = places.get(parent.id, (column, -1))
        count += row != last_row and column != first_column
        places[parent.id] = first_column, node.end_point.row
    return count
