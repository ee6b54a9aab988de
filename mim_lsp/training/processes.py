"""Work in several processes, each of which is set up once."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

State = TypeVar("State")
Item = TypeVar("Item")

_state: Any = None
"""What this process was set up with."""


def each(
    items: Sequence[Item], set_up: Callable[[], State], work: Callable[[State, Item], None], processes: int | None
) -> Iterator[Item]:
    """Call `work(state, item)` for every item, in any order; gives each item when it is done.

    `set_up` makes a state in each process; it and `work` must be such as other processes can import. `processes` is the
    number of cores if None; with one, all is done in this process. The first error is raised here and ends the rest.
    """
    count = min(processes or os.cpu_count() or 1, len(items))
    if count <= 1:
        for state in [set_up()] if items else []:
            for item in items:
                work(state, item)
                yield item
        return
    # Not forked: the caller may have threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_set_up, initargs=(set_up,))
    try:
        futures = {pool.submit(_work, work, item): item for item in items}
        for future in as_completed(futures):
            future.result()
            yield futures[future]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _set_up(set_up: Callable[[], Any]) -> None:
    global _state
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _state = set_up()


def _end_with_parent() -> None:
    """A parent that is killed would leave its processes waiting for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(work: Callable[[Any, Any], None], item: Any) -> None:
    work(_state, item)
