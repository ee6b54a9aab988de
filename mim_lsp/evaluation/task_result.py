"""One task's completion and what it is worth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from mim_lsp.completion.types import CompletionResult, Source
from mim_lsp.errors import SettingsError
from mim_lsp.evaluation.execution import passes
from mim_lsp.evaluation.metrics import edit_similarity, exact_match, is_valid_python, repeats_suffix
from mim_lsp.evaluation.tasks import InfillingTask


@dataclass(frozen=True)
class TaskResult:
    """What became of one task. Where nothing was offered, all marks are False or 0."""

    task_id: str
    kind: str | None
    canonical_solution: str
    """Empty where nothing is missing."""
    text_to_the_right: bool
    """Whether the cursor's line goes on behind the cursor."""
    completion: str
    """The best suggestion; empty if nothing was offered."""
    reason: str | None
    """Why nothing was offered, else None."""
    exact_match: bool
    edit_similarity: float
    """Between 0 and 1."""
    syntax_valid: bool
    """Whether prompt, completion and suffix together parse."""
    repeats_suffix: bool
    passed: bool | None
    """Whether the task's test passes; None: not executed."""
    source: Source | None
    confidence: float | None
    met: bool
    verified: bool
    steps: int
    tokens: int
    ms: float
    """Milliseconds in all."""
    ms_first: float
    """Milliseconds until the prompt was read and the first step could be made."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing at the cursor, so that whatever is offered is wrong."""
        return not self.canonical_solution

    @property
    def shown(self) -> bool:
        """Whether anything was offered."""
        return self.reason is None


def judge(task: InfillingTask, answer: CompletionResult, *, execute: bool = False) -> TaskResult:
    """What `answer` is worth. Nothing offered is a miss, even where the text is sound without it.

    `execute` runs the task's test, which it must have.
    """
    completion, shown = answer.insert_text, bool(answer.candidates)
    best = answer.candidates[0] if shown else None
    return TaskResult(
        task_id=task.task_id,
        kind=task.kind,
        canonical_solution=task.canonical_solution,
        text_to_the_right=_has_text_to_the_right(task),
        completion=completion,
        reason=answer.reason,
        exact_match=shown and bool(task.canonical_solution) and exact_match(completion, task.canonical_solution),
        edit_similarity=edit_similarity(completion, task.canonical_solution) if shown else 0.0,
        syntax_valid=shown and is_valid_python(task.prompt + completion + task.suffix),
        repeats_suffix=repeats_suffix(completion, task.suffix),
        passed=(shown and passes(task, completion)) if execute else None,
        source=best.source if best else None,
        confidence=best.confidence if best else None,
        met=answer.met,
        verified=answer.verified,
        steps=answer.steps,
        tokens=answer.tokens,
        ms=answer.elapsed_ms.total,
        ms_first=answer.elapsed_ms.encode,
    )


def _has_text_to_the_right(task: InfillingTask) -> bool:
    """Whether the cursor's line goes on; a solution with its own line break leaves what follows on the next line."""
    return bool(task.suffix.partition("\n")[0].strip()) and not task.canonical_solution.endswith("\n")


@contextmanager
def results_file(path: Path | None) -> Iterator[Callable[[TaskResult], None]]:
    """A function that appends a result to the new JSON-lines file `path` at once; without a path it does nothing.

    Raises:
        SettingsError: `path` exists already, or cannot be made.
    """
    if path is None:
        yield lambda _: None
        return
    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise SettingsError(f"{path} exists already; name a new file") from error
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from error
    with file:
        yield lambda result: print(json.dumps(asdict(result)), file=file, flush=True)
