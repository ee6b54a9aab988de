from benchmarks.contestants import FLOAT32, INT4_GROUPS, INT8_ROWS, Q8_0
from benchmarks.shapes import SHAPES, Format, cache_bytes, matrices, step_bytes, weight_bytes
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
        assert sum(rows * columns for rows, columns in matrices(config)) == config.n_parameters - norms


def test_bytes_of_a_matrix_are_its_values_and_its_scales() -> None:
    values = 2 * (64 * 32 + 2 * 32 * 32 + 32 * 64 + 3 * 96 * 32) + 64 * 32
    rows = 2 * (64 + 2 * 32 + 32 + 2 * 96 + 32) + 64
    assert weight_bytes(SMALL, INT8_ROWS) == values + 4 * rows
    assert weight_bytes(SMALL, INT4_GROUPS) == values // 2 + 2 * values // 32
    assert weight_bytes(SMALL, FLOAT32) == 4 * values


def test_formats_cost_the_bits_that_they_are_known_for() -> None:
    config = SHAPES["60M"]
    bits = {kept: 8 * weight_bytes(config, kept) / config.n_parameters for kept in (INT4_GROUPS, Q8_0)}
    assert round(bits[INT4_GROUPS], 1) == 4.5
    assert round(bits[Q8_0], 1) == 8.5


def test_bytes_of_a_step_add_the_caches_of_all_rows() -> None:
    kept = Format(bits=8, group=None, scale_bytes=4, cache_bytes=2)
    one_token = 2 * 2 * 2 * 16 * 2  # keys and values, layers, KV heads, width, bytes
    assert cache_bytes(SMALL, kept, 10) == 10 * one_token
    assert step_bytes(SMALL, kept, rows=2, context=5) == weight_bytes(SMALL, kept) + 10 * one_token
