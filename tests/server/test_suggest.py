"""The way from a request to its suggestions: the cache, decodes under way, superseding, and what idle time brings."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from mim_lsp.completion.types import CancelFlag, Candidate, CompletionOptions, CompletionResult, Watch
from mim_lsp.errors import Cancelled
from mim_lsp.server import suggest
from mim_lsp.server.counters import Counters
from mim_lsp.server.idle import IdleWork
from mim_lsp.server.model_host import ModelHost, Place
from mim_lsp.server.suggest import Request, Suggested, Suggestions

pytestmark = pytest.mark.asyncio
OPTIONS = CompletionOptions()
STEP_S = 0.001


class SlowModel:
    """Writes the text for `LINE` one character a step, as told by `steps`; stops when its flag is set."""

    def __init__(self) -> None:
        self.line = "for value in values:"
        self.steps = asyncio.Semaphore(0)
        self.asked: list[str] = []
        self.compare_ms: list[float | None] = []
        self.active = self.most_active = 0
        self.speculated: list[str] = []
        self.warmed: list[Place] = []
        self.forgotten: list[str] = []

    async def complete(
        self, place: Place, options: CompletionOptions, cancel: CancelFlag, watch: Watch
    ) -> CompletionResult:
        before = place.text[: place.offset].rpartition("\n")[2]
        self.asked.append(before)
        self.compare_ms.append(options.compare_ms)
        self.active += 1
        self.most_active = max(self.active, self.most_active)
        try:
            return await self._write(before, cancel, watch)
        finally:
            self.active -= 1

    async def _write(self, before: str, cancel: CancelFlag, watch: Watch) -> CompletionResult:
        text = self.line[len(before) :] if self.line.startswith(before) else "pass"
        for end in range(len(text) + 1):
            while not cancel.is_set() and self.steps.locked():
                await asyncio.sleep(STEP_S)
            cancel.check()
            await self.steps.acquire()
            watch(text[:end])
        return _result(text)

    async def speculate(self, place: Place, options: CompletionOptions) -> CompletionResult:
        self.speculated.append(place.text)
        return _result("\n    pass")

    async def warm(self, place: Place, options: CompletionOptions) -> int:
        self.warmed.append(place)
        return 5

    def forget(self, document: str) -> None:
        self.forgotten.append(document)

    def go(self, steps: int = 1000) -> None:
        for _ in range(steps):
            self.steps.release()


class Typist:
    """One document that is typed into."""

    def __init__(self) -> None:
        self.model = SlowModel()
        self.counters = Counters()
        self.suggestions = Suggestions(cast("ModelHost", self.model), self.counters)
        self.text, self.suffix = "", "\nend\n"

    def request(self, *, explicit: bool = False, document: str = "a") -> Request:
        return Request(document, self.text + self.suffix, len(self.text), OPTIONS, explicit)

    def ask(self, *, explicit: bool = False, document: str = "a") -> asyncio.Task[Suggested]:
        return asyncio.create_task(self.suggestions.suggest(self.request(explicit=explicit, document=document)))

    def type(self, typed: str) -> None:
        self.text += typed
        self.suggestions.changed("a", self.text + self.suffix)

    async def shown(self) -> list[str]:
        return [fitting.text for fitting in (await self.ask()).fittings]

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(STEP_S)


def _result(text: str) -> CompletionResult:
    return CompletionResult((Candidate(text, 0.9, "met"),), encoded_tokens=3)


@pytest.fixture
def typist() -> Typist:
    return Typist()


async def test_typing_through_a_suggestion_asks_the_model_once(typist: Typist) -> None:
    typist.model.go()
    assert await typist.shown() == ["for value in values:"]
    for end in range(1, len("for value in values:")):
        typist.text = "for value in values:"[:end]
        assert await typist.shown() == ["for value in values:"[end:]]
    assert len(typist.model.asked) == 1


async def test_deleting_back_is_answered_from_the_cache(typist: Typist) -> None:
    typist.model.go()
    await typist.shown()
    typist.text = "x"
    await typist.shown()
    typist.text = ""
    assert await typist.shown() == ["for value in values:"]
    assert len(typist.model.asked) == 2


async def test_while_typing_an_answer_is_due_before_the_next_key(typist: Typist) -> None:
    typist.model.go()
    await typist.shown()
    for number in range(9):
        typist.suggestions.debounce.key(100 * number)
    typist.text = "x"
    await typist.shown()
    typist.text = "y"
    await typist.ask(explicit=True)
    in_time = typist.suggestions.debounce.compare_ms
    assert in_time is not None
    assert typist.model.compare_ms == [None, in_time, None], "at first nobody types, and who asked for it waits"


async def test_a_decode_goes_on_while_what_is_typed_agrees(typist: Typist) -> None:
    first = typist.ask()
    typist.model.go(4)
    await typist.settle()
    typist.type("for va")
    second = typist.ask()
    assert (await first).reason == "superseded"
    typist.model.go()
    answer = await second
    assert ([fitting.text for fitting in answer.fittings], answer.source) == (["lue in values:"], "flight")
    assert len(typist.model.asked) == 1
    assert typist.counters.decodes_started == 1


async def test_a_decode_is_given_up_at_the_first_divergence(typist: Typist) -> None:
    first = typist.ask()
    typist.model.go(4)
    await typist.settle()
    typist.type("x")
    second = typist.ask()
    assert (await first).reason == "superseded"
    typist.model.go()
    assert [fitting.text for fitting in (await second).fittings] == ["pass"]
    assert typist.counters.decodes_cancelled == 1
    assert typist.model.most_active <= 2


async def test_a_cancelled_request_leaves_its_decode_to_the_next_one(typist: Typist) -> None:
    first = typist.ask()
    await typist.settle()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    typist.type("f")
    second = typist.ask()
    typist.model.go()
    assert (await second).source == "flight"
    assert len(typist.model.asked) == 1


async def test_a_decode_that_nobody_waits_for_ends(typist: Typist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggest, "ORPHAN_S", 0.01)
    first = typist.ask()
    await typist.settle()
    first.cancel()
    async with asyncio.timeout(10):
        while typist.model.active:
            await asyncio.sleep(STEP_S)
    assert typist.counters.decodes_cancelled == 1


async def test_an_edit_elsewhere_ends_the_decode(typist: Typist) -> None:
    request = typist.ask()
    await typist.settle()
    typist.suggestions.changed("a", "\nthe end\n")
    assert (await request).reason == "cancelled"


async def test_a_burst_is_answered_whole_with_one_decode_at_a_time(typist: Typist) -> None:
    requests = []
    for number in range(100):
        typist.text = "x" * number
        requests.append(typist.ask())
        await asyncio.sleep(0)
    typist.model.go(100_000)
    answers = await asyncio.gather(*requests)
    assert len(answers) == 100
    assert [answer.reason for answer in answers[:-1]] == ["superseded"] * 99
    assert [fitting.text for fitting in answers[-1].fittings] == ["pass"]
    assert len(typist.model.asked) == typist.counters.decodes_cancelled + 1


async def test_documents_do_not_supersede_each_other(typist: Typist) -> None:
    first, second = typist.ask(document="a"), typist.ask(document="b")
    typist.model.go()
    assert (await first).reason is (await second).reason is None


async def test_an_explicit_request_is_not_answered_by_what_typing_found(typist: Typist) -> None:
    typist.model.go()
    await typist.shown()
    typist.model.go()
    assert (await typist.ask(explicit=True)).source == "engine"
    assert len(typist.model.asked) == 2


async def test_closing_frees_everything(typist: Typist) -> None:
    typist.model.go()
    await typist.shown()
    request = typist.ask(explicit=True)
    await asyncio.sleep(0)
    typist.suggestions.forget("a")
    assert (await request).reason == "superseded"
    await typist.settle()
    assert (typist.suggestions.cache.bytes, typist.suggestions.held_documents()) == (0, 0)
    assert typist.model.forgotten == ["a"]


async def test_a_late_answer_does_not_fill_the_cache_of_a_closed_document(typist: Typist) -> None:
    typist.ask()
    await typist.settle()
    typist.suggestions.forget("a")
    typist.model.go()
    await typist.settle()
    assert typist.suggestions.cache.bytes == 0


async def test_what_is_just_being_finished_when_the_settings_change_is_not_remembered(typist: Typist) -> None:
    finished = asyncio.Event()

    async def too_late_to_give_up(*_: object) -> CompletionResult:
        await finished.wait()
        return _result("under the old settings")

    typist.model.complete = too_late_to_give_up  # type: ignore[method-assign]
    request = typist.ask()
    await typist.settle()
    typist.suggestions.reset()
    finished.set()
    assert (await request).fittings == ()
    await typist.settle()
    assert typist.suggestions.cache.bytes == 0


async def test_nothing_is_remembered_when_the_settings_change(typist: Typist) -> None:
    typist.model.go()
    await typist.shown()
    typist.suggestions.reset()
    await typist.shown()
    assert len(typist.model.asked) == 2


def _idle(typist: Typist) -> tuple[IdleWork, list[asyncio.Task[None]]]:
    tasks: list[asyncio.Task[None]] = []

    def start(work: Coroutine[Any, Any, None]) -> None:
        tasks.append(asyncio.ensure_future(work))

    async def prepare(options: CompletionOptions, place: Place) -> CompletionOptions:
        return options

    return IdleWork(typist.suggestions, start, prepare), tasks


async def test_accepting_finds_what_was_prepared(typist: Typist) -> None:
    idle, tasks = _idle(typist)
    typist.model.go()
    answer = await typist.ask()
    idle.look_ahead(typist.request(), answer.fittings[0])
    await asyncio.gather(*tasks)
    typist.type("for value in values:")
    assert await typist.shown() == ["\n    pass"]
    assert (len(typist.model.asked), len(typist.model.speculated)) == (1, 1)
    idle.look_ahead(Request("a", typist.suffix, 0, OPTIONS, explicit=False), answer.fittings[0])
    await asyncio.gather(*tasks)
    assert len(typist.model.speculated) == 1


async def test_the_caches_are_brought_up_to_date_once_in_a_rest(typist: Typist) -> None:
    idle, tasks = _idle(typist)
    place = Place("a", "x\n", 1)
    idle.rest_at(place, OPTIONS, after_s=0)
    idle.rest_at(place, OPTIONS, after_s=0)
    await typist.settle()
    await asyncio.gather(*tasks)
    assert typist.model.warmed == [place]
    idle.rest_at(place, OPTIONS, after_s=0)
    await typist.settle()
    assert typist.model.warmed == [place]
    assert typist.counters.warmed_tokens == 5


async def test_a_key_in_time_keeps_the_caches_as_they_are(typist: Typist) -> None:
    idle, _ = _idle(typist)
    idle.rest_at(Place("a", "x\n", 1), OPTIONS, after_s=0.01)
    idle.stir("a")
    await asyncio.sleep(0.03)
    assert typist.model.warmed == []


async def test_idle_work_that_is_given_up_is_no_error(typist: Typist, monkeypatch: pytest.MonkeyPatch) -> None:
    idle, tasks = _idle(typist)

    async def give_up(place: Place, options: CompletionOptions) -> int:
        raise Cancelled

    monkeypatch.setattr(typist.model, "warm", give_up)
    idle.rest_at(Place("a", "x\n", 1), OPTIONS, after_s=0)
    await typist.settle()
    await asyncio.gather(*tasks)
    assert typist.counters.warmed_tokens == 0
