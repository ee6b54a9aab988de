from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.server.settings.keys import all_settings
from mim_lsp.server.settings.kinds import Choice, Flag, Kind, Number, Patterns, Text, Texts, Whole, Words

GOOD: list[tuple[Kind, Any, object]] = [
    (Flag(), False, False),
    (Choice(("a", "b")), "b", "b"),
    (Whole(1), 32, 32),
    (Whole(1), 32.0, 32),
    (Whole(0, 5), 5, 5),
    (Number(0, 1), 0, 0.0),
    (Number(0, 1), 1, 1.0),
    (Text(), "nano", "nano"),
    (Texts(), [], ()),
    (Texts(), {}, ()),
    (Texts(), ["a", "b"], ("a", "b")),
    (Words(("a", "b")), ["b"], ("b",)),
    (Patterns(), ["*.py", "!/gen/**/[a-c]?.py", "**/a/**/b*"], ("*.py", "!/gen/**/[a-c]?.py", "**/a/**/b*")),
]
BAD: list[tuple[Kind, Any]] = [
    (Flag(), 1),
    (Flag(), "true"),
    (Choice(("a", "b")), "c"),
    (Choice(("a", "b")), ["a"]),
    (Whole(1), 0),
    (Whole(1), True),
    (Whole(1), 1.5),
    (Whole(1), "64"),
    (Whole(0, 5), 6),
    (Whole(1), float("inf")),
    (Number(1, 9), 0.99),
    (Number(1, 9), float("nan")),
    (Number(1, 9), 10**400),
    (Number(0, 1), True),
    (Number(0, 1), {}),
    (Text(), " "),
    (Text(), 3),
    (Texts(), "a"),
    (Texts(), ["a", 1]),
    (Texts(), ["a", ""]),
    (Texts(), {"a": True}),
    (Words(("a", "b")), ["c"]),
    (Words(("a", "b")), "a"),
    (Patterns(), "*.py"),
    (Patterns(), ["!"]),
    (Patterns(), ["a\\"]),
    (Patterns(), ["[z-a]"]),
    (Patterns(), ["*a*a*a*a*b"]),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize(("kind", "given_", "taken"), GOOD)
def test_a_fitting_value_is_taken(kind: Kind, given_: Any, taken: object) -> None:
    value = kind.take(given_)
    assert (value, type(value)) == (taken, type(taken))


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_another_is_refused_with_what_is_expected(kind: Kind, value: Any) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is compared below
        kind.take(value)
    assert str(error.value) == kind.expected


@given(st.sampled_from(all_settings()), JSON)
def test_any_value_is_taken_or_refused(setting: Any, value: object) -> None:
    try:
        taken = setting.key.kind.take(value)
    except ValueError:
        return
    assert setting.key.kind.take(taken) == taken
