from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mim_lsp.completion.confidence import FILE
from mim_lsp.errors import DocumentError, ModelError, SettingsError
from mim_lsp.model.folder import CARD, CONFIG, TOKENIZER, WEIGHTS, read_config, read_tokenizer, write_shape
from mim_lsp.model.tensors import Int4Groups, Int8Rows, read_tensors
from mim_lsp.model.weights import load_weights, save_weights
from mim_lsp.training.quantization.folder import QuantizationSettings, quantize_folder
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer

CONFIGURATION = tiny_config(d_model=32, n_heads=4, head_dim=16, d_ff=96)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    write_shape(folder, CONFIGURATION, tiny_tokenizer())
    save_weights(tiny_model(d_model=32, n_heads=4, head_dim=16, d_ff=96), folder / WEIGHTS)
    return folder


@pytest.fixture
def int4(tmp_path: Path) -> QuantizationSettings:
    (tmp_path / "code.py").write_text(SOURCE, encoding="utf-8")
    return QuantizationSettings(bits=4, group=32, calibration=(tmp_path / "code.py",))


def test_int4(source: Path, tmp_path: Path, int4: QuantizationSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mim_lsp.training.quantization.folder.TOKENS", 2000)
    out = tmp_path / "new" / "tiny-int4"
    (source / CARD).write_text("# tiny\n\nA model for tests.\n", encoding="utf-8")
    steps: list[tuple[int, int]] = []
    size = quantize_folder(source, out, int4, lambda done, total: steps.append((done, total)))
    assert size == (out / WEIGHTS).stat().st_size < 0.9 * (source / WEIGHTS).stat().st_size
    assert steps == [(1, 2), (2, 2)]
    assert {path.name for path in out.iterdir()} == {CARD, CONFIG, TOKENIZER, WEIGHTS}
    assert read_config(out) == CONFIGURATION
    assert read_tokenizer(out).encode(SOURCE) == tiny_tokenizer().encode(SOURCE)
    tensors = read_tensors(out / WEIGHTS, CONFIGURATION)
    assert isinstance(tensors["blocks.1.feed_forward.up.weight"], Int4Groups)
    assert isinstance(tensors["embedding.weight"], Int8Rows)
    card = (out / CARD).read_text(encoding="utf-8")
    assert card.startswith("# tiny-int4\n\ntiny, quantized: int4 in groups of 32 ")
    assert "2,000 tokens of code.py" in card
    assert card.endswith("# tiny\n\nA model for tests.\n")


def test_int8_rounds_to_nearest(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    quantize_folder(source, out, QuantizationSettings(bits=8))
    before, after = (load_weights(CONFIGURATION, folder / WEIGHTS) for folder in (source, out))
    for (name, weight), again in zip(before.named_parameters(), after.parameters(), strict=True):
        torch.testing.assert_close(weight, again, rtol=1e-6, atol=0, msg=name)
    assert (out / CARD).read_text() == "# out\n\ntiny, quantized: int8 with a scale for each row.\n\n"


def test_the_calibration_of_its_confidence_goes_along(source: Path, tmp_path: Path) -> None:
    (source / FILE).write_text("{}")
    quantize_folder(source, tmp_path / "out", QuantizationSettings(bits=8))
    assert (tmp_path / "out" / FILE).read_text() == "{}"


def test_a_folder_is_not_written_over(source: Path, int4: QuantizationSettings) -> None:
    before = (source / WEIGHTS).read_bytes()
    with pytest.raises(SettingsError, match="exists already; name a new folder"):
        quantize_folder(source, source, int4)
    assert (source / WEIGHTS).read_bytes() == before


def test_what_cannot_work_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(SettingsError, match="--group 64 does not divide"):
        quantize_folder(source, out, QuantizationSettings(group=64))
    with pytest.raises(DocumentError, match="does not exist"):
        quantize_folder(source, out, QuantizationSettings(group=32, calibration=(tmp_path / "missing",)))
    (source / WEIGHTS).write_bytes(b"")
    with pytest.raises(ModelError, match="cannot read"):
        quantize_folder(source, out, QuantizationSettings(group=32))
    assert not out.exists()
