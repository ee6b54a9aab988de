from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
import torch

from mim_lsp.model.network import Decoder
from mim_lsp.syntax.holes import Hole, HoleKind
from mim_lsp.training.batches import Batch, pack
from mim_lsp.training.forward import Metrics, average, batch_losses, metrics
from mim_lsp.training.objective import IGNORE, Losses
from mim_lsp.training.windows import Example, ExampleBuilder, WindowSettings
from tests.reference import reference_log_probs
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer

BETA = 0.7


def examples() -> list[Example]:
    """A window of whole text and one with a hole, of different lengths."""
    builder = ExampleBuilder(tiny_config(), tiny_tokenizer(), WindowSettings(tokens=40))
    start = SOURCE.index("best = circle")
    infill = builder.infill(SOURCE, Hole(start, start + 13, HoleKind.STATEMENT), random.Random(0))
    assert infill is not None
    assert len(infill.pairs) >= 3
    return [builder.whole_text("total = 1\n", 0), infill]


def batch(drawn: list[Example] | None = None) -> Batch:
    return pack(drawn or examples(), 40, tiny_config().special.pad)


def reference_loss(model: Decoder, drawn: list[Example]) -> float:
    """The objective, example by example and token by token, with each row read alone."""
    nll = tv = 0.0
    for example in drawn:
        forward = reference_log_probs(model, example.forward[:-1])
        backward = reference_log_probs(model, example.backward[:-1])
        assert example.ends is not None
        for row, log_probs, ends in zip(
            (example.forward, example.backward), (forward, backward), example.ends, strict=True
        ):
            closed = [i for i in range(len(row) - 1) if i not in ends]
            log_probs[closed, tiny_config().special.eom] = -torch.inf
            log_probs[:] = log_probs.log_softmax(-1)
            nll -= sum(float(log_probs[i, row[i + 1]]) for i in range(len(row) - 1))
        for f, b in example.pairs:
            tv += 0.5 * float((forward[f].exp() - backward[b].exp()).abs().sum())
    return (nll + BETA * tv) / sum(len(e.forward) + len(e.backward) - 2 for e in drawn)


def test_the_loss_is_that_of_the_reference() -> None:
    losses = batch_losses(tiny_model(), batch(), BETA, bf16=False)
    assert float(losses.loss.detach()) == pytest.approx(reference_loss(tiny_model(), examples()), rel=1e-5)


def test_bf16_is_close_to_float32() -> None:
    exact, rounded = (batch_losses(tiny_model(), batch(), BETA, bf16=bf16) for bf16 in (False, True))
    torch.testing.assert_close(rounded.loss, exact.loss, rtol=0.02, atol=0)
    torch.testing.assert_close(rounded.nll_N, exact.nll_N, rtol=0.1, atol=0.1)
    torch.testing.assert_close(rounded.tv_K, exact.tv_K, rtol=0.1, atol=0.02)
    assert not torch.equal(rounded.loss, exact.loss)


def test_gradients_reach_every_parameter() -> None:
    model = tiny_model()
    batch_losses(model, batch(), BETA, bf16=False).loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert (parameter.grad != 0).any(), name


@pytest.mark.parametrize("name", ["embedding.weight", "blocks.0.attention.k.weight", "norm.weight"])
def test_the_gradient_is_the_slope_of_the_loss(name: str) -> None:
    model = tiny_model().double()
    batch_losses(model, batch(), BETA, bf16=False).loss.backward()
    parameter = dict(model.named_parameters())[name]
    assert parameter.grad is not None
    direction = parameter.grad / parameter.grad.norm()
    slope, step = float(parameter.grad.norm()), 1e-5
    values = []
    for sign in (-1, 1):
        with torch.no_grad():
            parameter += sign * step * direction
            values.append(float(batch_losses(model, batch(), BETA, bf16=False).loss))
            parameter -= sign * step * direction
    assert (values[1] - values[0]) / (2 * step) == pytest.approx(slope, rel=1e-4)


def test_an_example_costs_the_same_in_any_company() -> None:
    model, (text, infill) = tiny_model(), examples()
    together = batch_losses(model, batch([text, infill]), BETA, bf16=False)
    alone = [batch_losses(model, batch([example]), BETA, bf16=False) for example in (text, infill)]
    torch.testing.assert_close(together.tv_K, torch.cat([losses.tv_K for losses in alone]))
    total = sum(losses.nll_N.sum() for losses in alone)
    torch.testing.assert_close(together.nll_N.sum(), torch.as_tensor(total))


def test_metrics_by_hand() -> None:
    losses = Losses(torch.tensor(2.0), torch.tensor([1.0, 2.0, 4.0, 0.0]), torch.tensor([0.25, 0.5, 1.0]))
    measured = replace(
        batch(),
        targets_RT=torch.tensor([[5, 5], [5, IGNORE]]),
        backward_RT=torch.tensor([[False, True], [True, False]]),
        pairs_in_middle_K=torch.tensor([True, False, True]),
    )
    assert metrics(losses, measured) == Metrics(2.0, nll_forward=1.0, nll_backward=3.0, tv_text=0.5, tv_middle=0.625)


def test_what_a_batch_lacks_is_nan() -> None:
    text, _ = examples()
    only_text = batch([text])
    measured = metrics(batch_losses(tiny_model(), only_text, BETA, bf16=False), only_text)
    assert math.isnan(measured.tv_middle)
    assert 0 < measured.tv_text < 1


def test_a_batch_that_lacks_something_does_not_count_for_its_mean() -> None:
    nan = math.nan
    mean = average([Metrics(1.0, 2.0, 3.0, nan, nan), Metrics(3.0, 4.0, 5.0, 0.5, nan)])
    assert (mean.loss, mean.nll_forward, mean.nll_backward, mean.tv_text) == (2.0, 3.0, 4.0, 0.5)
    assert math.isnan(mean.tv_middle)
