"""`mim-lsp eval fidelity`: what quantizing a model, or running it elsewhere, changes in what it says.

A reference and a model, with the same vocabulary, either read the same windows of text in both directions, without far
sides, or fill the same holes.

Shape legend: C tokens of a chunk, V vocabulary.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from mim_lsp.completion.types import Completer, CompletionOptions
from mim_lsp.errors import DocumentError, SettingsError
from mim_lsp.evaluation.tasks import InfillingTask
from mim_lsp.model.rows import Direction
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.runtime.arrays import FloatArray, as_array
from mim_lsp.runtime.loading import LoadedModel
from mim_lsp.runtime.protocol import Feed

_CHUNK = 128  # tokens whose distributions over the vocabulary are held at once


@dataclass(frozen=True)
class TextFidelity:
    """On windows of text, both directions; perplexities are per token."""

    windows: int
    tokens: int
    """Predicted tokens, each direction counted."""
    reference_perplexity_forward: float
    reference_perplexity_backward: float
    perplexity_forward: float
    perplexity_backward: float
    perplexity_increase: float
    """Of both directions together, as a share of the reference's: 0.01 is one percent more."""
    perplexity_increase_stderr: float
    """Standard error over windows; NaN for a single one."""
    divergence: float
    """Mean Kullback-Leibler divergence from the reference's distribution to the model's, in nats."""
    same_token_rate: float
    """How often both find the same token the most likely, from 0 to 1."""
    reference: str
    model: str

    def table(self) -> Table:
        """The report for people."""
        title = f"{self.model} against {self.reference}, {self.windows:,} windows, {self.tokens:,} tokens"
        table = Table("", "forward", "backward", title=title)
        before = (self.reference_perplexity_forward, self.reference_perplexity_backward)
        after = (self.perplexity_forward, self.perplexity_backward)
        table.add_row("perplexity of the reference", *(f"{value:.3f}" for value in before))
        table.add_row("perplexity of the model", *(f"{value:.3f}" for value in after))
        error = self.perplexity_increase_stderr
        table.add_row("increase of both (standard error)", f"{self.perplexity_increase:+.2%} ({error:.2%})")
        table.add_row("divergence, nats per token", f"{self.divergence:.4f}")
        table.add_row("same most likely token", f"{self.same_token_rate:.1%}")
        return table


@dataclass(frozen=True)
class MiddleFidelity:
    """On holes, filled greedily. Rates are from 0 to 1."""

    tasks: int
    same_rate: float
    """How often both offer the same text, or both nothing."""
    offered: int
    """Tasks for which at least one of the two offers a text."""
    same_rate_of_offered: float
    """How often both offer the same text where one of them offers any; NaN if neither ever does."""
    reference: str
    model: str

    def table(self) -> Table:
        """The report for people."""
        table = Table(title=f"{self.model} against {self.reference}, {self.tasks:,} holes", show_header=False)
        table.add_row("the same text, or both nothing", f"{self.same_rate:.1%}")
        table.add_row(f"the same text, of {self.offered:,} that one offers", f"{self.same_rate_of_offered:.1%}")
        return table


def sample_windows(tokenizer: CodeTokenizer, texts: Sequence[str], length: int, count: int) -> list[list[int]]:
    """At most `count` of the windows of `length` tokens that `texts` fall into, always the same ones.

    Raises:
        DocumentError: all texts are empty.
    """
    windows = []
    for tokens in map(tokenizer.encode, texts):
        windows += [tokens[start : start + length] for start in range(0, len(tokens), length)]
    if not windows:
        raise DocumentError("there is no text in these files; name others")
    return random.Random(0).sample(windows, min(count, len(windows)))


def compare_texts(
    reference: LoadedModel,
    model: LoadedModel,
    windows: Sequence[Sequence[int]],
    *,
    progress: Callable[[], None] = lambda: None,
) -> TextFidelity:
    """Have both models read windows of tokens, at least one, in both directions; `progress` follows each window.

    Raises:
        SettingsError: the models do not have the same vocabulary.
    """
    assert windows
    _check_vocabularies(reference, model)
    measured: list[dict[Direction, _Sums]] = []
    for window in windows:
        measured.append({direction: _compare_rows(reference, model, direction, window) for direction in Direction})
        progress()
    return _summarize(measured, [len(window) for window in windows], reference.name, model.name)


