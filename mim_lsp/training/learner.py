"""The decoder together with its objective: a module that takes a batch and gives its losses.

One module, so that PyTorch's wrappers for several processes see all that is computed. Recipes with `rows` always learn
from batches of the same shape: their blocks and their objective can be compiled once.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mim_lsp.model.network import Attend, Block, Decoder
from mim_lsp.training.batches import Batch
from mim_lsp.training.document_attention import document_attention, normalized
from mim_lsp.training.fixed_objective import Weights, chunk_losses, fixed_objective
from mim_lsp.training.forward import batch_losses
from mim_lsp.training.objective import Ends, Losses
from mim_lsp.training.recipe import Recipe

CPU_CHUNK, GPU_CHUNK = 256, 4096
"""Places of the fixed objective whose logits are held at once."""


class Learner(nn.Module):
    """Computes a recipe's losses."""

    def __init__(self, decoder: Decoder, recipe: Recipe, *, bf16: bool, compiled: bool = False) -> None:
        super().__init__()
        self.decoder, self.recipe, self.bf16 = decoder, recipe, bf16
        self.is_fixed = bool(recipe.rows or recipe.z_loss or recipe.qk_norm or recipe.recompute)
        """Whether it computes with fixed shapes; else as a CPU likes it."""
        self._compiled = compiled
        self._of_chunk = torch.compile(chunk_losses, dynamic=False) if compiled else chunk_losses
        for block in decoder.blocks:
            _prepare(block, compiled=compiled, recompute=recipe.recompute)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, each position's NLL, and each pair's TV: the parts of `Losses`."""
        if self.is_fixed:
            losses = self._fixed(batch)
        else:
            losses = batch_losses(self.decoder, batch, self.recipe.beta, bf16=self.bf16)
        return losses.loss, losses.nll_N, losses.tv_K

    def losses(self, batch: Batch) -> Losses:
        """The same by name."""
        return Losses(*self(batch))

    def _fixed(self, batch: Batch) -> Losses:
        device = batch.ids_RT.device.type
        with torch.autocast(device, dtype=torch.bfloat16, enabled=self.bf16):
            attend = [self._attention(batch)] * self.decoder.config.n_layers
            hidden_RTD = self.decoder(batch.ids_RT, batch.positions_RT, attend)
            return fixed_objective(
                hidden_RTD.flatten(0, 1),
                self.decoder.embedding.weight,
                batch.targets_RT.flatten(),
                batch.pairs_K2,
                Weights(self.recipe.beta, self.recipe.z_loss),
                CPU_CHUNK if device == "cpu" else GPU_CHUNK,
                self._of_chunk,
                Ends.of(self.decoder.config, batch.may_end_RT.flatten()),
            )

    def _attention(self, batch: Batch) -> Attend:
        attend = document_attention(batch.segments_RT, compiled=self._compiled)
        return normalized(attend) if self.recipe.qk_norm else attend


def _prepare(block: nn.Module, *, compiled: bool, recompute: bool) -> None:
    """Compile a block, the same program as every other, or let it keep only its input for the backward pass."""
    assert isinstance(block, Block)
    compute = torch.compile(block.forward, dynamic=False) if compiled else block.forward

    def recomputed(x: Tensor, rotary: tuple[Tensor, Tensor], attend: Attend) -> Tensor:
        out: Tensor = checkpoint(compute, x, rotary, attend, use_reentrant=False)
        return out

    block.forward = recomputed if recompute else compute  # type: ignore[method-assign]
