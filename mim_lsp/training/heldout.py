"""What a trained model is worth on the held-out packages: bits per byte, agreement, and what the far side adds.

The last is the heart of the design: both directions must predict a middle better with the far side in sight than with
the far side left out.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.table import Table
from torch import Tensor

from mim_lsp.errors import CorpusError
from mim_lsp.model.folder import WEIGHTS, read_config, read_tokenizer
from mim_lsp.model.network import Decoder
from mim_lsp.model.weights import load_weights
from mim_lsp.syntax.holes import DEFAULT_WEIGHTS, draw_hole
from mim_lsp.syntax.tree import SyntaxTree
from mim_lsp.training.batches import pack
from mim_lsp.training.corpus.reader import Document, read_documents
from mim_lsp.training.forward import batch_losses
from mim_lsp.training.objective import IGNORE
from mim_lsp.training.prose import Prose
from mim_lsp.training.windows import PROSE_WEIGHTS, Example, ExampleBuilder, WindowSettings

TRIES_PER_WINDOW = 20
"""Places that are looked at for each window that is wanted: nearly every one has a hole to draw."""
WITHIN_CHARS = 2000
"""Range behind a place in which a hole is drawn."""


@dataclass(frozen=True)
class HeldoutReport:
    """Measured on windows of held-out files; NLL in nats per token, TV between 0 and 1."""

    windows: int
    """Windows of whole text, and as many with a hole."""
    bits_per_byte_forward: float
    bits_per_byte_backward: float
    tv_text: float
    """Mean total variation between the directions on whole texts."""
    tv_middle: float
    """The same on middles, which both directions predict having read both sides."""
    middle_nll_forward: float
    middle_nll_forward_without_far: float
    middle_nll_backward: float
    middle_nll_backward_without_far: float
    middle_tokens: int
    far_gain_forward_stderr: float
    """Standard error of the forward gain, over windows."""
    far_gain_backward_stderr: float

    def table(self) -> Table:
        """The report for people."""
        table = Table(
            title=f"{self.windows:,} held-out windows of text, {self.windows:,} with a hole", show_header=False
        )
        table.add_row("bits per byte, forward", f"{self.bits_per_byte_forward:.3f}")
        table.add_row("bits per byte, backward", f"{self.bits_per_byte_backward:.3f}")
        table.add_row("disagreement on texts (mean total variation)", f"{self.tv_text:.3f}")
        table.add_row("disagreement on middles", f"{self.tv_middle:.3f}")
        for direction in ("forward", "backward"):
            with_far = getattr(self, f"middle_nll_{direction}")
            without = getattr(self, f"middle_nll_{direction}_without_far")
            error = getattr(self, f"far_gain_{direction}_stderr")
            table.add_row(f"middle NLL, {direction}, with the far side", f"{with_far:.3f}")
            table.add_row(f"middle NLL, {direction}, without it", f"{without:.3f}")
            table.add_row("  what the far side is worth", f"{without - with_far:+.3f} (standard error {error:.3f})")
        return table


def measure_heldout(
    folder: Path, corpus: Path, *, windows: int = 400, seed: int = 0, untrained: bool = False, prose: bool = False
) -> HeldoutReport:
    """Measure the model in `folder` on the held-out documents of `corpus`.

    Args:
        folder: a model folder.
        corpus: a corpus folder.
        windows: how many windows of whole text, and how many with a hole; fewer where the corpus has fewer.
        seed: of the draw.
        untrained: measure the same network with random weights instead, as a floor.
        prose: on the corpus's natural language instead of its code.

    Raises:
        ModelError: the folder is not a model's.
        CorpusError: there are no held-out documents, or none in which a hole can be drawn.
    """
    config, tokenizer = read_config(folder), read_tokenizer(folder)
    torch.manual_seed(seed)
    model = Decoder(config).eval() if untrained else load_weights(config, folder / WEIGHTS)
    builder = ExampleBuilder(config, tokenizer, WindowSettings(tokens=config.context_length, boundary_rate=1.0))
    documents = heldout_texts(corpus, prose=prose)
    drawn = _draw(builder, documents, windows, random.Random(seed)) if documents else _Windows()
    if not drawn.with_far:
        raise CorpusError(f"no hole can be drawn in the held-out documents of {corpus}.")
    n_bytes = sum(len(tokenizer.decode_bytes(example.forward)) for example in drawn.texts)
    texts, far, near = (
        [_sums(model, example) for example in examples] for examples in (drawn.texts, drawn.with_far, drawn.without_far)
    )
    return _report(n_bytes, texts, far, near)


def heldout_texts(corpus: Path, *, prose: bool) -> list[Document]:
    """The held-out documents that have something in them: natural language, or else code."""
    documents = read_documents(corpus, "heldout", prose=prose)
    return [document for document in documents if document.content and isinstance(document.content, Prose) == prose]


@dataclass
class _Windows:
    texts: list[Example] = field(default_factory=list)
    """Whole text."""
    with_far: list[Example] = field(default_factory=list)
    """With a hole."""
    without_far: list[Example] = field(default_factory=list)
    """The same holes, without their far sides."""


def _draw(builder: ExampleBuilder, documents: Sequence[Document], windows: int, rng: random.Random) -> _Windows:
    weights = [len(document.content) for document in documents]
    drawn = _Windows()
    for _ in range(TRIES_PER_WINDOW * windows):
        if len(drawn.with_far) == windows:
            break
        text = rng.choices(documents, weights)[0].content
        anchor = rng.randrange(len(text))
        if len(drawn.texts) < windows:
            drawn.texts.append(builder.whole_text(text, anchor))
        kinds = PROSE_WEIGHTS if isinstance(text, Prose) else DEFAULT_WEIGHTS
        hole = draw_hole(SyntaxTree.parse(text, anchor), rng, kinds, within=(anchor, anchor + WITHIN_CHARS))
        if hole is None:
            continue
        seed = rng.random()
        with_far, without_far = (
            builder.infill(text, hole, random.Random(seed), with_far=with_far) for with_far in (True, False)
        )
        if with_far and without_far and with_far.pairs:
            drawn.with_far.append(with_far)
            drawn.without_far.append(without_far)
    return drawn


@dataclass(frozen=True)
class _Sums:
    """Sums over one example."""

    all_forward: float
    all_backward: float
    middle_forward: float
    middle_backward: float
    tv: float
    n_pairs: int


def _sums(model: Decoder, example: Example) -> _Sums:
    """One pass over an example's two rows."""
    batch = pack([example], max(len(example.forward), len(example.backward)) - 1, model.config.special.pad)
    with torch.no_grad():
        losses = batch_losses(model, batch, 0.0, bf16=False)
    backward, counted = batch.backward_RT.flatten(), batch.targets_RT.flatten() != IGNORE
    forward_K, backward_K = batch.pairs_K2.unbind(1)
    return _Sums(
        _sum(losses.nll_N[counted & ~backward]),
        _sum(losses.nll_N[counted & backward]),
        _sum(losses.nll_N[forward_K]),
        _sum(losses.nll_N[backward_K]),
        _sum(losses.tv_K),
        len(forward_K),
    )


