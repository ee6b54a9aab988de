"""The numbers of an infilling evaluation, and their table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from rich.table import Table

from mim_lsp.completion.types import Decode
from mim_lsp.evaluation.metrics import percentile
from mim_lsp.evaluation.task_result import TaskResult

TO_THE_RIGHT = "text to the right"
END_OF_LINE = "the end of a line"
_NO_ROW = frozenset({"model", "decode", "reasons", "by_kind", "by_place", "interrupted"})


@dataclass(frozen=True)
class KindReport:
    """The tasks of one kind of hole."""

    tasks: int
    exact_match: float


@dataclass(frozen=True)
class InfillingReport:
    """Rates are shares of all tasks, from 0 to 1; what was not offered counts as a miss. Times are milliseconds."""

    tasks: int
    exact_match: float
    """Of the tasks in which something is missing."""
    edit_similarity: float
    """Mean of 1 - Levenshtein distance / length of the longer text."""
    syntax_valid: float
    pass_at_1: float | None
    """None: the tests were not executed."""
    meet_rate: float
    """How often the two sides met."""
    verify_rate: float
    """How often the forward model confirmed the meet."""
    tokens_per_step: float
    """Tokens of a middle for each pass over the weights, of the tasks that gave a middle; 0 if none did."""
    duplicate_suffix_rate: float
    """How often the suggestion ends with what follows it anyway."""
    ms_p50: float
    ms_p95: float
    model: str
    decode: Decode
    ms_first_p50: float
    """Until the prompt was read and the first step could be made; every task's caches are cold."""
    shown_rate: float
    """How often anything was offered."""
    reasons: dict[str, int]
    """Why nothing was offered, and how often, most frequent first."""
    by_kind: dict[str, KindReport]
    """Empty if the tasks have no kinds."""
    by_place: dict[str, KindReport]
    """Tasks in which something is missing, by whether there is text to the right of the cursor."""
    false_show_rate: float | None
    """How often anything was offered where nothing is missing; None if there is no such task."""
    interrupted: bool
    """Whether the evaluation was ended before the last task."""

    def table(self) -> Table:
        """The report for people."""
        title = f"{self.model}, decode={self.decode}" + (" (interrupted)" if self.interrupted else "")
        table = Table(title=title, show_header=False)
        for field in fields(self):
            if field.name not in _NO_ROW:
                table.add_row(field.name, _cell(field.name, getattr(self, field.name)))
        for kind, part in {**self.by_kind, **self.by_place}.items():
            table.add_row(f"exact_match of {kind}", f"{part.exact_match:.1%} of {part.tasks}")
        for reason, count in self.reasons.items():
            table.add_row(f"nothing offered: {reason}", str(count))
        return table


def summarize(results: Sequence[TaskResult], model: str, decode: Decode, *, interrupted: bool) -> InfillingReport:
    """The report on at least one result."""
    holes = [result for result in results if not result.is_complete]
    complete = [result.shown for result in results if result.is_complete]
    executed = [result.passed for result in results if result.passed is not None]
    finished = [result for result in results if result.tokens]
    times = [result.ms for result in results]
    return InfillingReport(
        tasks=len(results),
        exact_match=_mean([result.exact_match for result in holes]) if holes else 0.0,
        edit_similarity=_mean([result.edit_similarity for result in results]),
        syntax_valid=_mean([result.syntax_valid for result in results]),
        pass_at_1=_mean(executed) if executed else None,
        meet_rate=_mean([result.met for result in results]),
        verify_rate=_mean([result.verified for result in results]),
        tokens_per_step=_ratio(sum(result.tokens for result in finished), sum(result.steps for result in finished)),
        duplicate_suffix_rate=_mean([result.repeats_suffix for result in results]),
        ms_p50=percentile(times, 50),
        ms_p95=percentile(times, 95),
        model=model,
        decode=decode,
        ms_first_p50=percentile([result.ms_first for result in results], 50),
        shown_rate=_mean([result.shown for result in results]),
        reasons=dict(Counter(result.reason for result in results if result.reason).most_common()),
        by_kind=_by({result: result.kind for result in holes}),
        by_place=_by({result: TO_THE_RIGHT if result.text_to_the_right else END_OF_LINE for result in holes}),
        false_show_rate=_mean(complete) if complete else None,
        interrupted=interrupted,
    )


def _by(names: Mapping[TaskResult, str | None]) -> dict[str, KindReport]:
    """The exact match of the results of each name, by name; those without a name are left out."""
    parts = {name: [r.exact_match for r, own in names.items() if own == name] for name in names.values() if name}
    return {name: KindReport(len(parts[name]), _mean(parts[name])) for name in sorted(parts)}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "not executed" if name == "pass_at_1" else "no such task"
    if name == "tasks":
        return f"{value:,}"
    if name == "tokens_per_step":
        return f"{value:.2f}"
    return f"{value:.1f} ms" if name.startswith("ms_") else f"{value:.1%}"
