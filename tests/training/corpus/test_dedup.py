from __future__ import annotations

from mim_lsp.training.corpus.dedup import Deduplicator, Signer
from mim_lsp.training.corpus.words import WordHashes, hash_words

KNOWN = WordHashes()
SIGNER = Signer()


def signed(words: list[str]) -> bytes:
    return SIGNER.sign(hash_words(words, KNOWN))


def text_of(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def test_the_same_text_twice_is_an_exact_duplicate() -> None:
    duplicates = Deduplicator()
    assert not duplicates.is_exact_duplicate(b"a = 1\n")
    assert not duplicates.is_exact_duplicate(b"a = 2\n")
    assert duplicates.is_exact_duplicate(b"a = 1\n")


def test_a_few_changed_words_are_a_near_duplicate_of_the_first() -> None:
    duplicates = Deduplicator()
    original = text_of("word", 400)
    assert duplicates.near_duplicate_of("first", signed(original)) is None
    changed = [*original[:200], "changed", *original[201:]]
    assert duplicates.near_duplicate_of("second", signed(changed)) == "first"


def test_half_the_words_changed_is_another_text() -> None:
    duplicates = Deduplicator()
    original = text_of("word", 400)
    assert duplicates.near_duplicate_of("first", signed(original)) is None
    assert duplicates.near_duplicate_of("second", signed([*original[:200], *text_of("other", 200)])) is None
    assert duplicates.near_duplicate_of("third", signed(original)) == "first"


def test_the_same_words_in_another_order_are_another_text() -> None:
    duplicates = Deduplicator()
    original = text_of("word", 400)
    assert duplicates.near_duplicate_of("first", signed(original)) is None
    assert duplicates.near_duplicate_of("second", signed(original[::-1])) is None


def test_a_duplicate_is_not_remembered_so_that_drift_has_an_end() -> None:
    duplicates = Deduplicator()
    original = text_of("word", 400)
    duplicates.near_duplicate_of("first", signed(original))
    duplicates.near_duplicate_of("second", signed([*original[:390], *text_of("x", 10)]))
    assert duplicates.near_duplicate_of("third", signed([*original[:390], *text_of("x", 10)])) == "first"


def test_texts_shorter_than_a_shingle_are_compared_too() -> None:
    duplicates = Deduplicator()
    assert duplicates.near_duplicate_of("first", signed(["a", "b"])) is None
    assert duplicates.near_duplicate_of("second", signed(["a", "c"])) is None
    assert duplicates.near_duplicate_of("third", signed(["a", "b"])) == "first"


def test_signatures_of_another_signer_compare_as_well() -> None:
    duplicates = Deduplicator()
    original = text_of("word", 400)
    assert duplicates.near_duplicate_of("first", signed(original)) is None
    again = Signer().sign(hash_words(original, WordHashes()))
    assert again == signed(original)
    assert duplicates.near_duplicate_of("second", again) == "first"
