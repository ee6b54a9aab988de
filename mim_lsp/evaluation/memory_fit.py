"""`mim-lsp calibrate --memory`: how much a model's memories should count, fitted on held-out packages.

For every token of true middles it is known what the network gave it, and what followed the same tokens elsewhere in the
document and in other files, where the tasks have some. The weights are those under which the mixture of all
(`mim_lsp.engine.memory`) makes the middles most likely.

Shape legend: N tokens, L levels of context, W weights: those of the document's memory, then those of other files'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from rich.table import Table
from torch import Tensor

from mim_lsp.completion.completer import request_at
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.engine.engine import MimEngine
from mim_lsp.engine.lines import as_characters
from mim_lsp.engine.memory import MemoryWeights, Remembering, evidence
from mim_lsp.engine.memory_file import write_memory
from mim_lsp.engine.remembering import make_memory
from mim_lsp.engine.task import SideTask, make_task
from mim_lsp.engine.types import InfillRequest
from mim_lsp.engine.vocabulary import OwnVocabulary, mirror
from mim_lsp.errors import SettingsError
from mim_lsp.evaluation.tasks import InfillingTask
from mim_lsp.runtime.choice import RuntimeOptions
from mim_lsp.runtime.loading import find_model, load_model
from mim_lsp.runtime.protocol import Feed

START = MemoryWeights(constant=-4.0, order=0.4, places=0.4, purity=3.0, certainty=-2.0)
"""Where the search for the weights begins."""
MIN_TOKENS = 1000
"""Fewer tokens of middles than this are too few to fit anything to."""
_LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True)
class Observation:
    """One token of a true middle, as one direction comes to it."""

    network: float
    """Its probability by the network alone."""
    levels: tuple[tuple[bool, tuple[float, ...], float], ...]
    """The memories' levels in the order in which they are mixed in: whether it is of other files, the evidence, and in
    what share of places the token follows."""


@dataclass(frozen=True)
class MemoryReport:
    """NLL of middles in nats per token, judged by weights that were fitted on the other half of the tasks."""

    model: str
    tokens: int
    network: float
    mixture: float
    weights: Remembering
    """Fitted on all tasks."""

    def table(self) -> Table:
        """The report for people."""
        table = Table(title=f"memory, {self.model}: nats per token of {self.tokens} in middles")
        for name in ("network alone", "with the memory", "of", *MemoryWeights._fields):
            table.add_column(name)
        for source, weights in self.weights._asdict().items():
            nats = ("", "") if source == "files" else (f"{self.network:.3f}", f"{self.mixture:.3f}")
            if weights is not None:
                table.add_row(*nats, source, *(f"{weight:.2f}" for weight in weights))
        return table


def calibrate_memory(
    model: str | None,
    options: RuntimeOptions,
    tasks: Sequence[InfillingTask],
    *,
    write: bool = False,
    progress: Callable[[], None] = lambda: None,
) -> MemoryReport:
    """Fit the memory of a model, given by name or folder; `write` keeps the weights in its folder.

    Raises:
        ModelError: the model is unknown or broken.
        SettingsError: the tasks are too few.
    """
    engine = MimEngine(load_model(model, options))
    report = fit_memory(observe(engine, tasks, progress=progress), engine.model.name)
    if write:
        write_memory(find_model(model), report.weights)
    return report


def observe(
    engine: MimEngine, tasks: Sequence[InfillingTask], *, progress: Callable[[], None] = lambda: None
) -> list[list[Observation]]:
    """What network and memory make of the true middle of each task, in both directions."""
    found = []
    for task in tasks:
        options = CompletionOptions(elsewhere=task.elsewhere)
        request = request_at(engine, task.prompt + task.suffix, len(task.prompt), options)
        middle = task.canonical_solution.encode()
        found.append(
            [one for vocabulary in engine.vocabularies for one in _observe(engine, vocabulary, request, middle)]
        )
        progress()
    return found


def _observe(
    engine: MimEngine, vocabulary: OwnVocabulary, request: InfillRequest, middle: bytes
) -> Iterator[Observation]:
    """One direction's observations; none where the middle is no whole tokens or too long for the model."""
    task = make_task(engine.model, vocabulary, request, "infill", 2)
    ids = _to_write(vocabulary, task, mirror(middle, vocabulary.direction))
    runtime = engine.model.runtime
    if not ids or len(task.row) + len(ids) > runtime.context_length:
        return
    row = runtime.open_row()
    distributions = runtime.step([Feed(row, [*task.row, *ids[:-1]], len(ids))])[0]
    runtime.close_row(row)
    memory = make_memory(vocabulary, task, request, "infill", Remembering(START, START))
    n_healing = 1 if task.stub else 0  # that token is chosen among few: no place to learn from
    for n in range(n_healing, len(ids)):
        texts = torch.tensor(distributions[n].floats())[: vocabulary.n_tokens].double().softmax(0)
        certainty = float(texts.max())
        levels = [
            (each.is_elsewhere, evidence(order, counts, certainty), counts[chr(ids[n])] / counts.total())
            for each in memory.sources(as_characters(ids[:n]))
            for order, counts in reversed(each.levels)
        ]
        yield Observation(float(texts[ids[n]]), tuple(levels))


