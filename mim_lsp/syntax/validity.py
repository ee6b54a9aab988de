"""Whether a suggestion would leave a file's syntax worse than it found it."""

from __future__ import annotations

from mim_lsp.syntax.grammar import COMPOUND_STATEMENT_TYPES, STATEMENT_TYPES
from mim_lsp.syntax.lexing import missing_closers
from mim_lsp.syntax.tree import SimilarTrees, SyntaxTree, window_around

MAX_CHECKED_CHARS = 200_000
"""In longer files only so much around the insertion is parsed."""

_BRACKET_REACH = 4_000  # characters before the cursor in which open brackets are looked for
_BODY_TYPES = frozenset({"module", "block"})
_CLAUSE_TYPES = frozenset(
    {"case_clause", "elif_clause", "else_clause", "except_clause", "except_group_clause", "finally_clause"}
)
_BODY_HOLDER_TYPES = _BODY_TYPES | _CLAUSE_TYPES | COMPOUND_STATEMENT_TYPES

_trees = SimilarTrees()  # of what was checked last


def makes_syntax_worse(prefix: str, inserted: str, suffix: str) -> bool:
    """Whether `prefix` + `inserted` + `suffix` has more syntax errors than `prefix` + `suffix`.

    The text without the insertion is often broken already (`x = ` at the cursor): as many errors as before are no
    worse. Where no error is left, lines indented unlike their neighbours count too, since the grammar lets them pass.
    """
    start, end = window_around(prefix + suffix, len(prefix), len(prefix), MAX_CHECKED_CHARS)
    before, after = prefix[start:], suffix[: end - len(prefix)]
    changed = _trees.parse(before + inserted + after, focus=len(before))
    if changed.has_error:
        return _has_more_errors(changed, before, inserted, after)
    misindented = misindented_statements(changed)
    return misindented > 0 and misindented > misindented_statements(_trees.parse(before + after))


def _has_more_errors(changed: SyntaxTree, before: str, inserted: str, after: str) -> bool:
    """Whether `changed`, the text with the insertion, has more errors than that without.

    A bracket left open before the cursor is the typist's to close, and how many error nodes it makes is chance. So
    such an insertion is judged with the closers that `before` lacks, too.
    """
    errors = _trees.parse(before + after).error_count()
    if changed.error_count() <= errors:
        return False
    line_start = before.rfind("\n", 0, max(len(before) - _BRACKET_REACH, 0)) + 1
    closers = missing_closers(before, line_start)
    if not errors or not closers:
        return True
    return _trees.parse(before + inserted + closers + after, focus=len(before)).error_count() >= errors


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
