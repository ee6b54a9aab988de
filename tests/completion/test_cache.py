"""What the suggestion cache finds while a person types on, deletes, and is helped by the editor."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion.cache import Answer, Shown, SuggestionCache, suffix_key
from mim_lsp.completion.types import Candidate

FILE = "file:///a.py"
SUFFIX = "\n\nprint(x)\n"


def candidate(text: str) -> Candidate:
    return Candidate(text, 0.5, "met")


def cache_with(prefix: str, *texts: str, suffix: str = SUFFIX, explicit: bool = False) -> SuggestionCache:
    cache = SuggestionCache()
    cache.add(FILE, prefix, suffix, Answer(tuple(map(candidate, texts)), None if texts else "blank", explicit))
    return cache


def texts(cache: SuggestionCache, prefix: str, suffix: str = SUFFIX, *, explicit: bool = False) -> list[str] | None:
    found = cache.find(FILE, prefix, suffix, explicit=explicit)
    return None if found is None else [fitting.text for fitting in found.fittings]


def test_typing_through_finds_the_rest() -> None:
    cache = cache_with("for x", " in values:")
    assert texts(cache, "for x") == [" in values:"]
    assert texts(cache, "for x in v") == ["alues:"]
    assert texts(cache, "for x in values:") is None
    assert texts(cache, "for x on") is None


def test_candidates_that_no_longer_fit_are_left_out() -> None:
    cache = cache_with("x = ", "sum(a)", "sorted(a)", "min(a)")
    assert texts(cache, "x = s") == ["um(a)", "orted(a)"]


def test_deleting_back_finds_the_older_suggestion() -> None:
    cache = cache_with("x = ", "sum(a)")
    cache.add(FILE, "x = mi", SUFFIX, Answer((candidate("n(a)"),)))
    assert texts(cache, "x = mi") == ["n(a)"]
    assert texts(cache, "x = ") == ["sum(a)"]


def test_another_suffix_is_another_place() -> None:
    assert texts(cache_with("x = ", "sum(a)"), "x = ", SUFFIX + "more") is None
    assert texts(cache_with("x = ", "sum(a)"), "x = ", "y" + SUFFIX) is None


def test_closers_of_the_editor_are_seen_through() -> None:
    cache = cache_with("x = ", "sum(a)")
    assert texts(cache, "x = sum(", ")" + SUFFIX) == ["a"]
    assert texts(cache, "x = sum(a", ")" + SUFFIX) is None


def test_closers_in_the_middle_are_replaced() -> None:
    cache = cache_with("x = ", "sum(a) + 1")
    found = cache.find(FILE, "x = sum(", ")" + SUFFIX)
    assert found is not None
    (fitting,) = found.fittings
    assert (fitting.text, fitting.replaces) == ("a) + 1", 1)


def test_closers_that_the_suggestion_lacks_end_it() -> None:
    assert texts(cache_with("x = ", "sum[a"), "x = ", ")" + SUFFIX) is None


def test_a_silence_is_remembered_for_its_own_place_only() -> None:
    cache = cache_with("x = 1")
    found = cache.find(FILE, "x = 1", SUFFIX)
    assert found is not None
    assert found.reason == "blank"
    assert cache.find(FILE, "x = 12", SUFFIX) is None
    assert cache.find(FILE, "x = 1", ")" + SUFFIX) is None


def test_a_suggestion_from_before_outlives_a_silence() -> None:
    cache = cache_with("x = ", "sum(a)")
    cache.add(FILE, "x = s", SUFFIX, Answer(reason="low_confidence"))
    assert texts(cache, "x = s") == ["um(a)"]


def test_an_explicit_request_wants_an_explicit_answer() -> None:
    assert texts(cache_with("x = ", "a"), "x = ", explicit=True) is None
    assert texts(cache_with("x = ", "a", explicit=True), "x = ", explicit=True) == ["a"]
    assert texts(cache_with("x = ", "a", explicit=True), "x = ") == ["a"]


def test_a_newer_answer_takes_the_place_of_an_older_one() -> None:
    cache = cache_with("x = ", "a")
    size = cache.bytes
    cache.add(FILE, "x = ", SUFFIX, Answer((candidate("b"),)))
    assert texts(cache, "x = ") == ["b"]
    assert cache.bytes == size


def test_documents_are_apart_and_can_be_forgotten() -> None:
    cache = cache_with("x = ", "a")
    cache.add("file:///b.py", "x = ", SUFFIX, Answer((candidate("b"),)))
    cache.forget(FILE)
    assert texts(cache, "x = ") is None
    assert cache.find("file:///b.py", "x = ", SUFFIX) is not None
    cache.forget("file:///b.py")
    assert cache.bytes == 0


def test_what_is_shown_stays_while_it_fits() -> None:
    shown = Shown("x = ", suffix_key(SUFFIX), Answer((candidate("sum(a)"),)))
    cache = cache_with("x = s", "et(a)")
    found = shown.at("x = s", SUFFIX)
    assert texts(cache, "x = s") == ["et(a)"]
    assert found is not None
    assert found.fittings[0].text == "um(a)"
    assert shown.at("x = se", SUFFIX) is None
    assert shown.at("x =", SUFFIX) is None


@given(st.lists(st.text(alphabet="ab\n", max_size=30), max_size=30))
def test_is_bounded_and_forgets_the_oldest(prefixes: list[str]) -> None:
    cache = SuggestionCache(max_bytes=1_000)
    for prefix in prefixes:
        cache.add(FILE, prefix, SUFFIX, Answer((candidate("text"),)))
        assert cache.bytes <= 1_000
        assert texts(cache, prefix) == ["text"]
