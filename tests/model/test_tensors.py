from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from mim_lsp.errors import ModelError
from mim_lsp.model.arrays import floats, int4_groups, int4_scales, int4_values, int8_rows, plain, write_tensors
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.tensors import Int4Groups, Int8Rows, StoredTensor, read_tensors, release_pages, shapes
from tests.tiny import tiny_config, tiny_model

Q = "blocks.0.attention.q.weight"
PLAIN = "blocks.1.attention.k.weight"
DOWN = "blocks.1.feed_forward.down.weight"


def config() -> ModelConfig:
    """With widths that int4 groups of 32 divide, and only some that groups of 64 do."""
    return tiny_config(d_model=32, n_heads=4, head_dim=16, d_ff=96)


def int4(shape: tuple[int, int], group: int, seed: int = 0) -> Int4Groups:
    rng = np.random.default_rng(seed)
    scales = rng.uniform(-1, 1, (shape[0], shape[1] // group)).astype(np.float16)
    return int4_groups(rng.integers(-8, 8, shape, dtype=np.int8), scales, group)


def mixed_tensors() -> dict[str, StoredTensor]:
    """A model that keeps its matrices in all three ways."""
    rng = np.random.default_rng(1)
    tensors: dict[str, StoredTensor] = {}
    for name, shape in shapes(config()):
        if len(shape) == 1 or name == PLAIN:
            tensors[name] = plain(rng.normal(size=shape).astype(np.float32))
        elif name == "embedding.weight":
            values = rng.integers(-128, 128, shape, dtype=np.int8)
            tensors[name] = int8_rows(values, rng.uniform(size=shape[0]).astype(np.float32))
        else:
            tensors[name] = int4((shape[0], shape[1]), 64 if name.endswith("out.weight") else 32)
    return tensors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A sound `model.safetensors`."""
    path = tmp_path / "model.safetensors"
    write_tensors(path, mixed_tensors())
    return path


def change(path: Path, name: str, array: npt.NDArray[Any] | None) -> None:
    """Replace an array of the file, or remove it."""
    arrays = load_file(path)
    arrays.pop(name, None)
    save_file(arrays | ({} if array is None else {name: array}), path)


def assert_refused(path: Path, reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as raised:
        read_tensors(path, config())
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


def test_shapes_are_those_of_the_network() -> None:
    expected = {name: tuple(parameter.shape) for name, parameter in tiny_model().named_parameters()}
    assert dict(shapes(tiny_config())) == expected


def test_a_byte_holds_the_even_input_in_its_low_nibble() -> None:
    values = np.zeros((2, 32), np.int8)
    values[0, :4] = [-8, 7, 1, -1]
    packed = int4_groups(values, np.ones((2, 1), np.float16), 32)
    assert packed.nibbles.tolist()[0][:3] == [0xF0, 0x79, 0x88]
    assert packed.shape == (2, 32)
    np.testing.assert_array_equal(int4_values(packed), values)


def test_int4_values_are_multiples_of_their_groups_scale() -> None:
    values = np.tile(np.array([1, -2], np.int8), (2, 32))
    scales = np.array([[0.5, 3], [-0.25, 0]], np.float16)
    weights = floats(int4_groups(values, scales, 32))
    assert weights.dtype == np.float32
    assert weights[:, [0, 1, 31, 32, 33, 63]].tolist() == [[0.5, -1, -1, 3, -6, -6], [-0.25, 0.5, 0.5, 0, 0, 0]]


def test_int8_values_are_multiples_of_their_rows_scale() -> None:
    rows = int8_rows(np.array([[-128, 127], [2, -1]], np.int8), np.array([0.5, 3], np.float32))
    assert floats(rows).tolist() == [[-64, 63.5], [6, -3]]
    assert rows.shape == (2, 2)


def test_what_was_written_is_read_in_the_order_of_shapes(path: Path) -> None:
    read, written = read_tensors(path, config()), mixed_tensors()
    assert list(read) == [name for name, _ in shapes(config())]
    for name, tensor in written.items():
        found = read[name]
        assert type(found) is type(tensor)
        np.testing.assert_array_equal(floats(found), floats(tensor))
        assert getattr(found, "group", None) == getattr(tensor, "group", None)


def test_values_are_read_only_views_and_floats_are_aligned_copies(path: Path) -> None:
    read = read_tensors(path, config())
    embedding, q, norm, plain_matrix = (read[name] for name in ("embedding.weight", Q, "norm.weight", PLAIN))
    assert isinstance(embedding, Int8Rows)
    assert isinstance(q, Int4Groups)
    assert isinstance(norm, memoryview)
    assert isinstance(plain_matrix, memoryview)
    assert (embedding.values.format, embedding.values.shape, embedding.values.readonly) == ("b", (400, 32), True)
    assert (q.nibbles.format, q.nibbles.shape, q.nibbles.readonly) == ("B", (64, 16), True)
    assert (q.scales.format, q.scales.shape) == ("H", (64, 1))
    assert (plain_matrix.format, plain_matrix.shape) == ("f", (32, 32))
    for values in (embedding.scales, int4_scales(q), norm, plain_matrix):
        assert np.asarray(values).flags.aligned
        assert np.asarray(values).flags.writeable


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a mapping")
def test_what_was_read_need_not_stay_in_memory(path: Path) -> None:
    tensors = read_tensors(path, config())
    embedding = tensors["embedding.weight"]
    assert isinstance(embedding, Int8Rows)
    before = embedding.values.tobytes()
    assert resident_kb(path) > 0
    release_pages(tensors)
    assert resident_kb(path) == 0
    assert embedding.values.tobytes() == before
    release_pages({"norm.weight": memoryview(b"of no file")})


def resident_kb(path: Path) -> int:
    """Of the file's mapping: what of it counts as this process's memory."""
    maps = Path("/proc/self/smaps").read_text().partition(f"{path}\n")[2]
    return int(maps.partition("Rss:")[2].split()[0])


def test_a_file_may_hold_its_floats_anywhere(path: Path) -> None:
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    padded = data[8 : 8 + length] + b" " * (9 - length % 8)
    path.write_bytes(len(padded).to_bytes(8, "little") + padded + data[8 + length :])
    norm = read_tensors(path, config())["norm.weight"]
    assert isinstance(norm, memoryview)
    assert np.asarray(norm).flags.aligned
    np.testing.assert_array_equal(norm, mixed_tensors()["norm.weight"])


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        (Q, None, f"{Q} is missing"),
        ("norm.weight", None, r"norm\.weight is missing"),
        ("norm.weight", np.ones(31, np.float32), r"norm\.weight is 31, not 32"),
        ("norm.weight", np.ones((4, 8), np.float32), r"norm\.weight is 4 x 8, not 32"),
        ("norm.weight", np.array(1, np.float32), r"norm\.weight is a number, not 32"),
        ("norm.weight", np.ones(32, np.float16), r"norm\.weight must be float32, not float16"),
        ("norm.weight", np.full(32, np.nan, np.float32), r"norm\.weight has a value that is not finite"),
        ("embedding.weight", np.ones((400, 31), np.int8), "embedding.weight is 400 x 31, not 400 x 32"),
        ("embedding.weight", np.ones((32, 400), np.int8), "embedding.weight is 32 x 400, not 400 x 32"),
        ("embedding.weight", np.ones((400, 32), np.int16), "embedding.weight has the type I16, which no model has"),
        ("embedding.weight", np.ones((400, 32), np.float16), "must be int8, int4 or float32, not float16"),
        ("embedding.weight.scale", np.ones(400, np.float16), "needs a scale for each row, float32, not float16 400"),
        ("embedding.weight.scale", np.full(400, np.inf, np.float32), r"weight\.scale has a value that is not finite"),
        (PLAIN, np.full((32, 32), np.nan, np.float32), "a value that is not finite"),
        (PLAIN, np.full((32, 32), -1e5, np.float32), "a value that is not finite or absurdly large"),
        ("embedding.weight.scale", np.full(400, 1e36, np.float32), r"weight\.scale .* absurdly large"),
        (Q, np.ones((64, 32), np.uint8), f"{Q} is 64 x 32, not 64 x 16"),
        (Q + ".scale", None, f"{Q} needs a scale for each group of 32 or 64"),
        (Q + ".scale", np.ones((64, 1), np.float32), "group of 32 or 64, float16, not float32 64 x 1"),
        (Q + ".scale", np.ones((64, 2), np.float16), "group of 32 or 64, float16, not float16 64 x 2"),
        (Q + ".scale", np.ones(64, np.float16), "group of 32 or 64, float16, not float16 64"),
        (Q + ".scale", np.full((64, 1), np.nan, np.float16), "not finite"),
        (Q + ".scale", np.full((64, 1), -np.inf, np.float16), "not finite"),
        (DOWN + ".scale", np.ones((32, 2), np.float16), "group of 32 or 64, float16, not float16 32 x 2"),
        ("blocks.2.attention.q.weight", np.ones((64, 32), np.float32), "'blocks.2.attention.q.weight' is not a tensor"),
        ("norm.weight.scale", np.ones(1, np.float32), r"'norm\.weight\.scale' is not a tensor of it"),
        ("x\n" * 1000, np.ones(1, np.float32), r"'x\\n.* is not a tensor of it"),
    ],
)
def test_what_does_not_fit_is_named(path: Path, name: str, array: npt.NDArray[Any] | None, reason: str) -> None:
    change(path, name, array)
    assert_refused(path, f"does not fit its config.json \\(.*{reason}")


@given(st.floats(width=16), st.integers(0, 63))
def test_float16_scales_must_be_finite(tmp_path_factory: pytest.TempPathFactory, value: float, at: int) -> None:
    path = tmp_path_factory.mktemp("scales") / "model.safetensors"
    write_tensors(path, mixed_tensors())
    scales = np.ones((64, 1), np.float16)
    scales[at] = value
    change(path, Q + ".scale", scales)
    if np.isfinite(value):
        read = read_tensors(path, config())[Q]
        assert isinstance(read, Int4Groups)
        np.testing.assert_array_equal(int4_scales(read), scales)
    else:
        assert_refused(path, "not finite")


@given(
    st.floats(width=32) | st.floats(-40_000, 40_000, width=32) | st.sampled_from([32_767.0, -32_768.0, np.inf]),
    st.integers(0, 31),
)
def test_float32_values_must_be_numbers_of_a_usual_size(
    tmp_path_factory: pytest.TempPathFactory, value: float, at: int
) -> None:
    path = tmp_path_factory.mktemp("values") / "model.safetensors"
    write_tensors(path, mixed_tensors())
    norm = np.ones(32, np.float32)
    norm[at] = value
    change(path, "norm.weight", norm)
    if abs(value) < 2**15:
        np.testing.assert_array_equal(read_tensors(path, config())["norm.weight"], norm)
    else:
        assert_refused(path, "not finite")


def test_a_type_that_only_other_models_have_is_an_error(path: Path) -> None:
    described(path, "norm.weight", dtype="BF16", shape=[64])
    assert_refused(path, r"norm\.weight has the type BF16")


def described(path: Path, name: str, **changes: Any) -> None:
    """Change what the file's header says of a tensor."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header[name] |= changes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [31]},
        {"shape": [-1, -32]},
        {"shape": [32.0]},
        {"shape": [True] * 5},
        {"shape": [1] * 9},
        {"shape": "32"},
        {"shape": None},
        {"data_offsets": [0, 10**9]},
        {"data_offsets": [4, 0]},
        {"data_offsets": [-128, 0]},
        {"data_offsets": [0.0, 128.0]},
        {"data_offsets": [0]},
        {"dtype": 32},
        {"dtype": "F\n32" * 999},
    ],
)
def test_a_header_that_does_not_describe_its_tensors_is_an_error(path: Path, changes: dict[str, Any]) -> None:
    described(path, "norm.weight", **changes)
    assert_refused(path, r"cannot read .*its header does not describe 'norm\.weight' as it is")


@pytest.mark.parametrize("header", [b"[]", b"{", b"\xff{}", b"[" * 10_000, b'{"norm.weight": 1}', b""])
def test_a_header_of_something_else_is_an_error(path: Path, header: bytes) -> None:
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    assert_refused(path, "cannot read")


def test_a_config_of_a_billion_layers_is_refused_at_once(path: Path) -> None:
    with pytest.raises(ModelError, match=r"blocks\.2\.attention_norm\.weight is missing"):
        read_tensors(path, tiny_config(d_model=32, n_heads=4, head_dim=16, d_ff=96, n_layers=10**9))


@given(st.data())
def test_a_damaged_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("damaged") / "model.safetensors"
    write_tensors(path, mixed_tensors())
    content = bytearray(path.read_bytes())
    header = 8 + int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.one_of(st.integers(0, 16), st.integers(0, header), st.integers(0, len(content) - 1)))
        content[at] = data.draw(st.one_of(st.sampled_from(b'"{}[],:0179 -\\'), st.integers(0, 255)))
    path.write_bytes(content[: data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))])
    with suppress(ModelError):
        assert list(read_tensors(path, config())) == [name for name, _ in shapes(config())]
