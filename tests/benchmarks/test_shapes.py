import pytest

from benchmarks.contestants import FLOAT32, INT4_GROUPS, INT8_ROWS, Q4_0, Q4_0_THROUGHOUT, Q8_0
from benchmarks.shapes import INT8_KINDS, SHAPES, Format, cache_bytes, matrices, step_bytes, weight_bytes
from mim_lsp.model.config import ModelConfig, SpecialTokens

SMALL = ModelConfig(
    vocab_size=64, d_model=32, n_layers=2, n_heads=4, n_kv_heads=2, head_dim=16, d_ff=96,
    special=SpecialTokens.at_the_end_of(64),
)  # fmt: skip


def test_the_shapes_have_the_sizes_that_they_are_named_after() -> None:
    millions = {name: config.n_parameters / 1e6 for name, config in SHAPES.items()}
    assert round(millions["nano"], 1) == 8.6
    assert 55 < millions["60M"] < 65
    assert 105 < millions["110M"] < 115


def test_matrices_are_all_parameters_but_the_norms() -> None:
    for config in (SMALL, *SHAPES.values()):
        norms = (2 * config.n_layers + 1) * config.d_model
        assert sum(rows * columns for _, rows, columns in matrices(config)) == config.n_parameters - norms


def test_the_same_matrices_stay_in_8_bits_as_where_we_quantize() -> None:
    layers = pytest.importorskip("mim_lsp.training.quantization.layers")
    assert layers.INT8_KINDS == INT8_KINDS


def test_bytes_of_a_matrix_are_its_values_and_its_scales() -> None:
    values = 2 * (64 * 32 + 2 * 32 * 32 + 32 * 64 + 3 * 96 * 32) + 64 * 32
    rows = 2 * (64 + 2 * 32 + 32 + 2 * 96 + 32) + 64
    assert weight_bytes(SMALL, INT8_ROWS) == values + 4 * rows
    assert weight_bytes(SMALL, Q4_0_THROUGHOUT) == values // 2 + 2 * values // 32
    assert weight_bytes(SMALL, FLOAT32) == 4 * values


def test_int4_keeps_the_embedding_and_the_values_of_attention_in_int8() -> None:
    in_int8, in_int4 = 64 * 32 + 2 * 32 * 32, 2 * (64 * 32 + 32 * 32 + 32 * 64 + 3 * 96 * 32)
    scales = Format(bits=4, group=16, scale_bytes=2, cache_bytes=2, of_int8_kinds=INT8_ROWS)
    assert weight_bytes(SMALL, scales) == in_int8 + 4 * (64 + 2 * 32) + in_int4 // 2 + 2 * in_int4 // 16


def test_formats_cost_the_bits_that_they_are_known_for() -> None:
    config = SHAPES["60M"]
    formats = {Q8_0: 8.5, Q4_0_THROUGHOUT: 4.5, Q4_0: 5.3, INT4_GROUPS: 5.0}
    bits = {kept: round(8 * weight_bytes(config, kept) / config.n_parameters, 1) for kept in formats}
    assert bits == formats


def test_bytes_of_a_step_add_the_caches_of_all_rows() -> None:
    kept = Format(bits=8, group=None, scale_bytes=4, cache_bytes=2)
    one_token = 2 * 2 * 2 * 16 * 2  # keys and values, layers, KV heads, width, bytes
    assert cache_bytes(SMALL, kept, 10) == 10 * one_token
    assert step_bytes(SMALL, kept, rows=2, context=5) == weight_bytes(SMALL, kept) + 10 * one_token
