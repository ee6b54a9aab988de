from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mim_lsp.model.network import (
    Decoder,
    attend_in_pieces,
    attend_within,
    packed_visibility,
    piece_lengths,
    rotary_angles,
    rotate,
)
from tests.reference import reference_logits
from tests.tiny import VOCAB_SIZE, tiny_config, tiny_model


def random_ids(n: int, seed: int) -> list[int]:
    return torch.randint(0, VOCAB_SIZE, (n,), generator=torch.Generator().manual_seed(seed)).tolist()


def run(model: Decoder, ids: Tensor, positions: Tensor, segments: Tensor) -> Tensor:
    """Logits (R, T, V) of packed rows."""
    attend = attend_within(packed_visibility(segments))
    with torch.no_grad():
        return model.logits(model(ids, positions, [attend] * model.config.n_layers))


def run_one(model: Decoder, ids: list[int]) -> Tensor:
    """Logits (T, V) of one document alone."""
    row = torch.tensor([ids])
    return run(model, row, torch.arange(len(ids))[None], torch.ones_like(row))[0]


def run_packed(model: Decoder, documents: list[list[int]], padding: list[int]) -> list[Tensor]:
    """Logits of documents that share one row, behind each other, with padding at the end."""
    ids = [token for document in documents for token in document] + padding
    positions = [position for document in documents for position in range(len(document))] + [0] * len(padding)
    segments = [number for number, document in enumerate(documents, 1) for _ in document] + [0] * len(padding)
    logits = run(model, *(torch.tensor([x]) for x in (ids, positions, segments)))[0]
    return list(logits.split([*map(len, documents), len(padding)]))


def test_equals_the_reference() -> None:
    model, ids = tiny_model(), random_ids(11, seed=1)
    expected = reference_logits(model, ids)
    assert expected.std() > 0.5  # else closeness would say little
    torch.testing.assert_close(run_one(model, ids).double(), expected, rtol=0, atol=2e-5)


def test_equals_the_reference_when_every_query_head_has_its_own_keys() -> None:
    model, ids = tiny_model(n_heads=3, n_kv_heads=3, n_layers=1, rope_theta=50.0), random_ids(5, seed=2)
    torch.testing.assert_close(run_one(model, ids).double(), reference_logits(model, ids), rtol=0, atol=2e-5)


def test_a_later_token_never_changes_an_earlier_output() -> None:
    model, ids = tiny_model(), random_ids(12, seed=3)
    before = run_one(model, ids)
    for changed in (4, 11):
        other = [*ids[:changed], (ids[changed] + 1) % VOCAB_SIZE, *ids[changed + 1 :]]
        after = run_one(model, other)
        torch.testing.assert_close(after[:changed], before[:changed], rtol=0, atol=1e-5)
        assert not torch.allclose(after[changed], before[changed], atol=1e-2)


def test_documents_in_one_row_are_read_as_if_alone() -> None:
    model = tiny_model()
    documents = [random_ids(n, seed=n) for n in (7, 1, 5)]
    *packed, _ = run_packed(model, documents, padding=[0, 0])
    for document, logits in zip(documents, packed, strict=True):
        torch.testing.assert_close(logits.double(), reference_logits(model, document), rtol=0, atol=2e-5)


def test_documents_in_one_row_never_see_each_other() -> None:
    model = tiny_model()
    first, second = random_ids(6, seed=4), random_ids(8, seed=5)
    pad = model.config.special.pad
    alone, before, _ = run_packed(model, [first, second], [pad] * 3)
    _, after, padding = run_packed(model, [random_ids(6, seed=6), second], [pad] * 3)
    assert torch.equal(after, before)
    same, _, _ = run_packed(model, [first, random_ids(8, seed=7)], [pad] * 3)
    assert torch.equal(same, alone)
    assert padding.isfinite().all()


def test_padding_is_not_seen() -> None:
    model, document = tiny_model(), random_ids(6, seed=8)
    padded, _ = run_packed(model, [document], [1, 2, 3, 4])
    otherwise, _ = run_packed(model, [document], [5, 6, 7, 8])
    assert torch.equal(padded, otherwise)
    torch.testing.assert_close(padded, run_one(model, document), rtol=0, atol=1e-5)


def test_visibility_is_causal_and_stays_inside_a_document() -> None:
    visible = packed_visibility(torch.tensor([[1, 1, 2, 0], [1, 2, 2, 2]]))
    assert visible.int().tolist() == [
        [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 1]],
    ]


def test_pieces_are_the_stretches_of_one_number_in_one_row() -> None:
    assert piece_lengths(torch.tensor([[1, 1, 2, 0], [1, 2, 2, 2], [2, 2, 2, 2]])) == [2, 1, 1, 1, 3, 4]


def test_attention_in_pieces_is_masked_attention_with_its_gradients() -> None:
    generator = torch.Generator().manual_seed(9)
    segments = torch.tensor([[1, 1, 1, 2, 2, 0], [1, 2, 3, 3, 3, 3]])
    shapes = ((2, 6, 4, 8), (2, 6, 2, 8), (2, 6, 2, 8))
    parts = [torch.randn(shape, generator=generator, requires_grad=True) for shape in shapes]
    expected = attend_within(packed_visibility(segments))(*parts)
    found = attend_in_pieces(piece_lengths(segments))(*parts)
    torch.testing.assert_close(found, expected)
    upstream = torch.randn(expected.shape, generator=generator)
    for one, other in zip(*(torch.autograd.grad(out, parts, upstream) for out in (found, expected)), strict=True):
        torch.testing.assert_close(one, other)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_rotary_scores_depend_on_the_distance_alone(first: int, second: int, shift: int) -> None:
    q, k = torch.randn(2, 1, 8, generator=torch.Generator().manual_seed(0))

    def score(at_q: int, at_k: int) -> float:
        turned = (rotate(x, rotary_angles(torch.tensor(at), 8, 10000.0)) for x, at in ((q, at_q), (k, at_k)))
        return float((next(turned) * next(turned)).sum())

    assert abs(score(first, second) - score(first + shift, second + shift)) < 1e-3


def test_rotary_turns_by_the_position() -> None:
    head = torch.tensor([[[1.0, 0.0, 0.0, 1.0]]])
    turned = rotate(head, rotary_angles(torch.tensor([3]), 4, 100.0))
    # entries 0 and 2 are the point (1, 0), turned by 3 * 100^0; entries 1 and 3 are (0, 1), turned by 3 * 100^(-1/2)
    expected = torch.tensor([[[math.cos(3), -math.sin(0.3), math.sin(3), math.cos(0.3)]]])
    torch.testing.assert_close(turned, expected)


def test_the_configuration_knows_the_number_of_parameters() -> None:
    model = Decoder(tiny_config())
    assert sum(parameter.numel() for parameter in model.parameters()) == model.config.n_parameters


def test_an_untrained_model_knows_nothing() -> None:
    torch.manual_seed(0)
    model = Decoder(tiny_config())
    probabilities = run_one(model, random_ids(9, seed=9)).softmax(-1)
    assert probabilities.max() < 2.5 / VOCAB_SIZE


def test_the_layers_that_write_to_the_residual_stream_start_small() -> None:
    torch.manual_seed(0)
    block = Decoder(tiny_config(d_model=64, d_ff=256, n_layers=8)).blocks[3]
    for inner, outer in ((block.attention.q, block.attention.out), (block.feed_forward.up, block.feed_forward.down)):
        assert abs(inner.weight.std() / 0.02 - 1) < 0.1
        assert abs(outer.weight.std() / 0.005 - 1) < 0.1  # 0.02 / sqrt(2 * 8)