def _to_write(vocabulary: OwnVocabulary, task: SideTask, middle: bytes) -> list[int]:
    """The tokens that reach into the middle; none where it is no whole characters."""
    try:
        ids = vocabulary.encode(task.stub + middle + task.behind)
    except UnicodeDecodeError:
        return []
    starts = accumulate((len(vocabulary.token_bytes[token]) for token in ids), initial=0)
    return [token for token, start in zip(ids, starts, strict=False) if start < len(task.stub) + len(middle)]


def fit_memory(observed: Sequence[Sequence[Observation]], model: str) -> MemoryReport:
    """Fit the weights to all tasks, and report what those of one half are worth on the other.

    Raises:
        SettingsError: there are too few tokens.
    """
    halves = [[one for task in observed[start::2] for one in task] for start in (0, 1)]
    everything = halves[0] + halves[1]
    if min(map(len, halves)) < MIN_TOKENS // 2:
        raise SettingsError(f"{len(everything)} tokens of middles are too few to fit a memory to; give more tasks")
    judged = [_nll(_tensors(half), _fitted(other)) for half, other in (halves, halves[::-1])]
    return MemoryReport(
        model=model,
        tokens=len(everything),
        network=float(-_tensors(everything)[0].log().mean()),
        mixture=float(torch.cat(judged).mean()),
        weights=_weights(_fitted(everything), any(each[0] for one in everything for each in one.levels)),
    )


def _weights(fitted_W: Tensor, has_files: bool) -> Remembering:
    """What is kept: where the tasks had no other files, nothing is known of those."""
    rounded = [round(weight, 3) for weight in fitted_W.tolist()]
    document, files = MemoryWeights(*rounded[: len(START)]), MemoryWeights(*rounded[len(START) :])
    return Remembering(document, files if has_files else None)


Data = tuple[Tensor, Tensor, Tensor, Tensor]
"""Probability by the network (N,); of each level evidence (N, L, W), share of the token (N, L), 1 if there (N, L)."""


def _tensors(observed: Sequence[Observation]) -> Data:
    n, most, own = len(observed), max(len(one.levels) for one in observed), len(START)
    evidence_NLW = torch.zeros(n, most, 2 * own, dtype=torch.float64)
    share_NL, there_NL = (torch.zeros(n, most, dtype=torch.float64) for _ in range(2))
    for i, one in enumerate(observed):
        for level, (is_elsewhere, weighed, share) in enumerate(one.levels):
            evidence_NLW[i, level, own * is_elsewhere : own * (1 + is_elsewhere)] = torch.tensor(weighed)
            share_NL[i, level], there_NL[i, level] = share, 1
    network_N = torch.tensor([one.network for one in observed], dtype=torch.float64).clamp(min=_LEAST_PROBABILITY)
    return network_N, evidence_NLW, share_NL, there_NL


def _nll(data: Data, weights_W: Tensor) -> Tensor:
    """Of each token under the mixture, in nats, (N,)."""
    p_N, evidence_NLW, share_NL, there_NL = data
    for level in range(share_NL.shape[1]):
        part_N = torch.sigmoid(evidence_NLW[:, level] @ weights_W) * there_NL[:, level]
        p_N = (1 - part_N) * p_N + part_N * share_NL[:, level]
    return -p_N.clamp(min=_LEAST_PROBABILITY).log()


def _fitted(observed: Sequence[Observation]) -> Tensor:
    """The weights (W,) that make the tokens most likely."""
    data = _tensors(observed)
    weights_W = torch.tensor([*START, *START], dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([weights_W], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> float:
        search.zero_grad()
        value = _nll(data, weights_W).mean()
        value.backward()  # type: ignore[no-untyped-call]
        return float(value.detach())

    search.step(loss)  # type: ignore[no-untyped-call]
    return weights_W.detach()
