"""Arguments that are taken out of calls in real code, and asked back: the second half of `mim-lsp eval parameters`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mim_lsp.completion.types import Completer, CompletionOptions
from mim_lsp.errors import EditError
from mim_lsp.evaluation.parameter_ways import IS_ACTION, WAYS, Way, asking
from mim_lsp.evaluation.proportion import Proportion, proportion
from mim_lsp.parameters.changes import apply
from mim_lsp.parameters.insertion import argument_slot
from mim_lsp.parameters.missing_argument import LackingCall, add_arguments, lacking_call
from mim_lsp.parameters.proposals import OPTIONS, Ask, value_at
from mim_lsp.parameters.removal import RemovedArgument, passed_value, removable_arguments, remove_argument
from mim_lsp.parameters.source import Source

MAX_PER_FILE = 4
MAX_FILE_CHARS = 60_000
_MAX_TRIES = 40  # of one file


@dataclass(frozen=True)
class ArgumentRates:
    """Shares of all calls."""

    cases: int
    value: Proportion
    """The value is the one that was taken out."""
    valid: Proportion
    """A value was found, and the file parses with it. What is refused counts as not valid."""


def draw_arguments(texts: Sequence[str], count: int, seed: int = 1) -> list[RemovedArgument]:
    """At most `count` arguments taken out of calls in `texts`, `MAX_PER_FILE` of a file."""
    chance = random.Random(seed)
    order = [text for text in texts if len(text) <= MAX_FILE_CHARS]
    chance.shuffle(order)
    return list(islice((case for text in order for case in _of_file(text, chance)), count))


def measure_arguments(
    completer: Completer,
    cases: Sequence[RemovedArgument],
    *,
    ways: Sequence[Way] = WAYS,
    options: CompletionOptions = OPTIONS,
    progress: Callable[[], None] = lambda: None,
) -> dict[Way, ArgumentRates]:
    """Ask every argument back in each of the ways; `options` are passed on to the completer."""
    values: dict[Way, list[str | None]] = {way: [] for way in ways}
    for case in cases:
        for way in ways:
            values[way].append(_value(case, way, asking(way, completer, options)))
        progress()
    return {way: _rates(cases, values[way]) for way in ways}


def _of_file(text: str, chance: random.Random) -> Iterator[RemovedArgument]:
    source = Source(text)
    if not source.scopes.parses:
        return
    places = removable_arguments(source)
    chance.shuffle(places)
    found = (remove_argument(source, *place) for place in places[:_MAX_TRIES])
    cases = (case for case in found if case is not None and _lacking(Source(case.text, case.call), case) is not None)
    yield from islice(cases, MAX_PER_FILE)


def _lacking(source: Source, case: RemovedArgument) -> LackingCall | None:
    """The call without its argument, if it is seen to lack just that one."""
    lacking = lacking_call(source, case.call, lambda *_: None)
    return lacking if lacking is not None and lacking.names == (case.name,) else None


def _value(case: RemovedArgument, way: Way, ask: Ask) -> str | None:
    """The value that comes back; None if none does."""
    source = Source(case.text, case.call)
    lacking = _lacking(source, case)
    if lacking is None:
        return None
    if way in IS_ACTION:
        return _added(source, lacking, ask)
    known = source.scopes.visible(source.function_at(lacking.call.start))
    return value_at(source, argument_slot(source.text, lacking.call).change, case.name, known, ask)


def _added(source: Source, lacking: LackingCall, ask: Ask) -> str | None:
    try:
        changed = apply(source.text, [add_arguments(source, lacking, ask)])
    except EditError:
        return None
    return passed_value(Source(changed), lacking.call.start, lacking.names[0])


def _rates(cases: Sequence[RemovedArgument], values: Sequence[str | None]) -> ArgumentRates:
    right = sum(value == case.value for case, value in zip(cases, values, strict=True))
    return ArgumentRates(
        len(cases), proportion(right, len(cases)), proportion(sum(value is not None for value in values), len(cases))
    )
