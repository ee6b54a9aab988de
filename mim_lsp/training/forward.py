"""One batch through the network: losses, and the numbers that are logged."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from mim_lsp.model.network import Attend, Decoder, attend_in_pieces, attend_within, packed_visibility, piece_lengths
from mim_lsp.training.batches import Batch
from mim_lsp.training.objective import IGNORE, Ends, Losses, mim_objective


@dataclass(frozen=True)
class Metrics:
    """Means over a batch: NLL in nats per token, TV between 0 and 1; NaN where the batch has nothing of the kind."""

    loss: float
    nll_forward: float
    nll_backward: float
    tv_text: float
    """Disagreement on whole texts, where each side sees only its own."""
    tv_middle: float
    """Disagreement on middles, which both sides predict having read both sides."""


def batch_losses(model: Decoder, batch: Batch, beta: float, *, bf16: bool) -> Losses:
    """The objective on one batch, under bf16 autocast where asked."""
    device = batch.ids_RT.device.type
    with torch.autocast(device, dtype=torch.bfloat16, enabled=bf16):
        attend = _attention(batch.segments_RT)
        hidden_RTD = model(batch.ids_RT, batch.positions_RT, [attend] * model.config.n_layers)
        return mim_objective(
            hidden_RTD.flatten(0, 1),
            model.embedding.weight,
            batch.targets_RT.flatten(),
            batch.pairs_K2,
            beta,
            Ends.of(model.config, batch.may_end_RT.flatten()),
        )


def _attention(segments_RT: Tensor) -> Attend:
    """Attention within documents: piece by piece on a CPU, where masked work costs as much as other work."""
    if segments_RT.device.type == "cpu":
        return attend_in_pieces(piece_lengths(segments_RT))
    return attend_within(packed_visibility(segments_RT))


def metrics(losses: Losses, batch: Batch) -> Metrics:
    """What the log says of a batch."""
    counted = batch.targets_RT.flatten() != IGNORE
    backward = batch.backward_RT.flatten()
    return Metrics(
        loss=float(losses.loss.detach()),
        nll_forward=_mean(losses.nll_N[counted & ~backward]),
        nll_backward=_mean(losses.nll_N[counted & backward]),
        tv_text=_mean(losses.tv_K[~batch.pairs_in_middle_K]),
        tv_middle=_mean(losses.tv_K[batch.pairs_in_middle_K]),
    )


def average(measured: Iterable[Metrics]) -> Metrics:
    """Field by field mean; a batch that lacks a field (NaN) does not count for it."""
    rows = list(measured)
    columns = {f.name: [getattr(row, f.name) for row in rows] for f in fields(Metrics)}
    known = {name: [value for value in column if not math.isnan(value)] for name, column in columns.items()}
    return Metrics(**{name: _mean(torch.tensor(column)) for name, column in known.items()})


def _mean(values: Tensor) -> float:
    return float(values.float().mean()) if len(values) else float("nan")
