"""Rust."""

from __future__ import annotations

from mim_lsp.syntax.known import braces
from mim_lsp.syntax.language import Grammar, Language

_ITEMS = frozenset(
    {
        "enum_item",
        "foreign_mod_item",
        "function_item",
        "impl_item",
        "macro_definition",
        "mod_item",
        "struct_item",
        "trait_item",
        "union_item",
    }
)

RUST = Language(
    id="rust",
    name="Rust",
    suffixes=(".rs",),
    blocks="braces",
    grammar=Grammar("tree_sitter_rust"),
    statement_types=_ITEMS
    | {
        "associated_type",
        "attribute_item",
        "const_item",
        "expression_statement",
        "extern_crate_declaration",
        "field_declaration",
        "function_signature_item",
        "inner_attribute_item",
        "let_declaration",
        "static_item",
        "type_item",
        "use_declaration",
    },
    import_types=frozenset({"extern_crate_declaration", "use_declaration"}),
    file_types=frozenset({"source_file", "ERROR"}),
    outer_types=frozenset(
        {"source_file", "declaration_list", "foreign_mod_item", "impl_item", "mod_item", "trait_item", "ERROR"}
    ),
    comment_types=frozenset({"line_comment", "block_comment"}),
    string_types=frozenset({"string_content"}),
    line_comment="//",
    skipped="|".join(
        (
            braces.SLASH_COMMENTS,
            r'r(?P<hashes>#{1,16})".*?(?:"(?P=hashes)|\Z)',
            r'r"[^"]*(?:"|\Z)',
            r'"(?:\\.|[^"\\])*(?:"|\Z)',
            r"'(?:\\[^\n']{1,10}|\\'|[^'\\\n])'",  # but not the lifetime 'a
        )
    ),
    separators=braces.SEPARATORS,
    header=r"(?:[^;={}()]|\(\w+\))*\b(?:fn|struct|enum|union|impl|trait|mod)\b",
    no_statement=braces.NO_STATEMENT + r"|where\b",
    openings=braces.OPENINGS,
)
