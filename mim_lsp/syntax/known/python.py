"""Python, the language that the model knows."""

from __future__ import annotations

from mim_lsp.syntax.grammar import IMPORT_TYPES, STATEMENT_TYPES
from mim_lsp.syntax.language import Grammar, Language

PYTHON = Language(
    id="python",
    name="Python",
    suffixes=(".py", ".pyi", ".pyw"),
    blocks="indentation",
    grammar=Grammar("tree_sitter_python"),
    statement_types=STATEMENT_TYPES,
    import_types=IMPORT_TYPES,
    file_types=frozenset({"module", "ERROR"}),
    # a function is no outer type, so that only the blocks of classes are entered
    outer_types=frozenset({"module", "class_definition", "decorated_definition", "block", "ERROR"}),
    wrapper_types=frozenset({"decorated_definition"}),
    comment_types=frozenset({"comment"}),
    string_types=frozenset({"string_content"}),
    line_comment="#",
    skipped=(
        r'"""(?:\\.|[^\\])*?"""'
        r"|'''(?:\\.|[^\\])*?'''"
        r'|"(?:\\.|[^"\\\n])*"'
        r"|'(?:\\.|[^'\\\n])*'"
        r"|#[^\n]*"
        r"|\\\r?\n"
    ),
    separators=":\n",
    header=r"(?:async\s+)?def\b|class\b",
    no_statement=r"[)\]}#]",
    openings=(r"\n(?=def )", r"\n(?=class )", r"\n(?=@)"),
)
