"""`mim-lsp eval parameters`: a parameter is taken out of real functions, and asked back."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.table import Table

from mim_lsp.completion.types import Candidate, Completer
from mim_lsp.errors import EditError
from mim_lsp.parameters.declaration import Declaration
from mim_lsp.parameters.plan import plan_signature
from mim_lsp.parameters.proposals import Ask, ask_model, declare, ranked_names, written_names
from mim_lsp.parameters.removal import Removed, removable, remove
from mim_lsp.parameters.source import Signature, Source

MAX_PER_FILE = 4
MAX_FILE_CHARS = 60_000
_MAX_TRIES = 40  # of one file

Way = Literal["action", "action_forward", "infill", "forward"]
WAYS: tuple[Way, ...] = ("action", "action_forward", "infill", "forward")
"""`action`: as the code action does it, with the undefined names of the body; `infill`: with the name, too, from what
the model writes in the hole. The other two are the same without the text behind the hole, for the model to read."""


@dataclass(frozen=True)
class Rates:
    """Shares of all cases, from 0 to 1."""

    cases: int
    name: float
    """The name is the one that was taken out."""
    name_and_default: float
    """And so is the default, or there is none again."""
    declaration: float
    """And so is the annotation."""
    valid: float
    """The edit was made: the file parses, the parameter is there, and its name is defined. What is refused counts as
    not valid, and so does a parameter of another name, which leaves the body without."""


@dataclass(frozen=True)
class ParametersReport:
    """What came back of the parameters that were taken out."""

    model: str
    ways: dict[str, Rates]
    traits: dict[str, Rates] = field(default_factory=dict)
    """Of the action, for the parameters that have a trait."""

    def table(self) -> Table:
        """The report for people."""
        table = Table(title=f"{self.model}: parameters that were taken out and asked back")
        for column in ("", "cases", "name", "name and default", "with annotation", "valid"):
            table.add_column(column)
        rows = {**self.ways, **{f"action: {trait}": rates for trait, rates in self.traits.items()}}
        for label, rates in rows.items():
            shares = (rates.name, rates.name_and_default, rates.declaration, rates.valid)
            table.add_row(label, str(rates.cases), *(f"{share:.1%}" for share in shares))
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
    completer: Completer, cases: Sequence[Removed], *, progress: Callable[[], None] = lambda: None
) -> ParametersReport:
    """Ask every parameter back in each of `WAYS`."""
    outcomes: dict[Way, list[_Outcome]] = {way: [] for way in WAYS}
    for case in cases:
        for way in WAYS:
            outcomes[way].append(_outcome(case, way, completer))
        progress()
    by_trait: dict[str, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes["action"]:
        for trait in outcome.traits:
            by_trait[trait].append(outcome)
    return ParametersReport(
        model=completer.model_name,
        ways={way: _rates(outcomes[way]) for way in WAYS},
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
    found = (remove(source, *place) for place in places[:_MAX_TRIES])
    yield from _first(MAX_PER_FILE, (each for each in found if each is not None))


def _first(count: int, cases: Iterable[Removed]) -> Iterator[Removed]:
    for _, case in zip(range(count), cases, strict=False):
        yield case


def _outcome(case: Removed, way: Way, completer: Completer) -> _Outcome:
    source = Source(case.text, case.function)
    signature = source.function_at(case.function)
    if signature is None:
        return _Outcome(case.traits)
    ask = ask_model(completer) if way in ("action", "infill") else _forward_only(completer)
    names = (written_names if way in ("infill", "forward") else ranked_names)(source, signature, ask)
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


def _forward_only(completer: Completer) -> Ask:
    ask = ask_model(completer)

    def without_suffix(text: str, offset: int) -> Sequence[Candidate]:
        return ask(text[:offset], offset)

    return without_suffix


def _can_be_added(source: Source, signature: Signature, declaration: Declaration) -> bool:
    try:
        plan_signature(source, signature, declaration)
    except EditError:
        return False
    return True


def _rates(outcomes: Sequence[_Outcome]) -> Rates:
    total = max(1, len(outcomes))
    named = [each for each in outcomes if each.name]
    with_default = [each for each in named if each.default]
    return Rates(
        cases=len(outcomes),
        name=len(named) / total,
        name_and_default=len(with_default) / total,
        declaration=sum(each.annotation for each in with_default) / total,
        valid=sum(each.valid for each in outcomes) / total,
    )
