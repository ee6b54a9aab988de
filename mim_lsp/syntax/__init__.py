"""Syntax by tree-sitter: languages, boundaries, holes, scopes, validity. Knows no model."""
