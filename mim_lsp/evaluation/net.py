"""`mim-lsp eval net`: what the edits and filters of the completion layer keep away, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.table import Table

from mim_lsp.completion.brackets import imbalance
from mim_lsp.completion.explain import Trail
from mim_lsp.completion.place import Place
from mim_lsp.completion.types import Completer, CompletionOptions
from mim_lsp.evaluation.metrics import exact_match, repeats_suffix
from mim_lsp.evaluation.tasks import InfillingTask


@dataclass(frozen=True)
class Rates:
    """Shares of all texts that were written, from 0 to 1."""

    offered: float
    duplicate_suffix: float
    """End with what follows them anyway."""
    bracket_imbalance: float
    """Leave more brackets without a partner than the true text does."""
    exact_match: float


@dataclass(frozen=True)
class NetReport:
    """Before: as the model wrote them. After: as they are offered, whatever their confidence."""

    texts: int
    before: Rates
    after: Rates
    right_lost: int
    """Texts that were right as written, and are not offered so."""
    changed: dict[str, int]
    """How many texts each edit changed."""
    dropped: dict[str, int]
    """For what reason how many texts were not offered."""
    model: str

    def table(self) -> Table:
        """The report for people."""
        table = Table(title=f"{self.model}: {self.texts} texts before and after the net")
        for name in ("", "before", "after"):
            table.add_column(name)
        for name in ("offered", "duplicate_suffix", "bracket_imbalance", "exact_match"):
            table.add_row(name, f"{getattr(self.before, name):.2%}", f"{getattr(self.after, name):.2%}")
        table.add_row("right texts lost", "", str(self.right_lost))
        for what, counts in (("changed by", self.changed), ("dropped for", self.dropped)):
            for reason, count in counts.items():
                table.add_row(f"{what} {reason}", "", str(count))
        return table


def measure_net(
    completer: Completer, tasks: Sequence[InfillingTask], *, progress: Callable[[], None] = lambda: None
) -> NetReport:
    """Complete every task, whatever the confidence, and compare what was written with what is offered."""
    pairs: list[tuple[InfillingTask, Trail]] = []
    for task in tasks:
        options = CompletionOptions(eagerness=1.0, elsewhere=task.elsewhere)
        answer = completer.complete(task.prompt + task.suffix, len(task.prompt), options)
        pairs += [(task, trail) for trail in (answer.explanation.trails[:1] if answer.explanation else ())]
        progress()
    right = [(exact_match(trail.written, task.canonical_solution), _is_right(task, trail)) for task, trail in pairs]
    return NetReport(
        texts=len(pairs),
        before=_rates([(task, trail.written) for task, trail in pairs]),
        after=_rates([(task, trail.text if trail.dropped is None else None) for task, trail in pairs]),
        right_lost=sum(before and not after for before, after in right),
        changed=dict(Counter(change.reason for _, trail in pairs for change in trail.changes).most_common()),
        dropped=dict(Counter(trail.dropped for _, trail in pairs if trail.dropped is not None).most_common()),
        model=completer.model_name,
    )


def _is_right(task: InfillingTask, trail: Trail) -> bool:
    return trail.dropped is None and exact_match(trail.text, task.canonical_solution)


def _rates(texts: Sequence[tuple[InfillingTask, str | None]]) -> Rates:
    """The rates of texts, of which those that are not offered are None."""
    offered = [(task, text) for task, text in texts if text is not None]
    total = max(1, len(texts))
    return Rates(
        offered=len(offered) / total,
        duplicate_suffix=sum(repeats_suffix(text, task.suffix) for task, text in offered) / total,
        bracket_imbalance=sum(_unbalances(task, text) for task, text in offered) / total,
        exact_match=sum(exact_match(text, task.canonical_solution) for task, text in offered) / total,
    )


def _unbalances(task: InfillingTask, text: str) -> bool:
    place = Place(task.prompt, task.suffix)
    return imbalance(text, place) > imbalance(task.canonical_solution, place)
