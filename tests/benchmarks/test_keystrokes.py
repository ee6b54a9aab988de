import pytest

from benchmarks.keystrokes import Place, choose_places

LINES = [f"    value_{i:03} = compute(argument_{i:03}, other)  " for i in range(30)]
TEXT = "\n".join(LINES)


def test_typing_takes_the_rest_of_the_line_out_and_puts_it_back() -> None:
    place = Place("abcdef\nrest", 2, 6)
    assert list(place.typing(2)) == [("ab\nrest", 2), ("abcd\nrest", 4), ("abcdef\nrest", 6)]


def test_places_are_line_ends_in_the_middle_third() -> None:
    for place in choose_places([TEXT], n=10, keys=20):
        assert place.end - place.start == 20
        assert TEXT[: place.end].count("\n") in range(10, 20)
        assert TEXT[place.end :].partition("\n")[0].strip() == ""
        assert TEXT[place.start : place.end].strip()


def test_places_are_different_and_the_same_for_the_same_seed() -> None:
    first = choose_places([TEXT, TEXT.upper()], n=8)
    assert len(set(first)) == 8
    assert first == choose_places([TEXT, TEXT.upper()], n=8)
    assert first != choose_places([TEXT, TEXT.upper()], n=8, seed=1)
    assert {place.text for place in first[:2]} == {TEXT, TEXT.upper()}


def test_too_few_long_lines_are_an_error() -> None:
    with pytest.raises(ValueError, match="only 0 of 10 places"):
        choose_places(["short\nlines\nonly"])
