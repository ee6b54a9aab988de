"""A larger network that begins by computing what a smaller, trained one computes (Net2Net: Chen et al. 2016).

What training has taught the small one is kept, and the new weights learn from the first step. All that is new *reads*
at random and *writes* nothing yet: a new feature of the residual stream is zero, and a new head, block, or unit of a
feed-forward layer adds zero to it. RMSNorm divides by less, since its mean is over more features; its weights make up
for that.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import Linear, RMSNorm

from mim_lsp.errors import SettingsError
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.folder import read_config, read_tokenizer
from mim_lsp.model.network import Attention, Block, Decoder, SwiGLU
from mim_lsp.training.export import load_trained, save_trained
from mim_lsp.training.recipe import Recipe

_MAY_GROW = ("d_model", "n_layers", "n_heads", "d_ff")
_OF_NO_WEIGHT = ("context_length", "end_bias")


def grow_model(source: Path, recipe: Recipe, out: Path) -> ModelConfig:
    """Write the model folder `out`: the model in `source` with the shape of `recipe`, in int8 and in bf16.

    Equal seeds of the recipe give equal models, from which several runs can begin.

    Raises:
        ModelError: `source` is not a model's folder, or is broken.
        SettingsError: it cannot grow to that shape, or `out` exists.
    """
    if out.exists():
        raise SettingsError(f"{out} exists already; name a new folder")
    shape = read_config(source)
    config = replace(recipe.config, end_bias=shape.end_bias)
    torch.manual_seed(recipe.seed)
    model = grown(load_trained(shape, source), config)
    save_trained(out, config, read_tokenizer(source), model)
    return config


def _check_growth(small: ModelConfig, large: ModelConfig) -> None:
    """Raise `SettingsError` unless a network of shape `small` can grow to shape `large`."""
    free = (*_MAY_GROW, *_OF_NO_WEIGHT)
    for name, value in asdict(small).items():
        wanted = asdict(large)[name]
        if name not in free and value != wanted:
            raise SettingsError(f"a model with {name}={value} cannot become one with {wanted}: that cannot grow")
        if name in _MAY_GROW and value > wanted:
            raise SettingsError(f"a model with {name}={value} cannot become one with {wanted}: it can only grow")


@torch.no_grad()
def grown(small: Decoder, config: ModelConfig) -> Decoder:
    """A network of shape `config` with the hidden states' first features, and the logits, of `small`.

    What is new is drawn with torch's generator, as large as its neighbours are.

    Raises:
        SettingsError: `small` has something that cannot grow to `config`.
    """
    _check_growth(small.config, config)
    large = Decoder(config)
    _place(small.embedding.weight, large.embedding.weight.zero_())
    _grow_norm(small.norm, large.norm)
    sources = [i * small.config.n_layers // config.n_layers for i in range(config.n_layers)]
    for i, (block, source) in enumerate(zip(large.blocks, sources, strict=True)):
        is_new = i > 0 and sources[i - 1] == source
        _grow_block(_block(small.blocks[source]), _block(block), is_new=is_new)
    return large


def _block(module: torch.nn.Module) -> Block:
    assert isinstance(module, Block)
    return module


def _grow_block(small: Block, large: Block, *, is_new: bool) -> None:
    """Give `large` the weights of `small`; one that `is_new` reads like `small` does and writes nothing."""
    _grow_norm(small.attention_norm, large.attention_norm)
    _grow_norm(small.feed_forward_norm, large.feed_forward_norm)
    _grow_attention(small.attention, large.attention)
    _grow_feed_forward(small.feed_forward, large.feed_forward)
    if is_new:
        large.attention.out.weight.zero_()
        large.feed_forward.down.weight.zero_()


def _grow_norm(small: RMSNorm, large: RMSNorm) -> None:
    less = (small.weight.numel() / large.weight.numel()) ** 0.5
    large.weight.fill_(float(small.weight.mean()) * less)
    _place(small.weight * less, large.weight)


def _grow_attention(small: Attention, large: Attention) -> None:
    """New heads join the groups of the key and value heads that there are."""
    _grow_reader(small.k, large.k)
    _grow_reader(small.v, large.v)
    kept = _kept_heads(small, large)
    small_HED, large_HED = (_by_head(attention.q.weight, attention) for attention in (small, large))
    _like(small_HED, large_HED)
    width = small_HED.shape[2]
    for h in set(range(large.n_heads)) - set(kept):
        # Half of what a head of the group asks for: a head that asks at random takes long to find anything.
        near = small_HED[h * small.n_heads // large.n_heads]
        large_HED[h, :, :width] = (large_HED[h, :, :width] + near) * 0.5**0.5
    large_HED[kept, :, :width] = small_HED
    writes_HED = _by_head(large.out.weight.zero_().T, large)
    writes_HED[kept, :, :width] = _by_head(small.out.weight.T, small)


def _kept_heads(small: Attention, large: Attention) -> list[int]:
    """Where the small one's query heads are in the large one: first in the group of their key and value head."""
    each, more = small.n_heads // small.n_kv_heads, large.n_heads // large.n_kv_heads
    return [h // each * more + h % each for h in range(small.n_heads)]


def _by_head(weight: Tensor, attention: Attention) -> Tensor:
    """A view (heads, width of a head, features of the residual stream) of (heads * width, features)."""
    return weight.view(attention.n_heads, attention.head_dim, -1)


def _grow_feed_forward(small: SwiGLU, large: SwiGLU) -> None:
    _grow_reader(small.gate, large.gate)
    _grow_reader(small.up, large.up)
    _place(small.down.weight, large.down.weight.zero_())


def _grow_reader(small: Linear, large: Linear) -> None:
    _like(small.weight, large.weight)
    _place(small.weight, large.weight)


def _like(small: Tensor, large: Tensor) -> None:
    """Fill `large` at random with numbers as large as those of `small`."""
    large.normal_(std=float(small.square().mean().sqrt()))


def _place(small: Tensor, large: Tensor) -> None:
    """Put `small` in the first corner of `large`."""
    large[tuple(slice(size) for size in small.shape)] = small
