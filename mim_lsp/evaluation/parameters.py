"""`mim-lsp eval parameters`: a parameter is taken out of real functions, and asked back."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rich.table import Table

from mim_lsp.completion.types import Completer, CompletionOptions
from mim_lsp.errors import EditError
from mim_lsp.evaluation.arguments import ArgumentRates
from mim_lsp.evaluation.parameter_ways import IS_ACTION, WAYS, Way, asking
from mim_lsp.evaluation.proportion import Proportion, proportion
from mim_lsp.parameters.declaration import Declaration
from mim_lsp.parameters.plan import plan_signature
from mim_lsp.parameters.proposals import OPTIONS, Ask, declare, ranked_names, written_names
from mim_lsp.parameters.removal import Removed, is_keyword_only, removable, remove
from mim_lsp.parameters.source import Signature, Source

MAX_PER_FILE = 4
MAX_FILE_CHARS = 60_000
_MAX_TRIES = 40  # of one file


@dataclass(frozen=True)
class Rates:
    """Shares of all cases."""

    cases: int
    name: Proportion
    """The name is the one that was taken out."""
    name_and_default: Proportion
    """And so is the default, or there is none again."""
    declaration: Proportion
    """And so is the annotation."""
    valid: Proportion
    """The edit was made: the file parses, the parameter is there, and its name is defined. What is refused counts as
    not valid, and so does a parameter of another name, which leaves the body without."""


@dataclass(frozen=True)
class ParametersReport:
    """What came back of the parameters that were taken out."""

    model: str
    ways: dict[Way, Rates]
    traits: dict[str, Rates] = field(default_factory=dict)
    """Of the action, for the parameters that have a trait."""
    arguments: dict[Way, ArgumentRates] = field(default_factory=dict)
    """What came back of the arguments that were taken out of calls."""

    def table(self) -> Table:
        """The report for people."""
        table = Table(title=f"{self.model}: parameters that were taken out and asked back")
        for column in ("", "cases", "name", "name and default", "with annotation", "valid"):
            table.add_column(column)
        rows: list[tuple[str, Rates]] = [*self.ways.items()]
        rows += [(f"action: {trait}", rates) for trait, rates in self.traits.items()]
        for label, rates in rows:
            shares = (rates.name, rates.name_and_default, rates.declaration, rates.valid)
            table.add_row(label, str(rates.cases), *map(str, shares))
        for way, found in self.arguments.items():
            table.add_row(f"argument, {way}", str(found.cases), "", f"value: {found.value}", "", str(found.valid))
        return table


@dataclass(frozen=True)
class _Outcome:
    traits: tuple[str, ...]
    name: bool = False
    default: bool = False
    annotation: bool = False
    valid: bool = False


def draw_removals(texts: Sequence[str], count: int, seed: int = 1) -> list[Removed]:
    """At most `count` parameters taken out of functions of `texts`, `MAX_PER_FILE` of a file, spread over all."""
    chance = random.Random(seed)
    order = list(texts)
    chance.shuffle(order)
    cases: list[Removed] = []
    for text in order:
        if len(cases) >= count:
            break
        cases += _of_file(text, chance)
    return cases[:count]


def measure_parameters(
    completer: Completer,
    cases: Sequence[Removed],
    *,
    ways: Sequence[Way] = WAYS,
    options: CompletionOptions = OPTIONS,
    progress: Callable[[], None] = lambda: None,
) -> ParametersReport:
    """Ask every parameter back in each of the ways; `options` are passed on to the completer."""
    outcomes: dict[Way, list[_Outcome]] = {way: [] for way in ways}
    for case in cases:
        for way in ways:
            outcomes[way].append(_outcome(case, way, asking(way, completer, options)))
        progress()
    by_trait: dict[str, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes.get("action", []):
        for trait in outcome.traits:
            by_trait[trait].append(outcome)
    return ParametersReport(
        model=completer.model_name,
        ways={way: _rates(outcomes[way]) for way in ways},
        traits={trait: _rates(found) for trait, found in sorted(by_trait.items())},
    )


def _of_file(text: str, chance: random.Random) -> Iterator[Removed]:
    if len(text) > MAX_FILE_CHARS:
        return
    source = Source(text)
    if not source.scopes.parses:
        return
    places = removable(source)
    chance.shuffle(places)
    places.sort(key=lambda place: not is_keyword_only(*place))  # they are rare, and come first
    found = (remove(source, *place) for place in places[:_MAX_TRIES])
    yield from _first(MAX_PER_FILE, (each for each in found if each is not None))


def _first(count: int, cases: Iterable[Removed]) -> Iterator[Removed]:
    for _, case in zip(range(count), cases, strict=False):
        yield case


def _outcome(case: Removed, way: Way, ask: Ask) -> _Outcome:
    source = Source(case.text, case.function)
    signature = source.function_at(case.function)
    if signature is None:
        return _Outcome(case.traits)
    names = (ranked_names if way in IS_ACTION else written_names)(source, signature, ask)
    if not names:
        return _Outcome(case.traits)
    declared, truth = declare(source, signature, names[0], ask), case.parameter
    return _Outcome(
        case.traits,
        name=declared.name == truth.name,
        default=declared.default == truth.default,
        annotation=declared.annotation == truth.annotation,
        valid=declared.name == truth.name and _can_be_added(source, signature, declared),
    )


def _can_be_added(source: Source, signature: Signature, declaration: Declaration) -> bool:
    try:
        plan_signature(source, signature, declaration)
    except EditError:
        return False
    return True


def _rates(outcomes: Sequence[_Outcome]) -> Rates:
    total = len(outcomes)
    named = [each for each in outcomes if each.name]
    with_default = [each for each in named if each.default]
    return Rates(
        cases=total,
        name=proportion(len(named), total),
        name_and_default=proportion(len(with_default), total),
        declaration=proportion(sum(each.annotation for each in with_default), total),
        valid=proportion(sum(each.valid for each in outcomes), total),
    )
