"""What is kept of suggestions, and that no text is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mim_lsp.server import feedback
from mim_lsp.server.feedback import Feedback
from mim_lsp.stats import log

pytestmark = pytest.mark.asyncio
URI = "file:///secret_name.py"


@pytest.fixture
def kept(tmp_path: Path) -> Feedback:
    return Feedback(tmp_path / "stats.jsonl")


def events(kept: Feedback) -> list[dict[str, Any]]:
    kept.flush()
    return [{key: value for key, value in event.items() if key != "t"} for event in log.read(kept.path)]


def offer(kept: Feedback, text: str, rest: int = 0) -> str:
    (id,) = kept.accept_command(URI, rest, text, "python").arguments or ()
    return str(id)


def answer(kept: Feedback) -> None:
    kept.answered(latency_ms=12.345, source="cache", reason=None, characters=4, language="python", invoked=False)


async def test_an_answer_is_kept_with_its_facts(kept: Feedback) -> None:
    answer(kept)
    assert events(kept) == [
        {"e": "answer", "ms": 12.35, "from": "cache", "reason": None, "chars": 4, "lang": "python", "asked": False}
    ]


async def test_what_becomes_of_a_suggestion_is_kept_without_its_text_and_the_files_name(kept: Feedback) -> None:
    id = offer(kept, "password = 'hunter2'")
    kept.shown(id)
    kept.partly_accepted(id, 8, "utf-16")
    kept.accepted(id)
    assert [(event["e"], event["id"], event["chars"]) for event in events(kept)] == [
        ("shown", id, 20),
        ("partly", id, 8),
        ("accepted", id, 20),
    ]
    written = kept.path.read_text()
    assert not [word for word in ("password", "hunter2", "secret_name") if word in written]


async def test_typing_along_a_suggestion_keeps_its_identity(kept: Feedback) -> None:
    first = offer(kept, "return a + b", rest=10)
    assert offer(kept, "urn a + b", rest=10) == first
    assert offer(kept, "return a + b", rest=10) == first
    assert offer(kept, "a + b", rest=9) != first
    assert offer(kept, "other", rest=10) != first


@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 6), ("utf-16", 4), ("utf-32", 3)])
async def test_the_clients_units_become_characters(kept: Feedback, encoding: str, units: int) -> None:
    kept.partly_accepted(offer(kept, "a😀b😀"), units, encoding)
    assert events(kept)[0]["chars"] == 3


@pytest.mark.parametrize(("units", "characters"), [(-1, 0), (0, 0), (2, 1), (10**6, 4)])
async def test_odd_lengths_stay_within_the_text(kept: Feedback, units: int, characters: int) -> None:
    kept.partly_accepted(offer(kept, "a😀b\ud800"), units, "utf-16")
    assert events(kept)[0]["chars"] == characters


async def test_suggestions_that_nobody_remembers_are_passed_over(kept: Feedback) -> None:
    oldest = offer(kept, "text 0", rest=0)
    for number in range(feedback.REMEMBERED):
        offer(kept, f"text {number}", rest=number + 1)
    for id in (oldest, "unknown"):
        kept.shown(id)
        kept.accepted(id)
        kept.partly_accepted(id, 1, "utf-16")
    assert events(kept) == []


async def test_switched_off_it_keeps_nothing(kept: Feedback) -> None:
    kept.enabled = False
    answer(kept)
    kept.accepted(offer(kept, "text"))
    kept.flush()
    assert not kept.path.exists()


async def test_events_are_written_after_a_while_and_when_there_are_many(
    kept: Feedback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "FLUSH_S", 0.01)
    answer(kept)
    assert not kept.path.exists()
    await asyncio.sleep(0.05)
    assert len(list(log.read(kept.path))) == 1
    monkeypatch.setattr(feedback, "FLUSH_S", 1000)
    for _ in range(100):
        answer(kept)
    assert len(list(log.read(kept.path))) == 101


async def test_a_file_that_cannot_be_written_is_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    kept = Feedback(tmp_path / "file" / "stats.jsonl")
    answer(kept)
    kept.flush()
    kept.flush()
    assert len(caplog.records) == 1
