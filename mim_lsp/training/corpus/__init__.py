"""Corpora: built from pinned, permissively licensed packages, and read back as documents."""

from __future__ import annotations

from mim_lsp.training.corpus.pipeline import build
from mim_lsp.training.corpus.progress import Progress, terminal_progress
from mim_lsp.training.corpus.reader import Document, read_documents
from mim_lsp.training.corpus.report import CorpusReport

__all__ = ["CorpusReport", "Document", "Progress", "build", "read_documents", "terminal_progress"]
