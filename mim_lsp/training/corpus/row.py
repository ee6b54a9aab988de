"""A file of a corpus, with what is known of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One file of a corpus."""

    content: str
    path: str
    package: str
    version: str
    license: str
    kind: str = "code"
    """`code`, or `text`: natural language."""

    def order(self) -> bytes:
        """A sort key that mixes the packages: any first part of a shard is a fair sample of the corpus."""
        name = f"{self.package}\n{self.path}"  # a module and its docstrings have the same
        return hashlib.sha256((name if self.kind == "code" else f"{name}\n{self.kind}").encode()).digest()
