from __future__ import annotations

from mim_lsp.training.corpus.dedup import Deduplicator
from mim_lsp.training.corpus.words import Hashes, WordHashes, hash_words

KNOWN = WordHashes()


def hashes(words: list[str]) -> Hashes:
    return hash_words(words, KNOWN)


def text_of(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def test_the_same_text_twice_is_an_exact_duplicate() -> None:
    duplicates = Deduplicator()
    assert not duplicates.is_exact_duplicate("a = 1\n")
    assert not duplicates.is_exact_duplicate("a = 2\n")
    assert duplicates.is_exact_duplicate("a = 1\n")


def test_a_few_changed_words_are_a_near_duplicate_of_the_first() -> None:
    duplicates = Deduplicator()
    original = text_of("word", 400)
    assert duplicates.near_duplicate_of("first", hashes(original)) is None
    changed = [*original[:200], "changed", *original[201:]]
    assert duplicates.near_duplicate_of("second", hashes(changed)) == "first"


def test_half_the_words_changed_is_another_text() -> None:
    duplicates = Deduplicator()
    original = text_of("word", 400)
    assert duplicates.near_duplicate_of("first", hashes(original)) is None
    assert duplicates.near_duplicate_of("second", hashes([*original[:200], *text_of("other", 200)])) is None
    assert duplicates.near_duplicate_of("third", hashes(original)) == "first"


def test_the_same_words_in_another_order_are_another_text() -> None:
    duplicates = Deduplicator()
    original = text_of("word", 400)
    assert duplicates.near_duplicate_of("first", hashes(original)) is None
    assert duplicates.near_duplicate_of("second", hashes(original[::-1])) is None


def test_a_duplicate_is_not_remembered_so_that_drift_has_an_end() -> None:
    duplicates = Deduplicator()
    original = text_of("word", 400)
    duplicates.near_duplicate_of("first", hashes(original))
    duplicates.near_duplicate_of("second", hashes([*original[:390], *text_of("x", 10)]))
    assert duplicates.near_duplicate_of("third", hashes([*original[:390], *text_of("x", 10)])) == "first"


def test_texts_shorter_than_a_shingle_are_compared_too() -> None:
    duplicates = Deduplicator()
    assert duplicates.near_duplicate_of("first", hashes(["a", "b"])) is None
    assert duplicates.near_duplicate_of("second", hashes(["a", "c"])) is None
    assert duplicates.near_duplicate_of("third", hashes(["a", "b"])) == "first"
