from __future__ import annotations

import os
import signal
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from mim_lsp.errors import Cancelled, ModelError
from mim_lsp.model import arrays
from mim_lsp.model.arrays import FloatArray
from mim_lsp.model.config import SpecialTokens
from mim_lsp.model.network import Decoder
from mim_lsp.model.tensors import Int4Groups, Int8Rows, StoredTensor
from mim_lsp.runtime.protocol import CancelFlag, Feed, Runtime
from tests.runtime.runtime_contract import RuntimeContract, step
from tests.tiny import tiny_config, tiny_model

_native = pytest.importorskip("mim_lsp.runtime.native._native")

from mim_lsp.runtime.native import speed, threads  # noqa: E402
from mim_lsp.runtime.native.runtime import NativeRuntime  # noqa: E402
from mim_lsp.runtime.native.threads import choose_step_threads, most_threads  # noqa: E402

KERNELS = _native.kernel_names()
ACCURACY = 0.3
"""Activations are rounded to 8 bits and the cache to bfloat16; a real mistake is off by several nats."""


def int8_rows(weights: FloatArray) -> Int8Rows:
    scales = np.abs(weights).max(axis=1) / np.float32(127)
    return arrays.int8_rows(np.rint(weights / scales[:, None]).astype(np.int8), scales)


def int4_groups(weights: FloatArray, group: int) -> Int4Groups:
    grouped = weights.reshape(len(weights), -1, group)
    scales = (np.abs(grouped).max(axis=2) / 7).astype(np.float16)
    values = np.clip(np.rint(grouped / scales[:, :, None].astype(np.float32)), -8, 7).astype(np.int8)
    return arrays.int4_groups(values.reshape(weights.shape), scales, group)


def rounded(model: Decoder, int4_group: int | None = None) -> tuple[dict[str, StoredTensor], Decoder]:
    """A model's tensors with rounded matrices, the embedding's always int8, and the network of the rounded weights."""
    tensors: dict[str, StoredTensor] = {}
    for name, parameter in model.named_parameters():
        weights = parameter.detach().numpy()
        if weights.ndim == 1:
            tensors[name] = arrays.plain(weights)
        elif int4_group is None or name == "embedding.weight":
            tensors[name] = int8_rows(weights)
        else:
            tensors[name] = int4_groups(weights, int4_group)
    floats = {name: arrays.floats(tensor) for name, tensor in tensors.items()}
    same = Decoder(model.config)
    same.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in floats.items()})
    return tensors, same.eval()


class TestNativeRuntime(RuntimeContract):
    tensors, model = rounded(tiny_model())
    accuracy, consistency = ACCURACY, 0.0

    def open(self) -> Runtime:
        return NativeRuntime(self.model.config, self.tensors, threads=2)


class TestInt4(TestNativeRuntime):
    tensors, model = rounded(tiny_model(d_model=64, d_ff=128, head_dim=16, n_heads=4), int4_group=32)


def random_ids(n: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).integers(0, tiny_config().vocab_size, n).tolist()


@pytest.fixture
def tensors() -> dict[str, StoredTensor]:
    return TestNativeRuntime.tensors


