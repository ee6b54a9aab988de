"""JavaScript and TypeScript, each with and without XML in it."""

from __future__ import annotations

from dataclasses import replace

from mim_lsp.syntax.known import braces
from mim_lsp.syntax.language import Grammar, Language

_COMPOUND = frozenset(
    {
        "class_declaration",
        "do_statement",
        "for_in_statement",
        "for_statement",
        "function_declaration",
        "generator_function_declaration",
        "if_statement",
        "method_definition",
        "switch_statement",
        "try_statement",
        "while_statement",
        "with_statement",
    }
)
_STATEMENTS = _COMPOUND | {
    "break_statement",
    "class_static_block",
    "continue_statement",
    "debugger_statement",
    "empty_statement",
    "export_statement",
    "expression_statement",
    "import_statement",
    "labeled_statement",
    "lexical_declaration",
    "return_statement",
    "throw_statement",
    "variable_declaration",
}
# a / that stands where an operand must: a regular expression, whose brackets mean nothing
_REGULAR_EXPRESSION = r"(?:(?<=[=(,:!&|?\[])|(?<=[=(,:!&|?\[] ))/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/"

JAVASCRIPT = Language(
    id="javascript",
    name="JavaScript",
    suffixes=(".js", ".cjs", ".mjs"),
    blocks="braces",
    grammar=Grammar("tree_sitter_javascript"),
    statement_types=_STATEMENTS | {"field_definition"},
    import_types=frozenset({"import_statement"}),
    file_types=frozenset({"program", "ERROR"}),
    outer_types=frozenset({"program", "export_statement", "class_declaration", "class_body", "ERROR"}),
    comment_types=frozenset({"comment", "html_comment"}),
    string_types=frozenset({"string_fragment", "template_string"}),
    line_comment="//",
    quotes="'\"`",
    skipped="|".join(
        (
            braces.SLASH_COMMENTS,
            braces.DOUBLE_QUOTED,
            braces.SINGLE_QUOTED,
            r"`(?:\\.|[^`\\])*(?:`|\Z)",
            _REGULAR_EXPRESSION,
        )
    ),
    separators=braces.SEPARATORS,
    header=braces.header("function|class|interface|enum|namespace|module") + r"|[^;]*=>\s*\{\s*$",
    no_statement=braces.NO_STATEMENT,
    openings=braces.OPENINGS,
)
JAVASCRIPT_REACT = replace(JAVASCRIPT, id="javascriptreact", name="JavaScript with JSX", suffixes=(".jsx",))

_TYPES = frozenset({"abstract_class_declaration", "enum_declaration", "interface_declaration", "internal_module"})

TYPESCRIPT = replace(
    JAVASCRIPT,
    id="typescript",
    name="TypeScript",
    suffixes=(".ts", ".cts", ".mts"),
    grammar=Grammar("tree_sitter_typescript", "language_typescript"),
    statement_types=_STATEMENTS
    | _TYPES
    | {
        "abstract_method_signature",
        "ambient_declaration",
        "method_signature",
        "property_signature",
        "public_field_definition",
        "type_alias_declaration",
    },
    outer_types=JAVASCRIPT.outer_types | {"abstract_class_declaration", "ambient_declaration"},
)
TYPESCRIPT_REACT = replace(
    TYPESCRIPT,
    id="typescriptreact",
    name="TypeScript with JSX",
    suffixes=(".tsx",),
    grammar=Grammar("tree_sitter_typescript", "language_tsx"),
)
