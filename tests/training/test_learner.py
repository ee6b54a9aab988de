from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial

import pytest
import torch
import torch._dynamo
from torch import Tensor

from mim_lsp.training import learner
from mim_lsp.training.batches import Batch, BatchSource
from mim_lsp.training.document_attention import attend_in_blocks
from mim_lsp.training.learner import Learner
from mim_lsp.training.loop import on_device
from mim_lsp.training.objective import Losses
from mim_lsp.training.recipes import find_recipe
from mim_lsp.training.windows import ExampleBuilder, WindowSettings
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer

RECIPE = replace(find_recipe("smoke"), config=tiny_config(), rows=3)


def batch(number: int = 0) -> Batch:
    builder = ExampleBuilder(tiny_config(), tiny_tokenizer(), WindowSettings(tokens=64))
    return BatchSource([SOURCE], builder, examples_per_batch=3, stride=200, seed=1, rows=3).batch(number)


def learned(made: Learner, number: int = 0) -> tuple[Losses, dict[str, Tensor]]:
    """Losses of a batch, and its gradients."""
    losses = made.losses(batch(number))
    losses.loss.backward()
    grads = {name: parameter.grad for name, parameter in made.decoder.named_parameters()}
    assert all(grad is not None for grad in grads.values())
    return losses, grads


def assert_same(found: tuple[Losses, dict[str, Tensor]], expected: tuple[Losses, dict[str, Tensor]]) -> None:
    for name, value in vars(expected[0]).items():
        torch.testing.assert_close(getattr(found[0], name), value, rtol=1e-4, atol=1e-5)
    for name, grad in expected[1].items():
        torch.testing.assert_close(found[1][name], grad, rtol=1e-3, atol=1e-5, msg=name)


def usual(number: int = 0) -> tuple[Losses, dict[str, Tensor]]:
    """What a CPU computes with shapes that change."""
    made = Learner(tiny_model(), replace(RECIPE, rows=0), bf16=False)
    assert not made.is_fixed
    return learned(made, number)


@pytest.mark.parametrize("recompute", [False, True])
def test_fixed_shapes_give_the_same(recompute: bool) -> None:
    made = Learner(tiny_model(), replace(RECIPE, recompute=recompute), bf16=False)
    assert made.is_fixed
    assert_same(learned(made), usual())


def test_recomputing_keeps_less() -> None:
    kept: list[int] = []
    for recompute in (False, True):
        made = Learner(tiny_model(), replace(RECIPE, recompute=recompute), bf16=False)
        sizes: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, s=sizes: s.append(t.numel()) or t, lambda t: t):
            made.losses(batch())
        kept.append(sum(sizes))
    assert kept[1] < kept[0] / 3


@pytest.mark.slow
@pytest.mark.usefixtures("_compiled_once")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("recompute", [False, True])
def test_compiled_it_gives_the_same_and_is_compiled_once(recompute: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    # As on a GPU, attention is a function made anew for every batch; piece by piece would be another program each time.
    monkeypatch.setattr(learner, "document_attention", masked)
    made = Learner(tiny_model(), replace(RECIPE, recompute=recompute), bf16=False, compiled=True)
    for number in (0, 1, 2):
        made.decoder.zero_grad()
        assert_same(learned(made, number), usual(number))


@pytest.mark.slow
@pytest.mark.usefixtures("_compiled_once")
@pytest.mark.filterwarnings("ignore")
def test_compiled_flex_attention_measures_the_same_and_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # On a CPU it has no backward pass: this is what can be seen of a GPU's program here.
    monkeypatch.setattr(learner, "document_attention", lambda segments, compiled: attend_in_blocks(segments))
    made = Learner(tiny_model(), RECIPE, bf16=False, compiled=True)
    for number in (0, 1, 2):
        with torch.no_grad():
            found = made.losses(batch(number)).nll_N
        torch.testing.assert_close(found, usual(number)[0].nll_N, rtol=1e-3, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("recompute", [False, True])
def test_a_gpu_learns_what_a_cpu_learns(compiled: bool, recompute: bool) -> None:
    config = tiny_config(head_dim=64)
    recipe, decoder = replace(RECIPE, config=config, recompute=recompute), tiny_model(head_dim=64)
    with torch._dynamo.config.patch(recompile_limit=1, fail_on_recompile_limit_hit=True):
        torch._dynamo.reset()
        made = Learner(deepcopy(decoder).cuda(), recipe, bf16=True, compiled=compiled)
        for number in (0, 1, 2):
            found = made.losses(on_device(batch(number), torch.device("cuda")))
            expected = Learner(decoder, replace(recipe, rows=0), bf16=False).losses(batch(number))
            torch.testing.assert_close(found.nll_N.cpu(), expected.nll_N.float(), rtol=0.1, atol=0.15)
            torch.testing.assert_close(found.loss.cpu(), expected.loss, rtol=0.01, atol=0)
            found.loss.backward()
            expected.loss.backward()
    for ours, theirs in zip(made.decoder.parameters(), decoder.parameters(), strict=True):
        assert ours.grad is not None
        assert theirs.grad is not None
        assert float((ours.grad.cpu() - theirs.grad).norm() / theirs.grad.norm()) < 0.05


@pytest.fixture
def _compiled_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compiling a second time is an error; and no machine code is made, which takes a minute."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    torch._dynamo.reset()
    with torch._dynamo.config.patch(recompile_limit=1, fail_on_recompile_limit_hit=True):
        yield


def masked(segments: Tensor, *, compiled: bool) -> learner.Attend:
    from mim_lsp.model.network import attend_within, packed_visibility

    assert compiled
    return attend_within(packed_visibility(segments))


def test_options_change_what_they_should() -> None:
    plain = learned(Learner(tiny_model(), RECIPE, bf16=False))[0]
    z_loss = learned(Learner(tiny_model(), replace(RECIPE, rows=0, z_loss=0.01), bf16=False))[0]
    qk_norm = learned(Learner(tiny_model(), replace(RECIPE, rows=0, qk_norm=True), bf16=False))[0]
    assert float(z_loss.loss.detach()) > float(plain.loss.detach()) + 0.01
    torch.testing.assert_close(z_loss.nll_N, plain.nll_N)
    assert not torch.allclose(qk_norm.nll_N, plain.nll_N, atol=0.1)
