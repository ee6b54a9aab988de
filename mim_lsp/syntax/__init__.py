"""Python's syntax by tree-sitter: boundaries, holes, scopes, validity. Knows no model."""
