"""Runs one program under resource limits: `python -I limited_program.py PROGRAM SECONDS`.

`execution.py` starts it as a script, so it imports nothing of ours. The limits are set here, not between fork and
exec, since a process with threads (torch's) must not run Python there.
"""

from __future__ import annotations

import math
import os
import resource
import sys
from pathlib import Path

PASSED = 86
"""Exit code of a program that ran to its end; one that calls `exit()` on its way has another."""

MEMORY_BYTES = 512 * 2**20
FILE_BYTES = 2**20
OPEN_FILES = 32


def set_limits(seconds: float) -> None:
    """Limit this process for good: processor time, memory, files, no further processes or threads, no core dumps."""
    cpu_seconds = math.ceil(seconds) + 1
    for limited, limit in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limited, (limit, limit))


def main() -> None:
    """Run the program; `os._exit` leaves no chance to threads and exit handlers that it may have set up."""
    path, seconds = sys.argv[1:]
    source = Path(path).read_text(encoding="utf-8")
    set_limits(float(seconds))
    exec(compile(source, path, "exec"), {"__name__": "__main__"})
    os._exit(PASSED)


if __name__ == "__main__":
    main()
