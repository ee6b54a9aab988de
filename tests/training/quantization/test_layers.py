from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mim_lsp.errors import SettingsError
from mim_lsp.model.arrays import floats, int4_scales, int4_values
from mim_lsp.model.network import Decoder, attend_within, packed_visibility
from mim_lsp.model.tensors import Int4Groups, Int8Rows, shapes
from mim_lsp.model.weights import network_of
from mim_lsp.training.quantization.layers import check_group, quantize_int4
from mim_lsp.training.quantization.rounding import round_to_steps
from tests.tiny import tiny_config, tiny_model

SHAPE = {"d_model": 32, "n_heads": 4, "head_dim": 16, "d_ff": 96}


def model() -> Decoder:
    return tiny_model(**SHAPE)


def calibration() -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randint(0, 392, (length,), generator=generator) for length in (70, 1, 96) * 4]


@torch.inference_mode()
def hidden(network: Decoder, ids: Tensor) -> Tensor:
    attend = attend_within(packed_visibility(torch.ones(1, len(ids))))
    return network(ids[None], torch.arange(len(ids))[None], [attend] * network.config.n_layers)


def test_matrices_become_int4_and_the_sensitive_ones_int8() -> None:
    stored = quantize_int4(model(), calibration(), 32)
    assert stored.keys() == {name for name, _ in shapes(tiny_config(**SHAPE))}
    for name, parameter in model().named_parameters():
        tensor = stored[name]
        if parameter.ndim == 1:
            assert isinstance(tensor, memoryview)
            assert torch.equal(torch.from_numpy(floats(tensor)), parameter)
        elif name.split(".")[-2] in ("embedding", "v"):
            assert isinstance(tensor, Int8Rows)
        else:
            assert isinstance(tensor, Int4Groups)
            assert tensor.group == 32


def test_the_network_becomes_what_is_stored() -> None:
    network = model()
    stored = quantize_int4(network, calibration(), 32)
    for name, parameter in network_of(tiny_config(**SHAPE), stored).named_parameters():
        assert torch.equal(parameter, network.get_parameter(name)), name


def test_hidden_states_change_less_than_by_rounding_to_nearest() -> None:
    network, nearest = model(), model()
    stored = quantize_int4(network, calibration(), 32)
    for name, parameter in nearest.named_parameters():
        tensor = stored[name]
        if isinstance(tensor, Int4Groups):
            scales = torch.from_numpy(int4_scales(tensor)).float().repeat_interleave(32, 1)
            parameter.data = round_to_steps(parameter.data, scales) * scales
    unseen = torch.randint(0, 392, (90,), generator=torch.Generator().manual_seed(9))
    error, error_of_nearest = (
        float((hidden(n, unseen) - hidden(model(), unseen)).square().mean()) for n in (network, nearest)
    )
    assert error < 0.9 * error_of_nearest


def test_rows_are_calibrated_on_alone() -> None:
    # Rows of one token attend to nothing else, so their order and number must not matter.
    ids = torch.randint(0, 392, (40,), generator=torch.Generator().manual_seed(4))
    one_by_one = quantize_int4(model(), [ids[i : i + 1] for i in range(40)], 32)
    shuffled = quantize_int4(model(), [ids[i : i + 1] for i in reversed(range(40))], 32)
    for name, tensor in one_by_one.items():
        if isinstance(tensor, Int4Groups):
            other = shuffled[name]
            assert isinstance(other, Int4Groups)
            assert float((int4_values(tensor) != int4_values(other)).mean()) < 0.01, name


def test_progress_counts_layers() -> None:
    seen: list[tuple[int, int]] = []
    quantize_int4(model(), calibration()[:1], 32, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_a_group_that_does_not_divide_the_columns_is_refused() -> None:
    check_group(model(), 32)
    with pytest.raises(SettingsError, match=r"--group 64 does not divide the 32 columns of blocks\.0\.attention\.q"):
        check_group(model(), 64)
