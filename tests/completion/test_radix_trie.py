"""The trie against a plain list of keys and values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.radix_trie import RadixTrie

KEYS = st.lists(st.text(alphabet="ab", max_size=6), max_size=20)


def test_values_are_found_under_every_longer_key() -> None:
    trie: RadixTrie[int] = RadixTrie()
    trie.add("for x", 1)
    trie.add("for y", 2)
    trie.add("for", 3)
    assert list(trie.along("for x in")) == [(3, 3), (5, 1)]
    assert list(trie.along("fo")) == []


def test_shared_beginnings_are_stored_once() -> None:
    trie: RadixTrie[int] = RadixTrie()
    trie.add("abcdef", 1)
    trie.add("abcxyz", 2)
    assert trie.characters == 9


@given(KEYS, KEYS, st.randoms(use_true_random=False))
def test_agrees_with_a_list(keys: list[str], questions: list[str], random: object) -> None:
    trie: RadixTrie[int] = RadixTrie()
    kept = [(key, number, trie.add(key, number)) for number, key in enumerate(keys)]
    for gone in kept[::3]:
        trie.remove(gone[2], gone[1])
    left = [one for one in kept if one not in kept[::3]]
    for question in [*questions, *keys]:
        expected = [(len(key), number) for key, number, _ in left if question.startswith(key)]
        assert sorted(trie.along(question)) == sorted(expected)


@given(KEYS)
def test_is_empty_again_when_everything_is_removed(keys: list[str]) -> None:
    trie: RadixTrie[int] = RadixTrie()
    places = [(trie.add(key, number), number) for number, key in enumerate(keys)]
    for node, number in places:
        trie.remove(node, number)
    assert trie.characters == 0
    assert all(list(trie.along(key)) == [] for key in keys)
