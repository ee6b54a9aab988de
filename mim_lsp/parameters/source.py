"""A file, as everything that adds a parameter to it needs it: its text, its tree and its scopes."""

from __future__ import annotations

import re

from mim_lsp.parameters.unbound import Scopes
from mim_lsp.syntax.signatures import Signature as Signature
from mim_lsp.syntax.signatures import signature_at, signatures_of
from mim_lsp.syntax.tree import MAX_PARSED_CHARS, SyntaxTree


class Source:
    """One version of a Python file; what is asked first is worked out first."""

    def __init__(self, text: str, focus: int = 0) -> None:
        self.text = text
        self._focus = focus
        self.tree = SyntaxTree.parse(text, focus)
        self.scopes = Scopes(self.tree)
        self._signatures: list[Signature] | None = None

    def covers(self, offset: int) -> bool:
        """Whether what is around `offset` was parsed, which a very long file is only around the focus."""
        return len(self.text) <= MAX_PARSED_CHARS or abs(offset - self._focus) <= MAX_PARSED_CHARS // 4

    def function_at(self, offset: int) -> Signature | None:
        """The innermost function around `offset`: on a line's indentation or end, that of the line's code."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        line = self.text[line_start:].partition("\n")[0]
        column = len(line) - len(line.lstrip())
        column = min(max(column, offset - line_start), len(line.rstrip()) - 1)
        return signature_at(self.tree, line_start + column if line.strip() else offset)

    def functions_named(self, name: str) -> list[Signature]:
        """The functions of that name; in a long file quicker than all of them."""
        hits = (found.start() for found in re.finditer(rf"\bdef[ \t]+{re.escape(name)}\b", self.text))
        found = ((at, signature_at(self.tree, at)) for at in hits)
        return [each for at, each in found if each is not None and each.name == name and at < each.open]

    @property
    def signatures(self) -> list[Signature]:
        """All functions of the file."""
        if self._signatures is None:
            self._signatures = signatures_of(self.tree)
        return self._signatures
