from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.syntax.edits import Edit, find_edit


@pytest.mark.parametrize(
    ("old", "new", "edit"),
    [
        (b"", b"", Edit(0, 0, 0)),
        (b"", b"abc", Edit(0, 0, 3)),
        (b"abc", b"", Edit(0, 3, 0)),
        (b"abc", b"abc", Edit(3, 3, 3)),
        (b"abcd", b"abXcd", Edit(2, 2, 3)),
        (b"abXcd", b"abcd", Edit(2, 3, 2)),
        (b"aa", b"aaaa", Edit(2, 2, 4)),
        (b"aaaa", b"aa", Edit(2, 4, 2)),
        (b"abc", b"xyz", Edit(0, 3, 3)),
    ],
)
def test_the_edit_is_the_shortest(old: bytes, new: bytes, edit: Edit) -> None:
    assert find_edit(old, new) == edit


@given(st.binary(max_size=12), st.binary(max_size=6), st.binary(max_size=6), st.binary(max_size=12))
def test_the_edit_makes_the_new_text_of_the_old(head: bytes, removed: bytes, inserted: bytes, tail: bytes) -> None:
    old, new = head + removed + tail, head + inserted + tail
    start, old_end, new_end = find_edit(old, new)
    assert old[:start] + new[start:new_end] + old[old_end:] == new
    assert old_end - start <= len(removed)
