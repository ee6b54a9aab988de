"""What there is to know about a package's files alone: which are left out for themselves, and how to compare the rest.

Packages are examined in parallel, in any order; comparing files with each other is `selection`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from mim_lsp.training.corpus.archives import SourceFile, source_files
from mim_lsp.training.corpus.decontaminate import Decontaminator, Task
from mim_lsp.training.corpus.dedup import Signer
from mim_lsp.training.corpus.filters import MAX_BYTES, DropReason, decode_source, path_reason, text_reason
from mim_lsp.training.corpus.manifest import Package
from mim_lsp.training.corpus.prose import docstrings_of, is_chosen, is_document_path, prose_reason
from mim_lsp.training.corpus.secrets import has_secret, mask_addresses
from mim_lsp.training.corpus.words import WordHashes, hash_words, split_words

Kind = Literal["code", "text"]

_MAX_KNOWN_WORDS = 3_000_000  # a few hundred MB


@dataclass(frozen=True, slots=True)
class Examined:
    """A file, or the docstrings of one: left out for `reason`, or, without one, kept unless it repeats another."""

    path: str
    kind: Kind
    size: int
    """In bytes, as found."""
    reason: DropReason | None
    content: str = ""
    """As it enters the corpus; empty if left out."""
    masked_addresses: int = 0
    digest: bytes = b""
    """Of the text as found, to tell exact repetitions."""
    signature: bytes = b""
    """Of its words, to tell near ones."""
    is_contaminated: bool = False
    """Whether it shares telling text with an evaluation task."""


class Examiner:
    """Examines packages against the evaluation tasks; remembers nothing that changes what it finds."""

    def __init__(self, tasks: Sequence[Task], *, prose: bool = False, docstring_share: float = 0.0) -> None:
        self._word_hashes = WordHashes()
        self._tasks = Decontaminator(tasks, self._word_hashes)
        self._signer = Signer()
        self._prose, self._docstring_share = prose, docstring_share

    def examine(self, package: Package, archive: Path) -> Iterator[Examined]:
        """What is found of each file, by path; a module's docstrings come right after it."""
        for source in source_files(archive, package, self._is_wanted, MAX_BYTES):
            kind: Kind = "code" if source.path.endswith(".py") else "text"
            found = self._examine_file(package, source, kind)
            yield found
            if kind == "code" and found.reason is None:
                yield from self._examine_docstrings(package, found)
        if len(self._word_hashes) > _MAX_KNOWN_WORDS:
            self._word_hashes.clear()

    def _is_wanted(self, path: str) -> bool:
        return path.endswith(".py") or (self._prose and is_document_path(path))

    def _examine_file(self, package: Package, source: SourceFile, kind: Kind) -> Examined:
        left_out = Examined(source.path, kind, source.size, None)
        if any(fnmatchcase(source.path, pattern) for pattern in package.exclude):
            return replace(left_out, reason=DropReason.EXCLUDED)
        reason = path_reason(source.path, source.size)
        if reason is not None:
            return replace(left_out, reason=reason)
        if source.data is None:
            return replace(left_out, reason=DropReason.TOO_LARGE)
        text = decode_source(source.data)
        if text is None:
            return replace(left_out, reason=DropReason.NOT_TEXT)
        return self._examine_text(left_out, text, text_reason if kind == "code" else prose_reason)

    def _examine_docstrings(self, package: Package, module: Examined) -> Iterator[Examined]:
        if is_chosen(f"{package.name}\n{module.path}", self._docstring_share):
            text = docstrings_of(module.content)
            if text is not None:
                docstrings = Examined(module.path, "text", len(text.encode()), None)
                yield self._examine_text(docstrings, text, prose_reason)

    def _examine_text(
        self, found: Examined, text: str, rule: Callable[[str, Sequence[str]], DropReason | None]
    ) -> Examined:
        words = split_words(text)
        reason = rule(text, words) or (DropReason.SECRET if has_secret(text) else None)
        if reason is not None:
            return replace(found, reason=reason)
        hashes = hash_words(words, self._word_hashes)
        content, masked = mask_addresses(text)
        return replace(
            found,
            content=content,
            masked_addresses=masked,
            digest=hashlib.sha256(text.encode("utf-8")).digest(),
            signature=self._signer.sign(hashes),
            is_contaminated=self._tasks.is_contaminated(text, hashes),
        )
