"""What is compared: runs of the trainer that differ in one thing.

All arms of a suite have the same shape, corpus and tokenizer, and, where `work` is 1, the same number of tokens to
predict, both directions counted, so that each took the same FLOPs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

STEPS = 750
"""Of an arm with `work` 1: some 3.4 million tokens."""


@dataclass(frozen=True)
class Shape:
    """Size of a model."""

    name: str
    d_model: int
    n_layers: int
    n_heads: int
    d_ff: int

    @property
    def settings(self) -> tuple[str, ...]:
        """For `mim-lsp train --set`."""
        return (
            f"d_model={self.d_model}",
            f"n_layers={self.n_layers}",
            f"n_heads={self.n_heads}",
            f"d_ff={self.d_ff}",
            "n_kv_heads=1",
            "vocab_size=4096",
            "context_length=256",
            "tokenizer_chars=10000000",
        )


HALF = Shape("0.4M", d_model=64, n_layers=2, n_heads=1, d_ff=176)
ONE = Shape("1.3M", d_model=128, n_layers=4, n_heads=2, d_ff=352)
THREE = Shape("3.2M", d_model=192, n_layers=6, n_heads=3, d_ff=528)


@dataclass(frozen=True)
class Arm:
    """One run."""

    name: str
    recipe: str
    """Of `mim-lsp train`."""
    windows: int = 16
    """In a step, so many that every arm has the same number of rows."""
    settings: tuple[str, ...] = ()
    work: float = 1.0
    """Share of `STEPS`."""
    decode: str | None = "infill"
    """How the arm's model fills holes; None: it cannot, or is not asked to."""
    shape: Shape = ONE
    seed: int = 1

    def command(self, corpus: str, out: str) -> list[str]:
        """The arguments of `mim-lsp`."""
        settings = (f"examples_per_step={self.windows}", f"seed={self.seed}", *self.shape.settings, *self.settings)
        flags = [word for setting in settings for word in ("--set", setting)]
        steps = str(round(self.work * STEPS))
        return ["train", self.recipe, "--corpus", corpus, "--out", out, "--steps", steps, "--threads", "1", *flags]


_INFILL = Arm("mim-infill, beta 0.1", "nano")
_INFILL_B0 = Arm("mim-infill, beta 0", "nano-b0")
_FIM = Arm("fim 0.9", "nano-fim", windows=32, decode="forward")

_OBJECTIVES = [
    _INFILL,
    _FIM,
    _INFILL_B0,
    Arm("ar", "nano-ar", windows=32, decode=None),
    Arm("ar, half the work", "nano-ar", windows=32, work=0.5, decode=None),
    Arm("mim, beta 0.1", "nano-mim", decode="streams"),
    Arm("mim, beta 0", "nano-mim-b0", decode="streams"),
    Arm("fim 0.5", "nano-fim-50", windows=32, decode="forward"),
]
_FORMAT = [
    Arm("forward only", "nano", windows=32, settings=("backward_rate=0",), decode="forward"),
    Arm("half as many backward rows", "nano", windows=21, settings=("backward_rate=0.5",)),
    Arm("far sides end at the hole", "nano", settings=("boundary_rate=0",)),
    Arm("infill rate 0.9", "nano", settings=("infill_rate=0.9",)),
    Arm("infill rate 0.5", "nano", settings=("infill_rate=0.5",)),
]
_SEEDS = [replace(arm, name=f"{arm.name}, seed 2", seed=2) for arm in (_INFILL, _FIM, _INFILL_B0)]
_LONGER = [replace(arm, name=f"{arm.name}, 2 x", work=2.0) for arm in (_FIM, _INFILL_B0, _INFILL)]
"""Past the bend in the loss at three million tokens, where a model begins to copy from its context."""


def _sizes() -> Iterator[Arm]:
    for shape, works in ((HALF, (0.5, 1, 2)), (ONE, (0.5,)), (THREE, (0.5, 1))):
        for work in works:
            yield Arm(f"{shape.name}, {work:g} x", "nano", work=work, shape=shape, decode=None)


SUITES = {
    "objectives": _OBJECTIVES,
    "format": _FORMAT,
    "seeds": _SEEDS,
    "longer": _LONGER,
    "sizes": list(_sizes()),
}
SCALING = [
    *SUITES["sizes"],
    *(arm for suite in (_OBJECTIVES, _LONGER) for arm in suite if arm.recipe == _INFILL.recipe),
]
"""All sizes and lengths of one objective."""
