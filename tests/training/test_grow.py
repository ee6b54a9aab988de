"""A larger network from a smaller one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mim_lsp.errors import ModelError, SettingsError
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.folder import WEIGHTS, read_config, read_tokenizer, write_shape
from mim_lsp.model.network import Decoder, attend_in_pieces
from mim_lsp.model.weights import load_weights, save_weights
from mim_lsp.training.export import load_bf16, save_bf16
from mim_lsp.training.grow import grow_model, grown
from mim_lsp.training.recipe import Recipe
from mim_lsp.training.recipes import find_recipe
from tests.tiny import tiny_model, tiny_tokenizer

EXACT = 1e-9
"""With a norm's epsilon so small, the features that are new and zero change nothing else."""
N = 24


def model_to_grow() -> Decoder:
    return tiny_model(3, n_layers=3, n_heads=4, norm_eps=EXACT)


def logits(model: Decoder) -> Tensor:
    ids = torch.arange(N)[None] * 7 % model.config.n_text_tokens
    return model.logits(model(ids, torch.arange(N)[None], [attend_in_pieces([N])] * model.config.n_layers))


LARGER: list[dict[str, int]] = [
    {"d_model": 48},
    {"n_heads": 6},
    {"n_heads": 8},
    {"d_ff": 100},
    {"n_layers": 4},
    {"n_layers": 7},
    {"d_model": 50, "n_heads": 8, "d_ff": 100, "n_layers": 5, "context_length": 200},
]


@pytest.mark.parametrize("larger", LARGER, ids=str)
def test_a_grown_network_computes_what_the_small_one_does(larger: dict[str, int]) -> None:
    small = model_to_grow()
    large = grown(small, replace(small.config, **larger))
    assert large.config == replace(small.config, **larger)
    torch.testing.assert_close(logits(large), logits(small), rtol=1e-4, atol=1e-5)


def test_all_that_is_new_learns() -> None:
    """After two steps, since what writes nothing yet hides what it would write from the first gradient."""
    small = model_to_grow()
    large = grown(small, replace(small.config, **LARGER[-1]))
    before = {name: parameter.detach().clone() for name, parameter in large.named_parameters()}
    optimizer = torch.optim.AdamW(large.parameters(), lr=1e-2, weight_decay=0.0)
    for _ in range(2):
        optimizer.zero_grad()
        F.cross_entropy(logits(large)[0, :-1], torch.arange(N - 1) * 5 % large.config.n_text_tokens).backward()
        optimizer.step()
    for name, parameter in large.named_parameters():
        changed = parameter != before[name]
        assert changed.any(dim=-1).all() if name != "embedding.weight" else changed[:, -1].any(), name


def test_new_blocks_are_spread_over_the_depth_and_read_as_their_neighbours() -> None:
    small = model_to_grow()
    large = grown(small, replace(small.config, n_layers=5))
    adds_nothing = [not block.feed_forward.down.weight.any() for block in large.blocks]  # type: ignore[union-attr]
    assert adds_nothing == [False, True, False, True, False]
    assert torch.equal(large.blocks[1].attention.k.weight, small.blocks[0].attention.k.weight)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ({"d_model": 16}, "d_model=32 cannot become one with 16: it can only grow"),
        ({"n_layers": 2}, "n_layers=3 cannot become one with 2: it can only grow"),
        ({"n_kv_heads": 4}, "n_kv_heads=2 cannot become one with 4: that cannot grow"),
        ({"head_dim": 16}, "head_dim=8 cannot become one with 16: that cannot grow"),
    ],
)
def test_what_cannot_grow_is_refused(shape: dict[str, int], why: str) -> None:
    small = model_to_grow()
    with pytest.raises(SettingsError, match=why):
        grown(small, replace(small.config, **shape))


def recipe_of(config: ModelConfig, seed: int = 1) -> Recipe:
    return replace(find_recipe("smoke"), config=config, seed=seed)


@pytest.mark.parametrize("bf16", [True, False])
def test_a_folder_grows_with_its_tokenizer_and_end_bias(tmp_path: Path, *, bf16: bool) -> None:
    small = tiny_model(3)
    write_shape(tmp_path / "small", replace(small.config, end_bias=3.0), tiny_tokenizer())
    save_weights(small, tmp_path / "small" / WEIGHTS)
    if bf16:
        save_bf16(small, tmp_path / "small")
    wanted = replace(small.config, n_layers=4, end_bias=0.0)
    config = grow_model(tmp_path / "small", recipe_of(wanted), tmp_path / "large")
    assert config == read_config(tmp_path / "large") == replace(wanted, end_bias=3.0)
    assert read_tokenizer(tmp_path / "large").token_bytes == tiny_tokenizer().token_bytes
    served, kept = load_weights(config, tmp_path / "large" / WEIGHTS), load_bf16(config, tmp_path / "large")
    assert kept is not None
    for model in (served, kept):
        torch.testing.assert_close(logits(model), logits(small), rtol=0.05, atol=0.2)  # they reach 4


def test_equal_seeds_grow_equal_models(tmp_path: Path) -> None:
    small = tiny_model(3)
    write_shape(tmp_path / "small", small.config, tiny_tokenizer())
    save_weights(small, tmp_path / "small" / WEIGHTS)
    wanted = replace(small.config, d_model=48)
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        grow_model(tmp_path / "small", recipe_of(wanted, seed), tmp_path / name)
    one, same, other = ((tmp_path / name / WEIGHTS).read_bytes() for name in ("one", "same", "other"))
    assert one == same
    assert one != other


def test_a_folder_that_exists_or_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="exists already"):
        grow_model(tmp_path, recipe_of(tiny_model().config), tmp_path)
    with pytest.raises(ModelError):
        grow_model(tmp_path / "nothing", recipe_of(tiny_model().config), tmp_path / "out")
    assert not (tmp_path / "out").exists()
