from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mim_lsp.errors import ModelError
from mim_lsp.model.config import N_SPECIAL_TOKENS, ModelConfig, SpecialTokens
from tests.tiny import tiny_config


def write(folder: Path, text: str) -> Path:
    path = folder / "config.json"
    path.write_text(text, encoding="utf-8")
    return path


def with_change(name: str, value: Any) -> str:
    """The text of a sound `config.json` in which one field, `special.far` or `d_ff` for example, has another value."""
    data = json.loads(tiny_config().to_json())
    *outer, last = name.split(".")
    (data[outer[0]] if outer else data)[last] = value
    return json.dumps(data)


@pytest.mark.parametrize("config", [ModelConfig(), tiny_config(), tiny_config(norm_eps=1e-6, end_bias=1.5)])
def test_round_trip(config: ModelConfig, tmp_path: Path) -> None:
    assert ModelConfig.from_file(write(tmp_path, config.to_json())) == config


def test_a_whole_number_is_a_float_too(tmp_path: Path) -> None:
    assert ModelConfig.from_file(write(tmp_path, with_change("rope_theta", 500))).rope_theta == 500.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        '{"vocab_size": 400}',
        with_change("surprise", 1),
        with_change("special.surprise", 1),
        with_change("special", {"l2r": 392}),
        with_change("special", [392, 393, 394, 395, 396, 397]),
        with_change("special", None),
        with_change("d_model", "32"),
        with_change("d_model", 32.0),
        with_change("d_model", True),
        with_change("d_model", None),
        with_change("d_model", [32]),
        with_change("rope_theta", "10000"),
        with_change("special.eom", 396.5),
        with_change("d_model", 0),
        with_change("n_kv_heads", 0),
        with_change("n_kv_heads", -2),
        with_change("norm_eps", float("nan")),
        with_change("rope_theta", float("inf")),
        with_change("d_ff", -56),
        with_change("end_bias", -0.5),
        with_change("end_bias", float("nan")),
        with_change("end_bias", 1e9),
        with_change("n_heads", 7),
        with_change("head_dim", 7),
        with_change("vocab_size", 397),
        with_change("vocab_size", 4),
        with_change("special.l2r", -1),
        with_change("special.l2r", 391),
        with_change("special.l2r", 400),
        with_change("special.l2r", tiny_config().special.r2l),
    ],
)
def test_a_file_that_describes_no_model_is_one_clear_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as raised:
        ModelConfig.from_file(write(tmp_path, text))
    message = str(raised.value)
    assert "config.json" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["d_model", "norm_eps", "special", "special.pad"])
def test_a_missing_field_is_an_error(name: str, tmp_path: Path) -> None:
    data = json.loads(tiny_config().to_json())
    *outer, last = name.split(".")
    del (data[outer[0]] if outer else data)[last]
    with pytest.raises(ModelError, match=r"config\.json does not have the fields"):
        ModelConfig.from_file(write(tmp_path, json.dumps(data)))


def test_a_missing_file_and_one_that_is_no_text_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Is this a model folder"):
        ModelConfig.from_file(tmp_path / "config.json")
    (tmp_path / "config.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="not valid JSON"):
        ModelConfig.from_file(tmp_path / "config.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelError, match="Is this a model folder"):
        ModelConfig.from_file(tmp_path / "folder")


def test_special_tokens_are_the_last_ids() -> None:
    config = tiny_config()
    assert config.n_text_tokens == config.vocab_size - N_SPECIAL_TOKENS
    assert SpecialTokens.at_the_end_of(100) == SpecialTokens(l2r=92, r2l=93, far=94, near=95, eom=96, pad=97)
    with pytest.raises(ModelError, match="special tokens"):
        ModelConfig(vocab_size=400)  # whose special tokens are those of 16,384


def test_number_of_parameters_by_hand() -> None:
    config = tiny_config(vocab_size=100, d_model=10, n_layers=3, n_heads=4, n_kv_heads=2, head_dim=6, d_ff=7)
    block = 10 * 24 + 2 * 10 * 12 + 24 * 10 + 3 * 10 * 7 + 2 * 10
    assert config.n_parameters == 100 * 10 + 3 * block + 10
