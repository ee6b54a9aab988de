from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mim_lsp.errors import Cancelled, ModelError, SettingsError
from mim_lsp.model.weights import save_weights
from mim_lsp.runtime.protocol import CancelFlag, Feed
from mim_lsp.runtime.torch import runtime as runtime_module
from mim_lsp.runtime.torch.runtime import TorchRuntime, open_torch_runtime
from tests.reference import reference_log_probs
from tests.runtime.runtime_contract import RuntimeContract, step
from tests.tiny import tiny_config, tiny_model


class TestTorchRuntime(RuntimeContract):
    model = tiny_model()
    accuracy = consistency = 5e-5

    def open(self) -> TorchRuntime:
        return TorchRuntime(tiny_model())

    def test_a_cache_grows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runtime_module, "GROW_BY", 4)
        runtime, tokens = self.open(), self.ids(15, 6)
        row, start = runtime.open_row(), 0
        for n in (3, 2, 9, 1):
            (found,) = step(runtime, [Feed(row, tokens[start : start + n])])
            start += n
            self.assert_close(found, self.expected(tokens[:start]))

    @pytest.mark.parametrize("layer", range(2))
    def test_a_pass_that_is_cancelled_in_any_layer_leaves_the_rows_as_they_were(self, layer: int) -> None:
        runtime, cancel, first, second = self.open(), CancelFlag(), self.ids(8, 1), self.ids(6, 2)
        rows = [runtime.open_row(), runtime.open_row()]
        runtime.step([Feed(rows[0], first[:5]), Feed(rows[1], second[:2])])
        runtime.model.blocks[layer].register_forward_pre_hook(lambda *_: cancel.set())
        with pytest.raises(Cancelled):
            runtime.step([Feed(rows[1], self.ids(3, 3)), Feed(rows[0], self.ids(400, 4))], cancel)
        found = step(runtime, [Feed(rows[0], first[5:], 3), Feed(rows[1], second[2:], 4)], CancelFlag())
        self.assert_close(found[0], self.expected(first, 3))
        self.assert_close(found[1], self.expected(second, 4))


def test_weights_from_disk_run(tmp_path: Path) -> None:
    path, tokens = tmp_path / "model.safetensors", [1, 2, 3]
    save_weights(tiny_model(), path)
    runtime = open_torch_runtime(tiny_config(), path, "cpu")
    assert isinstance(runtime, TorchRuntime)
    (found,) = step(runtime, [Feed(runtime.open_row(), tokens)])
    wanted = reference_log_probs(runtime.model, tokens)[-1:].float()
    torch.testing.assert_close(torch.from_numpy(found), wanted, rtol=0, atol=5e-5)
    with pytest.raises(ModelError, match="cannot read"):
        open_torch_runtime(tiny_config(), tmp_path / "missing", "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no usable GPU"):
        open_torch_runtime(tiny_config(), tmp_path / "missing", "cuda")
