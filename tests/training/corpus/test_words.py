from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.training.corpus.words import WordHashes, hash_words, split_words, window_hashes

WORDS = st.lists(st.sampled_from(["a", "b", "if", "(", "é", "😀"]), max_size=30)


def test_words_and_single_punctuation_characters() -> None:
    assert split_words("x_1 += f(é, '😀')\n") == ["x_1", "+", "=", "f", "(", "é", ",", "'", "😀", "'", ")"]
    assert split_words(" \n\t") == []


@given(WORDS, st.integers(min_value=1, max_value=12))
def test_equal_windows_have_equal_hashes_and_others_do_not(words: list[str], size: int) -> None:
    hashes = window_hashes(hash_words(words, WordHashes()), size).tolist()
    windows = [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
    assert len(hashes) == len(windows)
    assert len(set(hashes)) == len(set(windows))
    assert len(set(zip(hashes, windows, strict=True))) == len(set(windows))


def test_the_order_of_words_matters() -> None:
    first, second = (window_hashes(hash_words(words, WordHashes()), 2) for words in (["a", "b"], ["b", "a"]))
    assert first.dtype == np.uint64
    assert first != second


def test_hashes_do_not_depend_on_the_process() -> None:
    program = "from mim_lsp.training.corpus.words import WordHashes; print(WordHashes()['def'])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(result.stdout) == WordHashes()["def"]
