"""Random sessions in this process: short here, long with `MIM_RANDOM_EDITS=50000` or as a program of its own."""

from __future__ import annotations

import asyncio
import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.client_documents import ClientDocument, split_lines
from tests.server.random_session import ENCODINGS, in_process, over_stdio

EDITS = int(os.environ.get("MIM_RANDOM_EDITS", "6000"))
EACH = 500


@pytest.mark.parametrize("seed", range(max(1, EDITS // EACH)))
def test_a_random_session_leaves_server_and_client_agreed(seed: int) -> None:
    done = asyncio.run(in_process(random.Random(seed), ENCODINGS[seed % 3], EACH))
    assert done["edits"] >= EACH
    assert min(done["requests"], done["cancel"], done["close"], done["comparisons"], done["decodes"]) > 10


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), st.sampled_from(ENCODINGS))
def test_a_short_session_that_shrinks_when_it_fails(rng: random.Random, encoding: str) -> None:
    asyncio.run(in_process(rng, encoding, 20))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_random_session_over_the_streams(encoding: str) -> None:
    done = asyncio.run(over_stdio(random.Random(7), encoding, 700))
    assert done["decodes"] > 10


def test_the_embedded_model_survives_a_random_session() -> None:
    done = asyncio.run(in_process(random.Random(1), "utf-16", 300, "mim-py-nano"))
    assert done["decodes"] > 5


def test_the_clients_lines_are_those_of_the_protocol() -> None:
    assert split_lines("a\r\nb\rc\n\x0cd\u2028e\n") == ["a\r\n", "b\r", "c\n", "\x0cd\u2028e\n", ""]
    assert split_lines("") == [""]


@pytest.mark.parametrize(("encoding", "columns"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_the_clients_columns_are_in_its_units(encoding: str, columns: int) -> None:
    document = ClientDocument("u", "x\r\n😀y", encoding)
    assert document.position(4) == {"line": 1, "character": columns}
    assert document.offset({"line": 1, "character": columns}) == 4
    assert document.offset({"line": 1, "character": columns - 1}) == 3
    assert document.offset({"line": 0, "character": 99}) == 1
    assert document.offset({"line": 9, "character": 0}) == 5
