"""`mim-lsp eval perplexity`: bits per byte of both directions on whole files, and how much the two disagree.

Files are cut into windows of the model's context length that do not overlap, and each window is read in both
directions without far sides, as in the paper's pre-training.

Shape legend: T tokens of a window, V vocabulary, C positions of one chunk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.table import Table
from torch import Tensor

from mim_lsp.errors import DocumentError, SettingsError
from mim_lsp.model.folder import WEIGHTS, read_config, read_tokenizer
from mim_lsp.model.network import Decoder, attend_within, packed_visibility
from mim_lsp.model.rows import Direction, build_row
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.model.weights import load_weights

_CHUNK = 256  # positions whose distributions over the vocabulary are held at once


@dataclass(frozen=True)
class PerplexityReport:
    """Of whole texts, each direction reading only its own side."""

    files: int
    bytes: int
    tokens: int
    bits_per_byte_forward: float
    bits_per_byte_backward: float
    disagreement: float
    """Mean total variation between the two directions' distributions of the same token, from 0 to 1."""
    model: str

    def table(self) -> Table:
        """The report for people."""
        table = Table(title=f"{self.model}, {self.files:,} files, {self.bytes:,} bytes", show_header=False)
        table.add_row("bits per byte, forward", f"{self.bits_per_byte_forward:.3f}")
        table.add_row("bits per byte, backward", f"{self.bits_per_byte_backward:.3f}")
        table.add_row("disagreement (mean total variation)", f"{self.disagreement:.3f}")
        return table


@dataclass
class _Sums:
    """What the windows so far add up to."""

    tokens: int = 0
    bits_forward: float = 0.0
    bits_backward: float = 0.0
    variation: float = 0.0


def evaluate_model(
    folder: Path, texts: Iterable[str], *, device: str = "auto", progress: Callable[[], None] = lambda: None
) -> PerplexityReport:
    """Evaluate the model in `folder` on the contents of whole files, each read alone.

    Args:
        folder: a model folder.
        texts: what the files hold.
        device: `auto`, `cpu` or `cuda`.
        progress: called after each text.

    Raises:
        ModelError: the model folder is broken.
        DocumentError: all texts are empty.
        SettingsError: `cuda` without a GPU.
    """
    config, tokenizer = read_config(folder), read_tokenizer(folder)
    network = load_weights(config, folder / WEIGHTS).to(_device(device))
    return evaluate_texts(network, tokenizer, texts, model=folder.name, progress=progress)


def evaluate_texts(
    network: Decoder,
    tokenizer: CodeTokenizer,
    texts: Iterable[str],
    *,
    model: str,
    progress: Callable[[], None] = lambda: None,
) -> PerplexityReport:
    """Like `evaluate_model`, on a network that is loaded already; `model` is only its name.

    Raises:
        DocumentError: all texts are empty.
    """
    sums, n_files, n_bytes = _Sums(), 0, 0
    for text in texts:
        tokens = tokenizer.encode(text)
        for window in _windows(tokens, network.config.context_length):
            _add_window(sums, network, window)
        n_files += 1
        n_bytes += len(tokenizer.decode_bytes(tokens))
        progress()
    if not sums.tokens:
        raise DocumentError("there is no text in these files; name others")
    return PerplexityReport(
        files=n_files,
        bytes=n_bytes,
        tokens=sums.tokens,
        bits_per_byte_forward=sums.bits_forward / n_bytes,
        bits_per_byte_backward=sums.bits_backward / n_bytes,
        disagreement=sums.variation / sums.tokens,
        model=model,
    )


def _windows(tokens: Sequence[int], length: int) -> Iterator[Sequence[int]]:
    return (tokens[start : start + length] for start in range(0, len(tokens), length))


@torch.inference_mode()
def _add_window(sums: _Sums, network: Decoder, tokens: Sequence[int]) -> None:
    """Add one window; position i of the forward hidden states and of the turned backward ones predict token i."""
    forward_TD, backward_TD = _hidden_states(network, tokens)
    targets_T = torch.tensor(tokens, device=forward_TD.device)
    sums.tokens += len(tokens)
    for start in range(0, len(tokens), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        forward_CV, backward_CV = (_log_probs(network, hidden_TD[chunk]) for hidden_TD in (forward_TD, backward_TD))
        sums.bits_forward += _bits(forward_CV, targets_T[chunk])
        sums.bits_backward += _bits(backward_CV, targets_T[chunk])
        sums.variation += 0.5 * float((forward_CV.exp() - backward_CV.exp()).abs().sum())


def _hidden_states(network: Decoder, tokens: Sequence[int]) -> tuple[Tensor, Tensor]:
    """For each token, in text order, the states (T, D) from which the two directions predict it."""
    rows = [build_row(network.config.special, direction, tokens)[:-1] for direction in Direction]
    ids_RT = torch.tensor(rows, device=network.embedding.weight.device)
    positions_RT = torch.arange(len(tokens), device=ids_RT.device).expand_as(ids_RT)
    attend = attend_within(packed_visibility(torch.ones_like(ids_RT)))
    hidden_RTD = network(ids_RT, positions_RT, [attend] * network.config.n_layers)
    # The backward row begins with the text's last token, so position i of it predicts token T - 1 - i.
    return hidden_RTD[0], hidden_RTD[1].flip(0)


def _log_probs(network: Decoder, hidden_CD: Tensor) -> Tensor:
    """Of the next token, (C, V); <eom> has no place in a text without a hole."""
    logits_CV = network.logits(hidden_CD)
    logits_CV[:, network.config.special.eom] = -torch.inf
    return logits_CV.log_softmax(-1)


def _bits(log_probabilities_CV: Tensor, targets_C: Tensor) -> float:
    return -float(log_probabilities_CV.gather(1, targets_C[:, None]).sum()) / math.log(2)


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise SettingsError("PyTorch sees no GPU here; choose --device cpu")
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
