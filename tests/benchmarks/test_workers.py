import os
from collections.abc import Iterator

import pytest

from benchmarks.workers import Worker, take_turns


class Served:
    """What the process under test holds."""

    def __init__(self, word: str) -> None:
        if not word:
            raise ValueError("no word")
        self._word = word

    def say(self, times: int) -> str:
        return self._word * times

    def variable(self, name: str) -> str | None:
        return os.environ.get(name)

    def times(self) -> list[float]:
        return [1.0, 2.0]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker("test", Served, ("ab",), {"OMP_NUM_THREADS": "7"})
    yield worker
    worker.close()


def test_calls_go_to_the_object_in_the_process(worker: Worker) -> None:
    assert worker.call("say", 3) == "ababab"
    assert worker.burst("times").ms == [1.0, 2.0]


def test_the_process_starts_with_its_own_environment(worker: Worker) -> None:
    assert worker.call("variable", "OMP_NUM_THREADS") == "7"
    assert os.environ.get("OMP_NUM_THREADS") != "7"


def test_errors_come_back_and_the_process_goes_on(worker: Worker) -> None:
    with pytest.raises(TypeError):
        worker.call("say", "x")
    assert worker.call("say", 1) == "ab"


def test_an_object_that_cannot_be_made_is_an_error() -> None:
    with pytest.raises(ValueError, match="no word"):
        Worker("broken", Served, ("",))


def test_each_round_begins_with_another_one() -> None:
    assert take_turns(["a", "b", "c"], 0) == ["a", "b", "c"]
    assert take_turns(["a", "b", "c"], 4) == ["b", "c", "a"]
