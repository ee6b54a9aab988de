"""What an engine writes of what the memory holds, and what it reads in advance of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mim_lsp.engine.memory import Remembering
from mim_lsp.engine.types import DecodeSettings, InfillRequest
from mim_lsp.runtime.arrays import FloatArray
from tests.engine.oracle import OracleRuntime, RandomRuntime, engine_on
from tests.engine.test_engine import EDITS, MEMORY, SETTINGS, requests_of, same_answer

REPEATED = "    print(circle.scaled(factor).area())\n"


class FlatRuntime(OracleRuntime):
    """A network that finds every token as likely as any other."""

    def log_probs(self, ids: Sequence[int]) -> FloatArray:
        return np.full(self.vocab_size, -np.log(self.vocab_size), np.float32)


def remembering(asked: InfillRequest, weights: Remembering | None = MEMORY, **options: Any) -> str:
    """The line that is written for a request by a network that has no idea, with a memory."""
    wanted = replace(SETTINGS, max_lines=1, **options)
    middles = engine_on(FlatRuntime(), memory=weights).generate(asked, wanted).middles
    return middles[0].text if middles else ""


@pytest.mark.parametrize("far", [False, True], ids=["above", "below"])
def test_what_stands_elsewhere_in_the_document_is_written_again(far: bool) -> None:
    prefix, suffix = "    print(circle", "\n    return\n"
    asked = InfillRequest(prefix, suffix, 0, 0)
    elsewhere = REPEATED + "    go()\n"
    whole = replace(asked, before=prefix if far else elsewhere + prefix, after=suffix + elsewhere if far else suffix)
    expected = REPEATED.removeprefix(prefix).removesuffix("\n")
    assert remembering(whole) == expected
    assert remembering(asked) != expected
    assert remembering(whole, memory=False) == remembering(whole, weights=None) == remembering(asked, memory=False)


def test_streams_remember_only_what_they_may_see() -> None:
    prefix, suffix = "    print(circle", "\n    return\n"
    above, below = (
        replace(InfillRequest(prefix, suffix, 0, 0), **{side: text})
        for side, text in (("before", REPEATED + prefix), ("after", suffix + REPEATED))
    )
    expected = REPEATED.removeprefix(prefix).removesuffix("\n")
    assert remembering(above, decode="streams") == expected
    assert remembering(below, decode="streams") != expected


@pytest.mark.parametrize("decode", ["infill", "streams"])
def test_what_stands_in_other_files_is_written_again(decode: str) -> None:
    prefix = "    print(circle"
    asked = InfillRequest(prefix, "\n    return\n", 0, 0, elsewhere=("go()\n", REPEATED))
    expected = REPEATED.removeprefix(prefix).removesuffix("\n")
    weights = MEMORY._replace(files=MEMORY.document)
    assert remembering(asked, weights, decode=decode) == expected
    assert remembering(asked, MEMORY, decode=decode) != expected


def test_a_token_that_is_healed_may_be_remembered() -> None:
    """`pri` is taken back, and the memory's token has to agree with it."""
    prefix = "    pri"
    asked = InfillRequest(prefix, "\n", 0, 0, before=REPEATED + "    go()\n" + prefix)
    assert remembering(asked).startswith("nt(circle")


@pytest.mark.parametrize("decode", ["infill", "forward"])
def test_what_the_memory_is_sure_of_is_read_in_advance(decode: str) -> None:
    prefix = "    print(circle"
    asked = InfillRequest(prefix, "\n    return\n", 0, 0, before=REPEATED + "    go()\n" + prefix)
    settings = [replace(SETTINGS, max_lines=1, decode=decode, draft=draft) for draft in (True, False)]
    fast, slow = (engine_on(FlatRuntime(), memory=MEMORY).generate(asked, wanted) for wanted in settings)
    assert fast.middles[0].text == slow.middles[0].text == REPEATED.removeprefix(prefix).removesuffix("\n")
    assert fast.steps < slow.steps / 2


@settings(max_examples=60)
@given(EDITS, st.integers(0, 3), st.integers(1, 2))
def test_a_draft_changes_nothing_of_what_a_side_writes(
    edits: list[tuple[int, int, str]], seed: int, candidates: int
) -> None:
    wanted = DecodeSettings(decode="forward", candidates=candidates, max_tokens=8)
    for asked in requests_of(edits):
        fast, slow = (
            engine_on(RandomRuntime(seed=seed), memory=MEMORY).generate(asked, replace(wanted, draft=draft))
            for draft in (True, False)
        )
        assert same_answer(fast, slow)
        assert fast.steps <= slow.steps
