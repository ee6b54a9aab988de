"""Bits per byte and disagreement, against a reference that reads every token's context anew."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from rich.console import Console

from mim_lsp.errors import DocumentError, ModelError, SettingsError
from mim_lsp.evaluation.perplexity import PerplexityReport, evaluate_model, evaluate_texts
from mim_lsp.model.config import ModelConfig, SpecialTokens
from mim_lsp.model.folder import WEIGHTS, write_shape
from mim_lsp.model.network import Decoder, attend_within, packed_visibility
from mim_lsp.model.rows import Direction, build_row
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.model.weights import load_weights, save_weights
from mim_lsp.training.vocabulary import learn_tokenizer

TEXTS = ["def f(x):\n    return x + 1\n", "", "s = 'naïve 🐍'\r\n", "y"]
VOCAB = 290
CONFIG = ModelConfig(
    vocab_size=VOCAB,
    d_model=16,
    n_layers=2,
    n_heads=2,
    n_kv_heads=1,
    head_dim=8,
    d_ff=24,
    context_length=7,
    special=SpecialTokens.at_the_end_of(VOCAB),
)


@pytest.fixture(scope="module")
def tokenizer() -> CodeTokenizer:
    return learn_tokenizer(["def f(x):\n    return x\n"] * 3, VOCAB)


@pytest.fixture
def network() -> Decoder:
    torch.manual_seed(1)
    decoder = Decoder(CONFIG)
    torch.nn.init.normal_(decoder.embedding.weight, std=0.3)  # far from uniform
    return decoder.eval().requires_grad_(False)


def next_token(network: Decoder, row: list[int]) -> torch.Tensor:
    """Probabilities (V,) of the token after a row, given that it is not <eom>."""
    ids = torch.tensor([row])
    attend = attend_within(packed_visibility(torch.ones_like(ids)))
    hidden = network(ids, torch.arange(len(row))[None], [attend] * CONFIG.n_layers)
    p_V = network.logits(hidden[0, -1]).softmax(-1)
    p_V[CONFIG.special.eom] = 0
    return p_V / p_V.sum()


def reference(network: Decoder, tokenizer: CodeTokenizer, texts: list[str]) -> tuple[float, float, float]:
    """Bits of the forward and the backward direction and total variation, summed over all tokens."""
    forward, backward, variation = 0.0, 0.0, 0.0
    for text in texts:
        tokens = tokenizer.encode(text)
        for start in range(0, len(tokens), CONFIG.context_length):
            window = tokens[start : start + CONFIG.context_length]
            for i, token in enumerate(window):
                p = next_token(network, build_row(CONFIG.special, Direction.FORWARD, window[:i]))
                q = next_token(network, build_row(CONFIG.special, Direction.BACKWARD, window[i + 1 :]))
                forward -= math.log2(p[token])
                backward -= math.log2(q[token])
                variation += 0.5 * float((p - q).abs().sum())
    return forward, backward, variation


def test_equals_the_reference(network: Decoder, tokenizer: CodeTokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mim_lsp.evaluation.perplexity._CHUNK", 3)  # so that windows have several
    n_bytes = sum(len(text.encode()) for text in TEXTS)
    n_tokens = sum(len(tokenizer.encode(text)) for text in TEXTS)
    forward, backward, variation = reference(network, tokenizer, TEXTS)
    assert evaluate_texts(network, tokenizer, TEXTS, model="tiny") == PerplexityReport(
        files=4,
        bytes=n_bytes,
        tokens=n_tokens,
        bits_per_byte_forward=pytest.approx(forward / n_bytes, rel=1e-4),  # type: ignore[arg-type]
        bits_per_byte_backward=pytest.approx(backward / n_bytes, rel=1e-4),  # type: ignore[arg-type]
        disagreement=pytest.approx(variation / n_tokens, rel=1e-4),  # type: ignore[arg-type]
        model="tiny",
    )
    assert abs(forward - backward) > 0.1


def test_a_uniform_model_needs_the_logarithm_of_its_vocabulary(network: Decoder, tokenizer: CodeTokenizer) -> None:
    torch.nn.init.zeros_(network.embedding.weight)
    report = evaluate_texts(network, tokenizer, TEXTS, model="uniform")
    expected = math.log2(VOCAB - 1) * report.tokens / report.bytes
    assert report.bits_per_byte_forward == pytest.approx(expected)
    assert report.bits_per_byte_backward == pytest.approx(expected)
    assert report.disagreement == pytest.approx(0.0, abs=1e-6)


def test_texts_without_a_token(network: Decoder, tokenizer: CodeTokenizer) -> None:
    with pytest.raises(DocumentError, match="no text"):
        evaluate_texts(network, tokenizer, ["", ""], model="tiny")


@pytest.fixture
def folder(tmp_path: Path, network: Decoder, tokenizer: CodeTokenizer) -> Path:
    path = tmp_path / "tiny"
    write_shape(path, CONFIG, tokenizer)
    save_weights(network, path / WEIGHTS)
    return path


def test_model_folder(folder: Path, tokenizer: CodeTokenizer) -> None:
    steps: list[int] = []
    report = evaluate_model(folder, TEXTS, device="cpu", progress=lambda: steps.append(1))
    assert (report.model, report.files, len(steps)) == ("tiny", 4, 4)
    assert report == evaluate_texts(load_weights(CONFIG, folder / WEIGHTS), tokenizer, TEXTS, model="tiny")


def test_folder_that_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        evaluate_model(tmp_path, TEXTS)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu(folder: Path) -> None:
    with pytest.raises(SettingsError, match="--device cpu"):
        evaluate_model(folder, TEXTS, device="cuda")


def test_table() -> None:
    console = Console(width=100, no_color=True)
    with console.capture() as capture:
        console.print(PerplexityReport(2, 1000, 300, 1.25, 1.5, 0.4321, "tiny").table())
    for shown in ("tiny, 2 files, 1,000 bytes", "1.250", "1.500", "0.432"):
        assert shown in capture.get()