def test_every_kernel_table_agrees_with_the_portable_one(
    tensors: dict[str, StoredTensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = []
    for name in KERNELS:
        monkeypatch.setenv("MIM_KERNELS", name)
        runtime = NativeRuntime(tiny_config(), tensors, threads=1)
        assert runtime.core.kernels == name
        outputs.append(step(runtime, [Feed(runtime.open_row(), random_ids(90), 90)])[0])
    assert KERNELS[-1] == "portable"
    for found in outputs:
        np.testing.assert_allclose(found, outputs[-1], rtol=0, atol=ACCURACY)


@pytest.mark.parametrize("threads", [2, 4])
def test_the_number_of_threads_changes_nothing(tensors: dict[str, StoredTensor], threads: int) -> None:
    runtimes = [NativeRuntime(tiny_config(), tensors, n) for n in (1, threads)]
    one, several = (step(r, [Feed(r.open_row(), random_ids(90), 90)])[0] for r in runtimes)
    np.testing.assert_array_equal(one, several)


def test_plain_matrices_are_rounded_to_int8(tensors: dict[str, StoredTensor]) -> None:
    plain: dict[str, StoredTensor] = {
        name: arrays.plain(parameter.detach().numpy()) for name, parameter in tiny_model().named_parameters()
    }
    runtimes = [NativeRuntime(tiny_config(), which, threads=1) for which in (tensors, plain)]
    rounded, as_stored = (step(r, [Feed(r.open_row(), random_ids(9), 9)])[0] for r in runtimes)
    np.testing.assert_allclose(rounded, as_stored, rtol=0, atol=1e-5)


def test_a_shape_that_the_core_cannot_run_is_one_clear_line(tensors: dict[str, StoredTensor]) -> None:
    config = tiny_config(vocab_size=408, special=SpecialTokens.at_the_end_of(408))
    with pytest.raises(ModelError, match=r"cannot run on the native core: the weights embedding.weight") as raised:
        NativeRuntime(config, tensors, threads=1)
    assert "\n" not in str(raised.value)


def test_an_unknown_kernel_table_is_named(tensors: dict[str, StoredTensor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIM_KERNELS", "mmx")
    with pytest.raises(ModelError, match=r"MIM_KERNELS is 'mmx'.*portable"):
        NativeRuntime(tiny_config(), tensors, threads=1)


def test_the_number_of_threads_is_chosen_by_trying(tensors: dict[str, StoredTensor]) -> None:
    runtime = NativeRuntime(tiny_config(), tensors)
    assert runtime.core.threads == most_threads()
    assert 1 <= runtime.core.step_threads <= runtime.core.threads
    runtime.core.set_threads(3)
    assert runtime.core.step_threads == 3
    chosen = choose_step_threads(runtime.core)
    assert runtime.core.step_threads == chosen <= 3
    assert runtime.core.threads == 3
    assert runtime.core.cache_bytes == 0  # the rows it tried with are closed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_can_step_and_end(tensors: dict[str, StoredTensor]) -> None:
    """It has none of the threads, and must not wait for them."""
    runtime = NativeRuntime(tiny_config(), tensors, threads=3)
    row = runtime.open_row()
    child = os.fork()
    if child == 0:
        runtime.step([Feed(row, [1, 2, 3], 1)])
        del runtime
        os._exit(7)
    deadline = time.monotonic() + 30
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    if ended == (0, 0):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(ended[1]) == 7
    assert len(runtime.step([Feed(row, [1, 2, 3], 1)])) == 1


def test_a_pass_lets_other_threads_run_and_sees_the_flag() -> None:
    """A long pass is cancelled from another Python thread, which can only run without the GIL."""
    config = tiny_config(n_layers=40, d_model=256, d_ff=512)
    weights: dict[str, StoredTensor] = {
        n: arrays.plain(p.detach().numpy()) for n, p in Decoder(config).named_parameters()
    }
    runtime, cancel = NativeRuntime(config, weights, threads=1), CancelFlag()
    row = runtime.open_row()

    def read_on() -> None:
        for _ in range(2000):
            runtime.step([Feed(row, random_ids(256))], cancel)
            runtime.truncate(row, 0)

    threading.Timer(0.005, cancel.set).start()
    start = time.perf_counter()
    with pytest.raises(Cancelled):
        read_on()
    assert time.perf_counter() - start < 30
    assert runtime.core.length(row) == 0


def test_two_threads_cannot_enter_at_once(tensors: dict[str, StoredTensor]) -> None:
    runtime = NativeRuntime(tiny_config(), tensors, threads=1)
    row, errors = runtime.open_row(), []
    done = threading.Event()

    def enter() -> None:
        while not done.is_set():
            try:
                runtime.core.length(row)
            except RuntimeError as error:
                errors.append(str(error))

    other = threading.Thread(target=enter)
    other.start()
    for _ in range(200):
        try:
            runtime.step([Feed(row, random_ids(64))])
        except RuntimeError as error:
            errors.append(str(error))
        if errors:
            break
    done.set()
    other.join()
    assert set(errors) == {"the model is in use by another thread"}


@pytest.mark.parametrize(
    ("written", "cores"),
    [("max 100000\n", None), ("150000 100000\n", 2), ("50000 100000\n", 1), ("nonsense", None), (None, None)],
)
def test_a_share_of_all_cores_counts_as_so_many(tmp_path: Path, written: str | None, cores: int | None) -> None:
    if written is not None:
        (tmp_path / "cpu.max").write_text(written)
    assert threads._quota(tmp_path) == cores


def test_the_distributions_of_a_pass_have_memory_of_their_own(tensors: dict[str, StoredTensor]) -> None:
    """One that is kept for long must not keep the others."""
    runtime = NativeRuntime(tiny_config(), tensors, threads=1)
    (found,) = runtime.step([Feed(runtime.open_row(), random_ids(30), 30)])
    views = [np.asarray(distribution.floats()) for distribution in found]
    places = sorted(view.ctypes.data for view in views)
    # Blocks of their own have something between them; parts of one have not.
    assert all(after - before > views[0].nbytes for before, after in pairwise(places))


def test_a_steps_speed_counts_what_it_reads(tensors: dict[str, StoredTensor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "PROBE_BYTES", 1 << 20)
    runtime = NativeRuntime(tiny_config(), tensors, threads=1)
    step = speed.measure_step(runtime)
    assert step.ms > 0
    assert step.bandwidth > 0
    assert step.bytes > runtime.core.weight_bytes
    assert runtime.core.cache_bytes == 0  # its rows are closed
    assert speed.StepSpeed(ms=2.0, bytes=10_000_000, bandwidth=20e9).share == pytest.approx(0.25)
