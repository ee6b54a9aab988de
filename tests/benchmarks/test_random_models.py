from pathlib import Path

import numpy as np
import pytest

from benchmarks.shapes import SHAPES
from mim_lsp.model.arrays import floats
from mim_lsp.model.config import ModelConfig, SpecialTokens
from mim_lsp.model.folder import read_config
from mim_lsp.model.tensors import Int4Groups, Int8Rows, read_tensors
from mim_lsp.runtime.loading import DEFAULT_MODEL, find_model

gguf = pytest.importorskip("gguf")

from benchmarks.gguf_files import gguf_name, interleave_pairs, write_gguf  # noqa: E402
from benchmarks.random_models import as_int4, as_int8, random_weights, stored_weights, write_folder  # noqa: E402

SMALL = ModelConfig(
    vocab_size=96, d_model=64, n_layers=2, n_heads=4, n_kv_heads=2, head_dim=16, d_ff=96,
    special=SpecialTokens.at_the_end_of(96),
)  # fmt: skip


def tiny_tokenizer(path: Path) -> Path:
    path.write_text('{"model": {"vocab": {"b": 1, "a": 0, "ab": 2}, "merges": [["a", "b"]]}}', encoding="utf-8")
    return path


def test_rounding_to_int8_is_exact_to_half_a_step() -> None:
    weight = random_weights(SMALL)["blocks.0.attention.k.weight"]
    stored = as_int8(weight)
    assert isinstance(stored, Int8Rows)
    assert np.abs(floats(stored) - weight).max() <= 0.51 * np.max(stored.scales)


def test_rounding_to_int4_is_that_of_q4_0() -> None:
    weight = random_weights(SMALL)["blocks.1.feed_forward.down.weight"]
    stored = as_int4(weight, group=32)
    assert isinstance(stored, Int4Groups)
    q4_0 = gguf.GGMLQuantizationType.Q4_0
    theirs = gguf.quants.dequantize(gguf.quants.quantize(weight, q4_0), q4_0)
    np.testing.assert_array_equal(floats(stored), theirs)


@pytest.mark.parametrize("kind", ["int8", "int4"])
def test_a_folder_is_one_of_ours(tmp_path: Path, kind: str) -> None:
    config = SHAPES["nano"]
    weights = stored_weights(random_weights(config), kind)
    kinds = {
        name: type(weights[f"{name}.weight"]) for name in ("embedding", "blocks.0.attention.v", "blocks.0.attention.q")
    }
    assert list(kinds.values()) == [Int8Rows, Int8Rows, Int4Groups if kind == "int4" else Int8Rows]
    write_folder(tmp_path, config, weights, find_model(DEFAULT_MODEL))
    assert read_config(tmp_path) == config
    read = read_tensors(tmp_path / "model.safetensors", config)
    np.testing.assert_array_equal(_floats(read["embedding.weight"]), _floats(weights["embedding.weight"]))


def _floats(tensor: object) -> object:
    return floats(tensor)


def test_rotary_pairs_lie_side_by_side_in_the_file() -> None:
    rows = np.arange(8, dtype=np.float32)[:, None]  # two heads of four
    assert interleave_pairs(rows, 4)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_a_gguf_file_holds_the_shape_the_tokens_and_every_tensor(tmp_path: Path) -> None:
    weights = random_weights(SMALL)
    write_gguf(tmp_path / "m.gguf", SMALL, weights, tiny_tokenizer(tmp_path / "tokenizer.json"), "q8_0")
    reader = gguf.GGUFReader(tmp_path / "m.gguf")
    values = {name: field.contents() for name, field in reader.fields.items()}
    assert values["general.architecture"] == "llama"
    assert values["llama.embedding_length"] == 64
    assert values["llama.attention.head_count_kv"] == 2
    assert values["llama.rope.dimension_count"] == 16
    assert values["tokenizer.ggml.fim_mid_token_id"] == SMALL.special.near
    assert values["tokenizer.ggml.tokens"][:4] == ["a", "b", "ab", "<special 3>"]
    assert len(values["tokenizer.ggml.tokens"]) == 96
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    assert tensors.keys() == {gguf_name(name) for name in weights}
    assert tensors["output_norm.weight"].tensor_type == gguf.GGMLQuantizationType.F32
    embedding = tensors["token_embd.weight"]
    assert embedding.tensor_type == gguf.GGMLQuantizationType.Q8_0
    read = gguf.quants.dequantize(embedding.data, embedding.tensor_type)
    np.testing.assert_allclose(read, weights["embedding.weight"], atol=4e-4)


def test_q4_0_keeps_in_8_bits_what_our_int4_does(tmp_path: Path) -> None:
    weights = random_weights(SMALL)
    tokenizer = tiny_tokenizer(tmp_path / "tokenizer.json")
    kinds = {}
    for kind in ("q4_0", "q4_0-throughout"):
        write_gguf(tmp_path / f"{kind}.gguf", SMALL, weights, tokenizer, kind)
        tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(tmp_path / f"{kind}.gguf").tensors}
        kinds[kind] = [
            tensors[name].tensor_type.name
            for name in ("token_embd.weight", "blk.1.attn_v.weight", "blk.1.attn_q.weight")
        ]
    assert kinds == {"q4_0": ["Q8_0", "Q8_0", "Q4_0"], "q4_0-throughout": ["Q4_0"] * 3}


def test_queries_are_turned_for_llama_cpp_and_values_are_not(tmp_path: Path) -> None:
    weights = random_weights(SMALL)
    write_gguf(tmp_path / "m.gguf", SMALL, weights, tiny_tokenizer(tmp_path / "tokenizer.json"), "f32")
    tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(tmp_path / "m.gguf").tensors}
    turned = interleave_pairs(weights["blocks.1.attention.q.weight"], 16)
    np.testing.assert_array_equal(tensors["blk.1.attn_q.weight"].reshape(64, 64), turned)
    values = weights["blocks.1.attention.v.weight"]
    np.testing.assert_array_equal(tensors["blk.1.attn_v.weight"].reshape(32, 64), values)