def _sum(values: Tensor) -> float:
    return float(values.double().sum())


def _report(n_bytes: int, texts: Sequence[_Sums], far: Sequence[_Sums], near: Sequence[_Sums]) -> HeldoutReport:
    """From nats of whole windows to bits per byte, and from sums to means over the tokens of all middles."""
    n_text, n_middle = sum(row.n_pairs for row in texts), sum(row.n_pairs for row in far)
    n_bits = n_bytes * math.log(2)
    pairs = list(zip(far, near, strict=True))
    return HeldoutReport(
        windows=len(far),
        bits_per_byte_forward=sum(row.all_forward for row in texts) / n_bits,
        bits_per_byte_backward=sum(row.all_backward for row in texts) / n_bits,
        tv_text=sum(row.tv for row in texts) / n_text,
        tv_middle=sum(row.tv for row in far) / n_middle,
        middle_nll_forward=sum(row.middle_forward for row in far) / n_middle,
        middle_nll_forward_without_far=sum(row.middle_forward for row in near) / n_middle,
        middle_nll_backward=sum(row.middle_backward for row in far) / n_middle,
        middle_nll_backward_without_far=sum(row.middle_backward for row in near) / n_middle,
        middle_tokens=n_middle,
        far_gain_forward_stderr=_stderr((n.middle_forward - f.middle_forward for f, n in pairs), n_middle),
        far_gain_backward_stderr=_stderr((n.middle_backward - f.middle_backward for f, n in pairs), n_middle),
    )


def _stderr(gains: Iterable[float], n_middle: int) -> float:
    """Of the gain per token, from each window's gain; NaN for a single window."""
    values = torch.tensor(list(gains), dtype=torch.float64)
    return float(values.std() * len(values) ** 0.5 / n_middle) if len(values) > 1 else math.nan
