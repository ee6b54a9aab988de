"""What a recipe needs: memory, arithmetic and days, from formulas (`mim-lsp train RECIPE --plan`).

How near they come to what was measured is in docs/training/plan.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mim_lsp.training.flops import flops_per_token, matrix_weights
from mim_lsp.training.learner import GPU_CHUNK
from mim_lsp.training.recipe import Recipe

GPU_COUNTS = (1, 8, 64, 128)
PEAK, MFU = 989e12, 0.4
"""Dense bf16 of an H100 or H200 by its data sheet, and the share of it that is aimed at."""
_GIB = 2**30
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Plan:
    """What one recipe needs."""

    recipe: Recipe

    @property
    def tokens_per_step(self) -> int:
        """Positions, both directions counted, of a step in as few processes as there can be."""
        return self.recipe.micro_batches * self._micro_batch

    @property
    def _micro_batch(self) -> int:
        """Positions that are computed at once."""
        r, length = self.recipe, self.recipe.config.context_length
        if r.rows:
            return r.rows * length
        return round(r.examples_per_step * r.n_directions * self._mean_length)

    @property
    def _mean_length(self) -> float:
        """Of a window, in tokens."""
        lengths = self.recipe.lengths
        return self.recipe.config.context_length * sum(lengths) / len(lengths)

    @property
    def flops_per_token(self) -> float:
        """Of a position of a usual window; those of long windows are more, and attend to more."""
        lengths = self.recipe.lengths
        seen = self.recipe.config.context_length * sum(share**2 for share in lengths) / sum(lengths)
        return flops_per_token(self.recipe.config, seen)

    @property
    def tokens(self) -> float:
        """Positions that a run learns from: in its steps, or in its minutes on one GPU; 0 for recipes made for CPUs."""
        if self.recipe.steps:
            return self.recipe.steps * self.tokens_per_step
        return 60 * self.recipe.minutes * PEAK * MFU / self.flops_per_token if self.recipe.rows else 0.0

    def state_bytes(self) -> float:
        """Weights, gradients and the optimizers' averages, in float32."""
        config = self.recipe.config
        matrices = matrix_weights(config) - config.vocab_size * config.d_model
        averages = 2 * config.n_parameters - (matrices if self.recipe.optimizer == "muon" else 0)
        return 4 * (2 * config.n_parameters + averages)

    def kept_bytes(self) -> float:
        """What a micro-batch keeps from the forward pass for the backward pass, as eager PyTorch in bf16 keeps it."""
        config = self.recipe.config
        block = 36 * config.d_model + 8 * config.d_ff
        per_token = 4 * config.d_model * config.n_layers + block if self.recipe.recompute else block * config.n_layers
        return per_token * self._micro_batch

    def objective_bytes(self) -> float:
        """Logits of a chunk and what is made of them, and the embedding's gradient, three times as it is passed on."""
        config = self.recipe.config
        places = min(2 * GPU_CHUNK, self._micro_batch)
        return 8 * places * config.vocab_size + 12 * config.vocab_size * config.d_model

    def gpu_bytes(self, n: int, *, sharded: bool) -> float:
        """Memory of each of `n` GPUs."""
        rounded = 2 * matrix_weights(self.recipe.config)  # weights in bf16, which autocast keeps while it computes
        state = self.state_bytes() / n if sharded else self.state_bytes()
        if sharded and self.recipe.micro_batches > n:  # until they are shared, after the last one, gradients are whole
            state += 4 * self.recipe.config.n_parameters * (1 - 1 / n)
        return state + rounded + self.kept_bytes() + self.objective_bytes()

    def days(self, n: int) -> float:
        """How long a run of fixed steps takes on `n` GPUs."""
        return self.tokens * self.flops_per_token / (n * PEAK * MFU) / _SECONDS_PER_DAY


def plan_lines(recipes: Sequence[Recipe]) -> list[str]:
    """A Markdown table of what recipes need."""
    header = ["recipe", "parameters", "tokens a step", "tokens", "FLOPs", "GiB on 1 GPU", "on each of 8, sharded"]
    header += [f"days on {n}" for n in GPU_COUNTS]
    rows = [header, ["---"] * len(header), *(_row(Plan(recipe)) for recipe in recipes)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(plan: Plan) -> list[str]:
    flops = plan.tokens * plan.flops_per_token
    fixed = plan.recipe.steps > 0
    return [
        plan.recipe.name,
        f"{plan.recipe.config.n_parameters / 1e6:,.0f}M",
        f"{plan.tokens_per_step:,}",
        _short(plan.tokens) if plan.tokens else "",
        f"{flops:.1e}" if plan.tokens else "",
        f"{plan.gpu_bytes(1, sharded=False) / _GIB:,.1f}",
        f"{plan.gpu_bytes(8, sharded=True) / _GIB:,.1f}",
        *(f"{plan.days(n):,.1f}" if fixed else "" for n in GPU_COUNTS),
    ]


def _short(number: float) -> str:
    return f"{number / 1e9:,.0f}G" if number >= 1e10 else f"{number / 1e6:,.0f}M"
