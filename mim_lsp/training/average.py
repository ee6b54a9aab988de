"""`mim-lsp average`: one model from several that were trained from the same weights (a "soup": Wortsman et al. 2022).

Runs that part ways late and end at a rate of zero lie in one valley: the mean of their weights does at least as well as
each, and knows of the data of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from mim_lsp.errors import SettingsError
from mim_lsp.model.folder import read_config, read_tokenizer
from mim_lsp.model.network import Decoder
from mim_lsp.training.export import load_trained, save_trained


def average_models(sources: Sequence[Path], out: Path) -> None:
    """Write the model folder `out` with the mean of the weights of model folders, in int8 and in bf16.

    Raises:
        ModelError: one of `sources` is not a model's folder, or is broken.
        SettingsError: they are fewer than two, or of different shapes or tokenizers, or `out` exists.
    """
    if out.exists():
        raise SettingsError(f"{out} exists already; name a new folder")
    if len(sources) < 2:
        raise SettingsError("there is nothing to average: name two models or more")
    config, tokenizer = read_config(sources[0]), read_tokenizer(sources[0])
    for source in sources[1:]:
        is_same = read_config(source) == config and read_tokenizer(source).token_bytes == tokenizer.token_bytes
        if not is_same:
            raise SettingsError(f"the models in {sources[0]} and {source} are of different shapes or tokenizers")
    models = [load_trained(config, source) for source in sources]
    save_trained(out, config, tokenizer, _mean(models))


@torch.no_grad()
def _mean(models: Sequence[Decoder]) -> Decoder:
    """The first of the models, with the mean of all weights."""
    for parameters in zip(*(model.parameters() for model in models), strict=True):
        parameters[0].copy_(torch.stack([each.float() for each in parameters]).mean(0))
    return models[0]
