"""C and C++."""

from __future__ import annotations

from dataclasses import replace

from mim_lsp.syntax.known import braces
from mim_lsp.syntax.language import Grammar, Language

_COMPOUND = frozenset(
    {
        "case_statement",
        "do_statement",
        "enum_specifier",
        "for_statement",
        "function_definition",
        "if_statement",
        "linkage_specification",
        "struct_specifier",
        "switch_statement",
        "union_specifier",
        "while_statement",
    }
)
_DIRECTIVES = frozenset({"preproc_call", "preproc_def", "preproc_function_def", "preproc_include"})
_CONDITIONALS = frozenset({"preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif"})
# directives may hold half of a pair of brackets
_DIRECTIVE_LINE = r"(?m:^[ \t]*#(?:\\\r?\n|[^\n])*)"
_CHARACTER = r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"  # 1'000'000 has none

C = Language(
    id="c",
    name="C",
    suffixes=(".c", ".h"),
    blocks="braces",
    grammar=Grammar("tree_sitter_c"),
    statement_types=_COMPOUND
    | _DIRECTIVES
    | {
        "break_statement",
        "continue_statement",
        "declaration",
        "expression_statement",
        "field_declaration",
        "goto_statement",
        "labeled_statement",
        "return_statement",
        "type_definition",
    },
    import_types=frozenset({"preproc_include"}),
    file_types=_CONDITIONALS | {"translation_unit", "ERROR"},
    outer_types=_CONDITIONALS | {"translation_unit", "linkage_specification", "declaration_list", "ERROR"},
    comment_types=frozenset({"comment"}),
    string_types=frozenset({"string_content"}),
    line_comment="//",
    skipped="|".join((braces.SLASH_COMMENTS, _DIRECTIVE_LINE, braces.DOUBLE_QUOTED, _CHARACTER)),
    separators=braces.SEPARATORS,
    header=braces.header("struct|union|enum"),
    no_statement=braces.NO_STATEMENT,
    openings=braces.OPENINGS,
)

_CPP_COMPOUND = frozenset(
    {"class_specifier", "for_range_loop", "namespace_definition", "template_declaration", "try_statement"}
)

CPP = replace(
    C,
    id="cpp",
    name="C++",
    suffixes=(".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"),
    grammar=Grammar("tree_sitter_cpp"),
    statement_types=C.statement_types
    | _CPP_COMPOUND
    | {
        "alias_declaration",
        "co_return_statement",
        "co_yield_statement",
        "concept_definition",
        "friend_declaration",
        "namespace_alias_definition",
        "static_assert_declaration",
        "throw_statement",
        "using_declaration",
    },
    import_types=frozenset({"preproc_include", "using_declaration"}),
    outer_types=C.outer_types
    | {"class_specifier", "field_declaration_list", "namespace_definition", "struct_specifier", "template_declaration"},
    wrapper_types=frozenset({"template_declaration"}),
    string_types=C.string_types | {"raw_string_content"},
    skipped=r'R"(?P<delimiter>[^()\s\\]{0,16})\(.*?(?:\)(?P=delimiter)"|\Z)|' + C.skipped,
    header=braces.header("struct|union|enum|class|namespace|concept"),
)
