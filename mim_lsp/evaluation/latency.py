"""`mim-lsp bench`: milliseconds per completion while a person types in the middle of real files.

At each place the rest of a line is taken out and typed again, character by character, with a completion after each.
The first completion finds cold caches; the following ones should cost their own tokens only.
"""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from mim_lsp.completion.types import Completer, CompletionOptions, CompletionResult
from mim_lsp.errors import DocumentError
from mim_lsp.evaluation.metrics import percentile

_DEFAULT_MODULES = ("argparse.py", "configparser.py", "csv.py", "shlex.py", "textwrap.py", "json/decoder.py")
_MIN_KEYS = 4  # a shorter rest of a line is no typing


@dataclass(frozen=True)
class Place:
    """A hole to type into: the rest of a line."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class LatencyReport:
    """Times are milliseconds of one completion; encoded tokens are those that the caches did not hold."""

    places: int
    keys: int
    """Completions after the first of each place."""
    first_ms_p50: float
    first_ms_p95: float
    key_ms_p50: float
    key_ms_p95: float
    first_encoded_tokens: float
    """Mean of the first completions."""
    key_encoded_tokens: float
    """Mean of the following ones: tokens encoded per key."""
    model: str

    def table(self) -> Table:
        """The report for people."""
        table = Table("", "p50", "p95", "tokens encoded", title=f"{self.model}, {self.places} places")
        rows = (
            ("first completion", self.first_ms_p50, self.first_ms_p95, self.first_encoded_tokens),
            (f"each of {self.keys} keys", self.key_ms_p50, self.key_ms_p95, self.key_encoded_tokens),
        )
        for name, p50, p95, tokens in rows:
            table.add_row(name, f"{p50:.1f} ms", f"{p95:.1f} ms", f"{tokens:.1f}")
        return table


def default_files() -> list[Path]:
    """A few files of Python's own library, which every machine has."""
    library = Path(sysconfig.get_path("stdlib"))
    return [library / name for name in _DEFAULT_MODULES]


def choose_places(texts: Sequence[str], per_text: int = 2, seed: int = 0) -> list[Place]:
    """Ends of lines in the middle third of each text, from a place inside the line; the same for the same seed.

    Raises:
        DocumentError: no text has such a line.
    """
    rng = random.Random(seed)
    places = []
    for text in texts:
        possible = list(_line_ends(text, rng))
        places += rng.sample(possible, min(per_text, len(possible)))
    if not places:
        raise DocumentError("no line in the middle of these files is long enough to type in; name other files")
    return places


def _line_ends(text: str, rng: random.Random) -> Iterator[Place]:
    """One place in each line of the middle third that has enough characters to type."""
    lines = text.split("\n")
    start = 0
    for number, line in enumerate(lines):
        indent, end = len(line) - len(line.lstrip()), len(line.rstrip())
        if len(lines) <= 3 * number < 2 * len(lines) and end - indent >= _MIN_KEYS:
            yield Place(text, start + rng.randint(indent, end - _MIN_KEYS), start + end)
        start += len(line) + 1


def measure(
    completer: Completer,
    places: Sequence[Place],
    *,
    options: CompletionOptions,
    keys: int = 20,
    progress: Callable[[], None] = lambda: None,
) -> LatencyReport:
    """Type up to `keys` characters at each place, with a completion before the first and after every one.

    One completion goes before them all and is not counted: what a process does only once is not measured.
    `progress` is called after each place. `places` holds at least one.
    """
    completer.complete(places[0].text, places[0].start, options)
    first: list[CompletionResult] = []
    following: list[CompletionResult] = []
    for number, place in enumerate(places):
        document = f"bench:{number}"
        results = [completer.complete(*at, options, document=document) for at in _typing(place, keys)]
        completer.forget(document)
        first.append(results[0])
        following += results[1:]
        progress()
    return LatencyReport(
        places=len(places),
        keys=len(following),
        first_ms_p50=_ms(first, 50),
        first_ms_p95=_ms(first, 95),
        key_ms_p50=_ms(following, 50),
        key_ms_p95=_ms(following, 95),
        first_encoded_tokens=_encoded_tokens(first),
        key_encoded_tokens=_encoded_tokens(following),
        model=completer.model_name,
    )


def _typing(place: Place, keys: int) -> Iterator[tuple[str, int]]:
    """The text and the cursor before the first key and after each one."""
    for cursor in range(place.start, min(place.end, place.start + keys) + 1):
        yield place.text[:cursor] + place.text[place.end :], cursor


def _ms(results: Sequence[CompletionResult], q: float) -> float:
    return percentile([result.elapsed_ms.total for result in results], q)


def _encoded_tokens(results: Sequence[CompletionResult]) -> float:
    return sum(result.encoded_tokens for result in results) / len(results)
