"""Perplexity and divergence against a reference that reads every token's context anew, and equal texts counted."""

from __future__ import annotations

import math

import pytest
import torch
from rich.console import Console

from mim_lsp.completion.types import CompletionOptions, CompletionResult
from mim_lsp.errors import DocumentError, SettingsError
from mim_lsp.evaluation.fidelity import MiddleFidelity, TextFidelity, compare_middles, compare_texts, sample_windows
from mim_lsp.evaluation.tasks import InfillingTask
from mim_lsp.model.config import SpecialTokens
from mim_lsp.model.network import Decoder
from mim_lsp.model.rows import Direction, build_row
from mim_lsp.runtime.loading import LoadedModel
from mim_lsp.runtime.torch.runtime import TorchRuntime
from mim_lsp.training.vocabulary import learn_tokenizer
from tests.evaluation.fakes import ScriptedCompleter, offered, withheld
from tests.reference import reference_log_probs
from tests.tiny import SOURCE, VOCAB_SIZE, tiny_config, tiny_model, tiny_tokenizer

WINDOWS = [[5, 9, 300, 9, 5, 7, 301], [3], [40, 41]]


def loaded(network: Decoder, name: str) -> LoadedModel:
    return LoadedModel(name, network.config, tiny_tokenizer(), TorchRuntime(network))


def row_log_probs(network: Decoder, direction: Direction, window: list[int]) -> tuple[torch.Tensor, list[int]]:
    """What a direction predicts for each token of a window (T, V), in its order, and those tokens."""
    row = build_row(network.config.special, direction, window)
    return reference_log_probs(network, row[:-1]), row[1:]


def test_equals_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mim_lsp.evaluation.fidelity._CHUNK", 3)  # so that windows have several
    first, second = tiny_model(seed=0), tiny_model(seed=1)
    nll = {name: dict.fromkeys(Direction, 0.0) for name in ("first", "second")}
    divergence, same, increases = 0.0, 0, []
    for window in WINDOWS:
        increases.append(0.0)
        for direction in Direction:
            p, targets = row_log_probs(first, direction, window)
            q, _ = row_log_probs(second, direction, window)
            at = (torch.arange(len(targets)), torch.tensor(targets))
            nll["first"][direction] -= float(p[at].sum())
            nll["second"][direction] -= float(q[at].sum())
            increases[-1] += float(p[at].sum() - q[at].sum())
            divergence += float((p.exp() * (p - q)).sum())
            same += int((p.argmax(1) == q.argmax(1)).sum())
    n = sum(map(len, WINDOWS))
    spread = torch.tensor(increases).std() * math.sqrt(3) / (2 * n)
    steps: list[int] = []
    report = compare_texts(loaded(first, "a"), loaded(second, "b"), WINDOWS, progress=lambda: steps.append(1))
    assert len(steps) == 3
    assert report == TextFidelity(
        windows=3,
        tokens=2 * n,
        reference_perplexity_forward=pytest.approx(math.exp(nll["first"][Direction.FORWARD] / n), rel=1e-4),  # type: ignore[arg-type]
        reference_perplexity_backward=pytest.approx(math.exp(nll["first"][Direction.BACKWARD] / n), rel=1e-4),  # type: ignore[arg-type]
        perplexity_forward=pytest.approx(math.exp(nll["second"][Direction.FORWARD] / n), rel=1e-4),  # type: ignore[arg-type]
        perplexity_backward=pytest.approx(math.exp(nll["second"][Direction.BACKWARD] / n), rel=1e-4),  # type: ignore[arg-type]
        perplexity_increase=pytest.approx(math.exp(sum(increases) / (2 * n)) - 1, rel=1e-3),  # type: ignore[arg-type]
        perplexity_increase_stderr=pytest.approx(float(math.exp(sum(increases) / (2 * n)) * spread), rel=1e-3),  # type: ignore[arg-type]
        divergence=pytest.approx(divergence / (2 * n), rel=1e-4),  # type: ignore[arg-type]
        same_token_rate=same / (2 * n),
        reference="a",
        model="b",
    )


