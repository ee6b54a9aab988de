"""`mim-lsp eval infilling`: how well a completer fills the holes of tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mim_lsp.completion.types import Completer, CompletionOptions
from mim_lsp.errors import SettingsError
from mim_lsp.evaluation.infilling_report import InfillingReport, summarize
from mim_lsp.evaluation.task_result import TaskResult, judge
from mim_lsp.evaluation.tasks import InfillingTask


def evaluate(
    completer: Completer,
    tasks: Sequence[InfillingTask],
    *,
    options: CompletionOptions,
    execute: bool = False,
    progress: Callable[[TaskResult], None] = lambda _: None,
) -> InfillingReport:
    """Complete every task, the cursor between prompt and suffix, and judge the best suggestion.

    Ctrl-C ends the evaluation with a report on the tasks that are done.

    Args:
        completer: what is evaluated; each task is a document of its own to it, so that its caches are cold.
        tasks: at least one.
        options: passed on to the completer.
        execute: run the tasks' tests; see `mim_lsp.evaluation.execution` for what that risks.
        progress: called with each task's result as soon as it is there.

    Raises:
        SettingsError: `execute`, and a task has no test.
        KeyboardInterrupt: Ctrl-C before the first task was done.
    """
    assert tasks
    if execute and not all(task.can_run for task in tasks):
        raise SettingsError("not every task has a 'test' and an 'entry_point' to execute; leave out --execute")
    results: list[TaskResult] = []
    try:
        for task in tasks:
            asked = replace(options, elsewhere=task.elsewhere)
            answer = completer.complete(task.prompt + task.suffix, len(task.prompt), asked)
            results.append(judge(task, answer, execute=execute))
            progress(results[-1])
    except KeyboardInterrupt:
        if not results:
            raise
    return summarize(results, completer.model_name, options.decode, interrupted=len(results) < len(tasks))
