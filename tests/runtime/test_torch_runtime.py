from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from mim_lsp.errors import ModelError, SettingsError
from mim_lsp.model.weights import save_weights
from mim_lsp.runtime.protocol import Feed, LogProbs
from mim_lsp.runtime.torch import runtime as runtime_module
from mim_lsp.runtime.torch.runtime import TorchRuntime, open_torch_runtime
from tests.reference import reference_log_probs
from tests.tiny import VOCAB_SIZE, tiny_config, tiny_model

TOLERANCE = 5e-5


@pytest.fixture
def runtime() -> TorchRuntime:
    return TorchRuntime(tiny_model())


def ids(n: int, seed: int = 0) -> list[int]:
    return random.Random(seed).choices(range(VOCAB_SIZE), k=n)


def expected(row: list[int], outputs: int = 1) -> LogProbs:
    return reference_log_probs(tiny_model(), row)[-outputs:].float().numpy()


def assert_close(found: LogProbs, wanted: LogProbs) -> None:
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("cuts", [[12], [1] * 12, [5, 1, 1, 4, 1], [11, 1]])
def test_cached_equals_uncached_however_the_row_is_cut(runtime: TorchRuntime, cuts: list[int]) -> None:
    tokens, row, start = ids(12), runtime.open_row(), 0
    wanted = expected(tokens, 12)
    for n in cuts:
        (found,) = runtime.step([Feed(row, tokens[start : start + n], outputs=n)])
        assert_close(found, wanted[start : start + n])
        start += n


def test_only_the_last_outputs_are_given(runtime: TorchRuntime) -> None:
    tokens = ids(6)
    (last,) = runtime.step([Feed(runtime.open_row(), tokens)])
    (two,) = runtime.step([Feed(runtime.open_row(), tokens, outputs=2)])
    assert last.shape == (1, VOCAB_SIZE)
    assert_close(last, expected(tokens))
    assert_close(two, expected(tokens, 2))
    np.testing.assert_allclose(np.exp(two).sum(1), 1, rtol=1e-5)


def test_rows_of_one_pass_do_not_see_each_other(runtime: TorchRuntime) -> None:
    first, second, third = ids(9, 1), ids(4, 2), ids(1, 3)
    rows = [runtime.open_row() for _ in range(3)]
    runtime.step([Feed(rows[0], first[:5])])
    runtime.step([Feed(rows[1], second[:1])])
    found = runtime.step([Feed(rows[1], second[1:], 3), Feed(rows[2], third), Feed(rows[0], first[5:], 2)])
    for got, wanted in zip(found, (expected(second, 3), expected(third), expected(first, 2)), strict=True):
        assert_close(got, wanted)


def test_a_truncated_row_goes_on_as_if_it_had_never_been_longer(runtime: TorchRuntime) -> None:
    tokens, others = ids(10, 4), ids(5, 5)
    row = runtime.open_row()
    runtime.step([Feed(row, tokens)])
    runtime.truncate(row, 4)
    (found,) = runtime.step([Feed(row, others, 5)])
    assert_close(found, expected(tokens[:4] + others, 5))
    runtime.truncate(row, 0)
    (found,) = runtime.step([Feed(row, others)])
    assert_close(found, expected(others))


def test_a_row_cannot_be_truncated_to_more_than_it_holds(runtime: TorchRuntime) -> None:
    row = runtime.open_row()
    runtime.step([Feed(row, ids(3))])
    for length in (4, -1):
        with pytest.raises(AssertionError):
            runtime.truncate(row, length)


def test_a_cache_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_module, "GROW_BY", 4)
    runtime, tokens = TorchRuntime(tiny_model()), ids(15, 6)
    row, start = runtime.open_row(), 0
    for n in (3, 2, 9, 1):
        (found,) = runtime.step([Feed(row, tokens[start : start + n])])
        start += n
        assert_close(found, expected(tokens[:start]))


def test_random_edits_of_several_rows_equal_the_reference(runtime: TorchRuntime) -> None:
    rng = random.Random(7)
    held: dict[int, list[int]] = {runtime.open_row(): [] for _ in range(3)}
    for _ in range(12):
        feeds = []
        for row in rng.sample(sorted(held), rng.randint(1, 3)):
            keep = rng.randint(0, len(held[row]))
            runtime.truncate(row, keep)
            new = ids(rng.randint(1, 4), rng.randrange(10**6))
            held[row] = held[row][:keep] + new
            feeds.append(Feed(row, new, rng.randint(1, len(new))))
        for feed, found in zip(feeds, runtime.step(feeds), strict=True):
            assert_close(found, expected(held[feed.row], feed.outputs))


def test_a_closed_row_is_gone_and_its_number_is_not_used_again(runtime: TorchRuntime) -> None:
    row = runtime.open_row()
    runtime.close_row(row)
    assert runtime.open_row() != row
    with pytest.raises(KeyError):
        runtime.step([Feed(row, [1])])


def test_a_row_is_fed_once_in_a_pass(runtime: TorchRuntime) -> None:
    row = runtime.open_row()
    with pytest.raises(AssertionError):
        runtime.step([Feed(row, [1]), Feed(row, [2])])


def test_the_runtime_knows_the_models_size(runtime: TorchRuntime) -> None:
    assert (runtime.vocab_size, runtime.context_length) == (VOCAB_SIZE, tiny_config().context_length)


def test_weights_from_disk_run(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_weights(tiny_model(), path)
    runtime = open_torch_runtime(tiny_config(), path, "cpu")
    (found,) = runtime.step([Feed(runtime.open_row(), ids(5))])
    assert_close(found, reference_log_probs(runtime.model, ids(5))[-1:].float().numpy())
    with pytest.raises(ModelError, match="cannot read"):
        open_torch_runtime(tiny_config(), tmp_path / "missing", "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no usable GPU"):
        open_torch_runtime(tiny_config(), tmp_path / "missing", "cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_gpu_equals_the_reference() -> None:
    runtime, tokens = TorchRuntime(tiny_model().to("cuda")), ids(12)
    row = runtime.open_row()
    runtime.step([Feed(row, tokens[:7])])
    (found,) = runtime.step([Feed(row, tokens[7:], 5)])
    np.testing.assert_allclose(found, expected(tokens, 5), rtol=0, atol=2e-2)
