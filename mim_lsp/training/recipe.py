"""What a recipe says: which model is trained, on which windows, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mim_lsp.model.config import ModelConfig
from mim_lsp.syntax.holes import DEFAULT_WEIGHTS, HoleKind
from mim_lsp.training.windows import Objective, WindowSettings

CHARS_PER_ANCHOR_TOKEN = 3
"""Characters of text for each token of a row: how far apart the windows over a document start."""


@dataclass(frozen=True)
class Recipe:
    """What is trained and how."""

    name: str
    model_name: str
    """Folder name of the model that comes out."""
    config: ModelConfig
    minutes: float
    """Default time budget; the learning rate reaches its end there."""
    examples_per_step: int
    """Windows of text in a micro-batch; each is learned in both directions, or in the baselines in one. Does not count
    where `rows` is set."""
    matrix_lr: float
    """Peak learning rate of the blocks' matrices."""
    other_lr: float
    """Peak learning rate of the embedding and the norms."""
    lr_scale: float = 1.0
    """Factor on both rates; a trained model goes on better with less."""
    beta: float = 0.1
    """Weight of the agreement; 0.1 in the paper."""
    z_loss: float = 0.0
    """Weight of the squared logarithm of the softmax's denominator, which keeps logits small; 0.0001 is usual."""
    objective: Objective = "mim"
    infill_rate: float = 0.7
    """Share of windows with a hole."""
    backward_rate: float = 1.0
    """Share of windows that are learned in both directions; the others give their forward row only."""
    hole_weights: Mapping[HoleKind, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    """How often each kind of hole is drawn."""
    boundary_rate: float = 0.85
    """Share of far sides that end at the boundary that inference uses; the others end right at the hole."""
    lengths: tuple[float, ...] = (1.0, 0.5, 0.25)
    """Shares of the context that windows are drawn at, each as often."""
    suffix_share: tuple[float, float] = (0.15, 0.45)
    """Range of the suffix's share of a window with a hole."""
    rows: int = 0
    """Rows of exactly the context's length in a micro-batch, as a GPU wants them: every step has the same shapes. 0: as
    many as `examples_per_step` windows need."""
    micro_batches: int = 1
    """Micro-batches in a step, shared out among the processes: so many rounded up, and one for each at least."""
    optimizer: Literal["muon", "adamw"] = "muon"
    """What the matrices learn with; the rest always learns with AdamW."""
    adam_eps: float = 1e-10
    weight_decay: float = 0.1
    warm_up: float = 0.02
    """Share of the run in which the learning rate rises."""
    decay: float = 0.65
    """Share of the run, at its end, in which the learning rate falls."""
    schedule: Literal["straight", "cosine"] = "straight"
    """How it falls."""
    last_lr: float = 0.0
    """Share of the peak that it falls to."""
    clip_norm: float = 1.0
    spike_factor: float = 10.0
    """A step is skipped whose gradient is so many times larger than the usual one; 0: never."""
    qk_norm: bool = False
    """Normalize queries and keys. The runtimes do not, so that such a model is for experiments: it is not written."""
    recompute: bool = False
    """Keep only the blocks' inputs for the backward pass: a third more work, a fraction of the memory."""
    compile: bool = True
    """Compile on a GPU what has fixed shapes."""
    steps: int = 0
    """Length of the run; 0: as long as the minutes last."""
    seed: int = 1
    tokenizer_chars: int = 40_000_000
    """Characters that the tokenizer is learned from."""

    @property
    def windows(self) -> WindowSettings:
        """How windows are drawn."""
        return WindowSettings(
            tokens=self.config.context_length,
            objective=self.objective,
            infill_rate=self.infill_rate,
            backward_rate=self.backward_rate,
            boundary_rate=self.boundary_rate,
            lengths=self.lengths,
            suffix_share=self.suffix_share,
            hole_weights=self.hole_weights,
        )

    @property
    def stride(self) -> int:
        """How many characters apart the windows over a document start."""
        return CHARS_PER_ANCHOR_TOKEN * self.config.context_length

    @property
    def n_directions(self) -> float:
        """Rows that each window gives, on average."""
        return 1 + self.backward_rate if self.objective == "mim" else 1
