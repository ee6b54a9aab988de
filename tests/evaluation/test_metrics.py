"""The worth of one completion."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.evaluation.metrics import (
    edit_similarity,
    exact_match,
    is_valid_python,
    levenshtein,
    percentile,
    repeats_suffix,
)

SHORT = st.text(alphabet="ab \n", max_size=6)


@pytest.mark.parametrize(
    ("completion", "answer", "matches"),
    [
        ("    return x\n", "    return x\n", True),
        ("return x", "    return x\n", True),
        ("    return x  \r\n    y = 1\n", "    return x\n", True),
        ("\n    return x\n", "    return x\n", False),
        ("    return xs\n", "    return x\n", False),
        ("", "    return x\n", False),
        ("if a:\n    b\n", "if a:\n    b", True),
        ("if a:\n    b\nc", "if a:\n    b", False),
        ("if a:", "if a:\n    b", False),
        ("\n    b", "\n    b", True),
        ("", "", True),
    ],
)
def test_exact_match(completion: str, answer: str, matches: bool) -> None:
    assert exact_match(completion, answer) is matches


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("ab", "ba", 2)],
)
def test_levenshtein_of_known_pairs(a: str, b: str, distance: int) -> None:
    assert levenshtein(a, b) == distance


@given(SHORT, SHORT)
def test_levenshtein_is_the_least_number_of_edits(a: str, b: str) -> None:
    @cache
    def least(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        return min(least(i - 1, j) + 1, least(i, j - 1) + 1, least(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    assert levenshtein(a, b) == least(len(a), len(b))


def test_edit_similarity_is_normalised_by_the_longer_text() -> None:
    assert edit_similarity("  abcd\n more", "abxd\n") == 0.75
    assert edit_similarity("a", "abcd") == 0.25
    assert edit_similarity("", "abcd") == 0.0
    assert edit_similarity(" ", "\n") == 1.0


@given(SHORT, SHORT)
def test_an_exact_match_is_the_highest_similarity(a: str, b: str) -> None:
    assert 0 <= edit_similarity(a, b) <= 1
    assert (edit_similarity(a, b) == 1) == exact_match(a, b)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("", True),
        ("x = 1\r\ny = '🐍'\n", True),
        ("x = '\\d'\n", True),  # an invalid escape only warns
        ("def f(:\n", False),
        ("    x = 1\n", False),
        ("x = '\0'", False),
        ("x = '\ud800'", False),
        ("(" * 10_000, False),
        ("-" * 200_000 + "1", False),
    ],
)
def test_syntax(text: str, valid: bool) -> None:
    assert is_valid_python(text) is valid


@pytest.mark.parametrize(
    ("completion", "suffix", "repeats"),
    [
        ("x = 1\nreturn x\n", "\n\n    return x\ny", True),
        ("    return x", "    return x\n", True),
        ("f(a, b)", ")\n", False),
        ("f(a)\n)", ")\n", True),
        ("value.name", "name\n", True),
        ("value.id", "id\n", False),
        ("return x", "return xs\n", False),
        ("return x\ny = 2", "return x\n", False),
        ("", "", False),
        ("\n ", "\n ", False),
        ("x", "", False),
    ],
)
def test_repeating_the_suffix(completion: str, suffix: str, repeats: bool) -> None:
    assert repeats_suffix(completion, suffix) is repeats


def test_percentile_interpolates() -> None:
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([0.0, 10.0], 95) == 9.5
