"""The file of events: JSON lines in the user's state directory, bounded in size.

Each line is an object with `t` (seconds since 1970), `e` (the event) and what belongs to the event:

    answer    ms, from (cache, flight, engine or none), reason (null if something was offered), chars, lang, asked
    shown     id, chars, lang
    accepted  id, chars, lang
    partly    id, chars (accepted so far), lang

`chars` are numbers of characters, never characters. Several servers may write to the file at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mim_lsp.folders import state_folder

MOST_BYTES = 4_000_000
"""A file of this size becomes the older one, which is then forgotten at the next turn."""

Event = Mapping[str, object]


def default_path() -> Path:
    """The file of this user."""
    return state_folder() / "stats.jsonl"


def append(path: Path, events: Iterable[Event]) -> None:
    """Add events to the file, which is made if need be.

    Raises:
        OSError: it cannot be written.
    """
    lines = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size + len(lines) > MOST_BYTES:
        path.replace(older(path))
    # One write in append mode: lines of several servers do not mix.
    with path.open("ab", buffering=0) as file:
        file.write(lines.encode())


def read(path: Path) -> Iterator[dict[str, object]]:
    """The events of the older and the current file, oldest first; lines that are no events are passed over."""
    for each in (older(path), path):
        if not each.exists():
            continue
        with each.open("rb") as file:
            for line in file:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict) and isinstance(event.get("t"), int | float):
                    yield event


def older(path: Path) -> Path:
    """Where the events before the current file's are."""
    return path.with_suffix(".old.jsonl")
