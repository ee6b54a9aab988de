"""The texts that a command is to work on; imported when a command runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mim_lsp.completion.document import read_document


def file_texts(paths: Iterable[Path]) -> list[str]:
    """The text of each file."""
    return [read_document(path) for path in paths]


def heldout_texts(corpus: Path, limit: int | None) -> list[str]:
    """The texts of a corpus's held-out files, at most `limit` of them."""
    from mim_lsp.training.corpus.reader import read_documents

    return [document.content for document in read_documents(corpus, "heldout", limit=limit)]
