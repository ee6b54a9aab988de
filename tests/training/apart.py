"""Processes for tests that kill them or let them train together.

They come from a fork server, a process that has only imported what they need. A fork of the test runner itself would
inherit whatever locks the threads of earlier tests held at that moment.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext

START_METHOD = "forkserver"


def processes_apart() -> ForkServerContext:
    """The context that starts them; the imports are made once."""
    multiprocessing.set_forkserver_preload(["tests.training.test_loop"])
    return multiprocessing.get_context(START_METHOD)
