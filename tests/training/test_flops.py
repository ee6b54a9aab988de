from __future__ import annotations

import pytest
import torch

from mim_lsp.training.batches import pack
from mim_lsp.training.flops import batch_flops, document_lengths, flops_per_token, matrix_weights, measured_peak
from mim_lsp.training.windows import Example
from tests.tiny import tiny_config, tiny_model


def batch(*lengths: tuple[int, int]) -> object:
    """A batch of examples whose rows take so many positions."""
    examples = [Example([1] * (f + 1), [2] * (b + 1), [], "text") for f, b in lengths]
    return pack(examples, 12, 0)


def test_every_document_counts_once_and_padding_not() -> None:
    assert sorted(document_lengths(batch((5, 7), (3, 2), (12, 1))).tolist()) == [1, 2, 3, 5, 7, 12]
    assert document_lengths(batch((5, 0))).tolist() == [5]


def test_weights_that_multiply_are_the_matrices() -> None:
    model = tiny_model()
    assert matrix_weights(model.config) == sum(p.numel() for p in model.parameters() if p.ndim == 2)


def test_flops_by_hand() -> None:
    config = tiny_config()
    weights = 6 * matrix_weights(config) * (5 + 7)
    # Scores and sums: 2 products, each 2 FLOPs for half of length^2 pairs, forward once and backward twice.
    pairs = 2 * 2 * (5**2 + 7**2) / 2 * 3 * config.n_layers * config.n_heads * config.head_dim
    assert batch_flops(config, batch((5, 7))) == pytest.approx(weights + pairs)
    assert flops_per_token(config, 0) == 6 * matrix_weights(config)


@pytest.mark.parametrize("bf16", [False, True])
def test_a_processor_does_something(bf16: bool) -> None:
    assert 1e8 < measured_peak(torch.device("cpu"), 128, bf16=bf16) < 1e15