def compare_middles(
    reference: Completer,
    model: Completer,
    tasks: Sequence[InfillingTask],
    *,
    options: CompletionOptions,
    progress: Callable[[], None] = lambda: None,
) -> MiddleFidelity:
    """Have both complete every task, at least one, each in a document of its own; `progress` follows each task."""
    assert tasks
    same, same_offered, offered = 0, 0, 0
    for task in tasks:
        wanted, found = (
            completer.complete(task.prompt + task.suffix, len(task.prompt), options).insert_text
            for completer in (reference, model)
        )
        same += wanted == found
        if wanted or found:
            offered += 1
            same_offered += wanted == found
        progress()
    return MiddleFidelity(
        tasks=len(tasks),
        same_rate=same / len(tasks),
        offered=offered,
        same_rate_of_offered=same_offered / offered if offered else math.nan,
        reference=reference.model_name,
        model=model.model_name,
    )


@dataclass(frozen=True)
class _Sums:
    """Sums over the tokens of one row, in nats."""

    reference_nll: float
    nll: float
    divergence: float
    same: int


def _check_vocabularies(reference: LoadedModel, model: LoadedModel) -> None:
    same_ids = (reference.config.vocab_size, reference.config.special) == (
        model.config.vocab_size,
        model.config.special,
    )
    if not same_ids or reference.tokenizer.token_bytes != model.tokenizer.token_bytes:
        raise SettingsError(f"{reference.name} and {model.name} have different vocabularies; name another --reference")


def _compare_rows(reference: LoadedModel, model: LoadedModel, direction: Direction, window: Sequence[int]) -> _Sums:
    """Both models' predictions of a window's tokens in one direction."""
    row = reference.row(direction, window, None)
    rows = [(loaded.runtime, loaded.runtime.open_row()) for loaded in (reference, model)]
    parts = []
    for start in range(0, len(window), _CHUNK):
        ids, targets = row[start : start + _CHUNK][: len(window) - start], row[start + 1 : start + 1 + _CHUNK]
        expected_CV, found_CV = (as_array(runtime.step([Feed(handle, ids, len(ids))])[0]) for runtime, handle in rows)
        parts.append(_compare_chunk(expected_CV, found_CV, targets))
    for runtime, handle in rows:
        runtime.close_row(handle)
    return _Sums(*(sum(column) for column in zip(*parts, strict=True)))


def _compare_chunk(
    expected_CV: FloatArray, found_CV: FloatArray, targets: Sequence[int]
) -> tuple[float, float, float, int]:
    """The fields of `_Sums` for the tokens of one chunk."""
    at = (np.arange(len(targets)), np.array(targets))
    return (
        -float(expected_CV[at].sum(dtype=np.float64)),
        -float(found_CV[at].sum(dtype=np.float64)),
        float((np.exp(expected_CV) * (expected_CV - found_CV)).sum(dtype=np.float64)),
        int((expected_CV.argmax(1) == found_CV.argmax(1)).sum()),
    )


def _summarize(
    measured: Sequence[dict[Direction, _Sums]], lengths: Sequence[int], reference: str, model: str
) -> TextFidelity:
    tokens = sum(lengths)
    rows = [sums for window in measured for sums in window.values()]

    def perplexity(direction: Direction, field: str) -> float:
        return math.exp(sum(getattr(window[direction], field) for window in measured) / tokens)

    increases = np.array([sum(s.nll - s.reference_nll for s in window.values()) for window in measured])
    increase = math.exp(increases.sum() / (2 * tokens))
    error = increases.std(ddof=1) * math.sqrt(len(increases)) / (2 * tokens) if len(increases) > 1 else math.nan
    return TextFidelity(
        windows=len(measured),
        tokens=2 * tokens,
        reference_perplexity_forward=perplexity(Direction.FORWARD, "reference_nll"),
        reference_perplexity_backward=perplexity(Direction.BACKWARD, "reference_nll"),
        perplexity_forward=perplexity(Direction.FORWARD, "nll"),
        perplexity_backward=perplexity(Direction.BACKWARD, "nll"),
        perplexity_increase=increase - 1,
        perplexity_increase_stderr=float(increase * error),
        divergence=sum(sums.divergence for sums in rows) / (2 * tokens),
        same_token_rate=sum(sums.same for sums in rows) / (2 * tokens),
        reference=reference,
        model=model,
    )