def test_a_model_is_true_to_itself_and_leaves_no_rows_open() -> None:
    model = loaded(tiny_model(), "tiny")
    report = compare_texts(model, model, WINDOWS[:1])
    assert (report.perplexity_increase, report.divergence, report.same_token_rate) == (0, 0, 1)
    assert math.isnan(report.perplexity_increase_stderr)
    assert isinstance(model.runtime, TorchRuntime)
    assert model.runtime._rows == {}


@pytest.mark.parametrize("other", ["sizes", "tokens"])
def test_models_of_different_vocabularies_are_refused(other: str) -> None:
    first, second = loaded(tiny_model(), "a"), loaded(tiny_model(), "b")
    if other == "sizes":
        changed = tiny_config(vocab_size=410, special=SpecialTokens.at_the_end_of(410))
        second = LoadedModel("b", changed, second.tokenizer, second.runtime)
    else:
        tokenizer = learn_tokenizer(["something else entirely\n"] * 2, VOCAB_SIZE)
        second = LoadedModel("b", second.config, tokenizer, second.runtime)
    with pytest.raises(SettingsError, match="a and b have different vocabularies"):
        compare_texts(first, second, WINDOWS)


def test_windows_are_parts_of_the_texts_and_always_the_same() -> None:
    tokens = tiny_tokenizer().encode(SOURCE)
    every = sample_windows(tiny_tokenizer(), [SOURCE, "", "x = 1\n"], 10, 10_000)
    assert sorted(map(len, every))[-2] == 10
    assert sorted(map(tuple, every)) == sorted(
        [tuple(tokens[i : i + 10]) for i in range(0, len(tokens), 10)] + [tuple(tiny_tokenizer().encode("x = 1\n"))]
    )
    few = sample_windows(tiny_tokenizer(), [SOURCE], 10, 3)
    assert len(few) == 3
    assert few == sample_windows(tiny_tokenizer(), [SOURCE], 10, 3)


def test_texts_without_a_token() -> None:
    with pytest.raises(DocumentError, match="no text"):
        sample_windows(tiny_tokenizer(), ["", ""], 10, 3)


def completer(answers: list[CompletionResult], name: str) -> ScriptedCompleter:
    remaining = iter(answers)
    return ScriptedCompleter(lambda _: next(remaining), name)


def test_equal_texts_are_counted() -> None:
    reference = completer([offered("x"), offered("x"), withheld(), withheld(), offered("y")], "float")
    model = completer([offered("x"), offered("z"), withheld("blank"), offered("x"), withheld()], "int4")
    tasks = [InfillingTask(str(i), f"{i} = ", "\n", "x") for i in range(5)]
    steps: list[int] = []
    options = CompletionOptions(max_tokens=3)
    report = compare_middles(reference, model, tasks, options=options, progress=lambda: steps.append(1))
    assert report == MiddleFidelity(5, 2 / 5, 4, 1 / 4, "float", "int4")
    assert len(steps) == 5
    for asked in (reference.calls, model.calls):
        assert [(call.text, call.offset) for call in asked] == [(f"{i} = \n", 4) for i in range(5)]
        assert all(call.options == options and call.document is None for call in asked)


def test_nothing_offered_by_either() -> None:
    tasks = [InfillingTask("a", "x", "", "y")]
    report = compare_middles(
        completer([withheld()], "a"), completer([withheld()], "b"), tasks, options=CompletionOptions()
    )
    assert (report.same_rate, report.offered) == (1, 0)
    assert math.isnan(report.same_rate_of_offered)


def shown(report: TextFidelity | MiddleFidelity) -> str:
    console = Console(width=120, no_color=True)
    with console.capture() as capture:
        console.print(report.table())
    return capture.get()


@pytest.mark.parametrize(
    ("report", "texts"),
    [
        (
            TextFidelity(7, 7000, 40.5, 41.5, 40.75, 42.0, 0.0123, 0.0011, 0.0151, 0.934, "float", "int4"),
            ("int4 against float, 7 windows, 7,000 tokens", "40.500", "42.000", "+1.23% (0.11%)", "0.0151", "93.4%"),
        ),
        (
            MiddleFidelity(500, 0.984, 200, 0.97, "float", "int4"),
            ("int4 against float, 500 holes", "98.4%", "of 200 that one offers", "97.0%"),
        ),
    ],
)
def test_tables(report: TextFidelity | MiddleFidelity, texts: tuple[str, ...]) -> None:
    assert all(text in shown(report) for text in texts)
