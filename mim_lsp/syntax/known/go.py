"""Go."""

from __future__ import annotations

from mim_lsp.syntax.known import braces
from mim_lsp.syntax.language import Grammar, Language

_COMPOUND = frozenset(
    {
        "expression_switch_statement",
        "for_statement",
        "function_declaration",
        "if_statement",
        "method_declaration",
        "select_statement",
        "type_switch_statement",
    }
)

GO = Language(
    id="go",
    name="Go",
    suffixes=(".go",),
    blocks="braces",
    grammar=Grammar("tree_sitter_go"),
    statement_types=_COMPOUND
    | {
        "assignment_statement",
        "break_statement",
        "const_declaration",
        "continue_statement",
        "dec_statement",
        "defer_statement",
        "expression_statement",
        "fallthrough_statement",
        "go_statement",
        "goto_statement",
        "import_declaration",
        "inc_statement",
        "labeled_statement",
        "package_clause",
        "return_statement",
        "send_statement",
        "short_var_declaration",
        "type_declaration",
        "var_declaration",
    },
    import_types=frozenset({"import_declaration", "package_clause"}),
    file_types=frozenset({"source_file", "ERROR"}),
    outer_types=frozenset({"source_file", "ERROR"}),
    comment_types=frozenset({"comment"}),
    string_types=frozenset({"interpreted_string_literal_content", "raw_string_literal_content"}),
    line_comment="//",
    quotes="'\"`",
    skipped="|".join((braces.SLASH_COMMENTS, braces.DOUBLE_QUOTED, r"`[^`]*(?:`|\Z)", braces.SINGLE_QUOTED)),
    separators=braces.SEPARATORS,
    header=r"func\b|type\b",
    no_statement=braces.NO_STATEMENT,
    openings=braces.OPENINGS,
)
