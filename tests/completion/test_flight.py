"""A completion under way: which keys it survives, and where it is given up."""

from __future__ import annotations

import pytest

from mim_lsp.completion.flight import Flight
from mim_lsp.errors import Cancelled


def flight(written: str = "") -> Flight:
    flight = Flight("x = ", "\ny\n")
    flight.watch(written)
    return flight


@pytest.mark.parametrize("typed", ["", "s", "sum", "sum(a)"])
def test_typing_along_is_followed(typed: str) -> None:
    one = flight("sum")
    assert one.follow("x = " + typed, "\ny\n")
    one.watch("sum(a)")
    assert not one.cancel.is_set()


def test_typing_something_else_gives_it_up() -> None:
    one = flight("sum")
    assert not one.follow("x = m", "\ny\n")
    assert one.cancel.is_set()


def test_it_is_given_up_when_it_writes_something_else_than_was_typed() -> None:
    one = flight("s")
    assert one.follow("x = sum", "\ny\n")
    one.watch("su")
    with pytest.raises(Cancelled):
        one.watch("sor")
    assert one.cancel.is_set()
    assert not one.follow("x = sum", "\ny\n")


def test_deleting_what_was_typed_is_followed_but_not_further() -> None:
    one = flight("sum")
    assert one.follow("x = su", "\ny\n")
    assert one.follow("x = ", "\ny\n")
    assert not one.follow("x =", "\ny\n")


def test_closers_of_the_editor_are_followed_and_other_edits_are_not() -> None:
    one = flight("sum(a)")
    assert one.follow("x = sum(", ")\ny\n")
    assert not one.follow("x = sum(", "\nz\n")


def test_line_breaks_of_windows_are_followed() -> None:
    one = Flight("x = [", "\r\n")
    one.watch("\n    1")
    assert one.follow("x = [\r\n    ", "\r\n")


@pytest.mark.parametrize(("text", "expected"), [("x = \ny\n", True), ("x = sum(a\ny\n", True), ("x = \nz\n", False)])
def test_is_within_what_has_both_its_ends(text: str, expected: bool) -> None:
    assert flight().is_within(text) is expected
    assert not flight().is_within("x \ny\n")
