"""`mim-lsp eval context`: what names and signatures from other files do for holes that use them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import comb
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from mim_lsp.completion.related import WorkspaceContext
from mim_lsp.completion.types import Completer, CompletionOptions
from mim_lsp.evaluation.metrics import edit_similarity, exact_match
from mim_lsp.evaluation.tasks import InfillingTask
from mim_lsp.model.tokenizer import CodeTokenizer

CountTokens = Callable[[str], int]


class CrossFileTask(NamedTuple):
    """A hole in a file of a workspace that uses `name`, which another file there defines."""

    task: InfillingTask
    path: Path
    name: str


@dataclass(frozen=True)
class BudgetResult:
    """What one budget of context does, against none. Shares are of all tasks, from 0 to 1."""

    budget_tokens: int
    exact_match: float
    edit_similarity: float
    gained: int
    """Tasks that are right with the context only."""
    lost: int
    """Tasks that are right without it only."""
    p_value: float
    """Of the sign test: how likely a difference as large is if the context does nothing."""
    with_context: float
    """Tasks for which there was something to show."""
    with_name: float
    """Tasks for which the context named what the hole uses."""
    tokens: float
    """Mean length of the context, in tokens."""


@dataclass(frozen=True)
class CrossFileReport:
    """One row for each budget, the first with none."""

    tasks: int
    model: str
    budgets: tuple[BudgetResult, ...]

    def table(self) -> Table:
        """The report for people."""
        table = Table(title=f"{self.model}: {self.tasks} holes that use a name from another file")
        for name in ("budget", "exact match", "similarity", "gained", "lost", "p", "has context", "has name", "tokens"):
            table.add_column(name)
        for row in self.budgets:
            shares = (f"{row.with_context:.1%}", f"{row.with_name:.1%}", f"{row.tokens:.0f}")
            marks = (f"{row.exact_match:.1%}", f"{row.edit_similarity:.3f}", str(row.gained), str(row.lost))
            table.add_row(str(row.budget_tokens), *marks, f"{row.p_value:.2f}", *shares)
        return table


class _Outcome(NamedTuple):
    """One task at one budget."""

    is_right: bool
    similarity: float
    has_name: bool
    tokens: int


def measure_cross_file(
    completer: Completer,
    tasks: Sequence[CrossFileTask],
    workspace: Path,
    budgets: Sequence[int],
    count_tokens: CountTokens,
    *,
    progress: Callable[[], None] = lambda: None,
) -> CrossFileReport:
    """Complete every task without context and with each of `budgets` tokens of it, whatever the confidence."""
    columns: dict[int, list[_Outcome]] = {budget: [] for budget in (0, *budgets)}
    for item in tasks:
        context = WorkspaceContext([workspace])
        for budget, outcomes in columns.items():
            related = _related(context, item, budget, count_tokens)
            outcomes.append(_outcome(completer, item, related, count_tokens))
        progress()
    baseline = columns[0]
    rows = tuple(_row(budget, outcomes, baseline) for budget, outcomes in columns.items())
    return CrossFileReport(tasks=len(tasks), model=completer.model_name, budgets=rows)


def token_counter(model: Path) -> CountTokens:
    """Counts the tokens of a text as the model in a folder reads it.

    Raises:
        ModelError: the folder has no tokenizer, or a broken one.
    """
    tokenizer = CodeTokenizer.from_file(model / "tokenizer.json")
    return lambda text: len(tokenizer.encode(text))


def _related(context: WorkspaceContext, item: CrossFileTask, budget: int, count_tokens: CountTokens) -> str:
    text, uri = item.task.prompt + item.task.suffix, item.path.as_uri()
    context.update(uri, text)
    context.refresh(uri)
    return context.related(uri, text, len(item.task.prompt), budget, count_tokens) if budget else ""


def _outcome(completer: Completer, item: CrossFileTask, related: str, count_tokens: CountTokens) -> _Outcome:
    task, options = item.task, CompletionOptions(eagerness=1.0)
    answer = completer.complete(task.prompt + task.suffix, len(task.prompt), replace(options, related=related))
    return _Outcome(
        is_right=bool(answer.candidates) and exact_match(answer.insert_text, task.canonical_solution),
        similarity=edit_similarity(answer.insert_text, task.canonical_solution),
        has_name=item.name in related,
        tokens=count_tokens(related) if related else 0,
    )


def _row(budget: int, outcomes: Sequence[_Outcome], baseline: Sequence[_Outcome]) -> BudgetResult:
    pairs = [(now.is_right, before.is_right) for now, before in zip(outcomes, baseline, strict=True)]
    gained, lost = pairs.count((True, False)), pairs.count((False, True))
    total = max(1, len(outcomes))
    return BudgetResult(
        budget_tokens=budget,
        exact_match=sum(outcome.is_right for outcome in outcomes) / total,
        edit_similarity=sum(outcome.similarity for outcome in outcomes) / total,
        gained=gained,
        lost=lost,
        p_value=sign_test(gained, lost),
        with_context=sum(outcome.tokens > 0 for outcome in outcomes) / total,
        with_name=sum(outcome.has_name for outcome in outcomes) / total,
        tokens=sum(outcome.tokens for outcome in outcomes) / total,
    )


def sign_test(gained: int, lost: int) -> float:
    """The two-sided p value of `gained` against `lost` if either was as likely."""
    total, fewer = gained + lost, min(gained, lost)
    tail = sum(comb(total, k) for k in range(fewer + 1))
    return min(1.0, 2 * float(Fraction(tail, 2**total)))
