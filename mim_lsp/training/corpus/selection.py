"""Which files of a package enter the corpus: every rule in its order, cheapest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mim_lsp.training.corpus.decontaminate import Decontaminator, Task
from mim_lsp.training.corpus.dedup import Deduplicator
from mim_lsp.training.corpus.filters import DropReason, decode_source, path_reason, text_reason
from mim_lsp.training.corpus.manifest import Package
from mim_lsp.training.corpus.secrets import has_secret, mask_addresses
from mim_lsp.training.corpus.shards import Row
from mim_lsp.training.corpus.wheels import SourceFile
from mim_lsp.training.corpus.words import WordHashes, hash_words, split_words


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that enters the corpus, and how many e-mail addresses in it were masked."""

    row: Row
    masked_addresses: int


class Selector:
    """Examines files one after the other; whether a file is a duplicate depends on those before it."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._word_hashes = WordHashes()
        self._duplicates = Deduplicator()
        self._tasks = Decontaminator(tasks, self._word_hashes)

    def examine(self, package: Package, source: SourceFile) -> Kept | DropReason:
        """The file as it enters the corpus, or why it does not."""
        if any(fnmatchcase(source.path, pattern) for pattern in package.exclude):
            return DropReason.EXCLUDED
        reason = path_reason(source.path, source.size)
        if reason is not None:
            return reason
        if source.data is None:
            return DropReason.TOO_LARGE
        text = decode_source(source.data)
        if text is None:
            return DropReason.NOT_TEXT
        return self._examine_text(package, source.path, text)

    def _examine_text(self, package: Package, path: str, text: str) -> Kept | DropReason:
        words = split_words(text)
        reason = text_reason(text, words)
        if reason is not None:
            return reason
        if has_secret(text):
            return DropReason.SECRET
        reason = self._comparison_reason(f"{package.name}/{path}", text, words)
        if reason is not None:
            return reason
        masked, addresses = mask_addresses(text)
        return Kept(Row(masked, path, package.name, package.version, package.license), addresses)

    def _comparison_reason(self, key: str, text: str, words: list[str]) -> DropReason | None:
        if self._duplicates.is_exact_duplicate(text):
            return DropReason.EXACT_DUPLICATE
        hashes = hash_words(words, self._word_hashes)
        if self._tasks.is_contaminated(text, hashes):
            return DropReason.EVALUATION_TASK
        if self._duplicates.near_duplicate_of(key, hashes) is not None:
            return DropReason.NEAR_DUPLICATE
        return None
