"""Java."""

from __future__ import annotations

from mim_lsp.syntax.known import braces
from mim_lsp.syntax.language import Grammar, Language

_TYPES = frozenset(
    {
        "annotation_type_declaration",
        "class_declaration",
        "enum_declaration",
        "interface_declaration",
        "record_declaration",
    }
)
_COMPOUND = _TYPES | {
    "compact_constructor_declaration",
    "constructor_declaration",
    "do_statement",
    "enhanced_for_statement",
    "for_statement",
    "if_statement",
    "method_declaration",
    "switch_expression",
    "synchronized_statement",
    "try_statement",
    "try_with_resources_statement",
    "while_statement",
}
_BODIES = frozenset({"annotation_type_body", "class_body", "enum_body", "enum_body_declarations", "interface_body"})

JAVA = Language(
    id="java",
    name="Java",
    suffixes=(".java",),
    blocks="braces",
    grammar=Grammar("tree_sitter_java"),
    statement_types=_COMPOUND
    | {
        "assert_statement",
        "break_statement",
        "constant_declaration",
        "continue_statement",
        "expression_statement",
        "field_declaration",
        "import_declaration",
        "labeled_statement",
        "local_variable_declaration",
        "package_declaration",
        "return_statement",
        "throw_statement",
        "yield_statement",
    },
    import_types=frozenset({"import_declaration", "package_declaration"}),
    file_types=frozenset({"program", "ERROR"}),
    outer_types=_TYPES | _BODIES | {"program", "ERROR"},
    comment_types=frozenset({"line_comment", "block_comment"}),
    string_types=frozenset({"string_fragment", "multiline_string_fragment"}),
    line_comment="//",
    skipped="|".join(
        (braces.SLASH_COMMENTS, r'"""(?:\\.|[^\\])*?(?:"""|\Z)', braces.DOUBLE_QUOTED, braces.SINGLE_QUOTED)
    ),
    separators=braces.SEPARATORS,
    header=braces.header("class|interface|enum|record"),
    no_statement=braces.NO_STATEMENT,
    openings=braces.OPENINGS,
)
