from __future__ import annotations

import random
from dataclasses import replace

import pytest

from mim_lsp.training.batches import pack
from mim_lsp.training.fim import cut, fim_row, psm_row, spm_row
from mim_lsp.training.recipes import find_recipe
from mim_lsp.training.windows import ExampleBuilder, Objective, WindowSettings
from tests.tiny import SOURCE, tiny_config, tiny_tokenizer

SPECIAL = tiny_config().special


def parts(row: list[int]) -> tuple[str, str, str, str]:
    """Order, prefix, middle and suffix of a row, taken apart."""
    assert (row[0], row[-1]) == (SPECIAL.l2r, SPECIAL.eom)
    far, near = row.index(SPECIAL.far), row.index(SPECIAL.near)
    before, suffix, behind = (
        tiny_tokenizer().decode(ids) for ids in (row[1:far], row[far + 1 : near], row[near + 1 : -1])
    )
    return ("SPM" if far == 1 else "PSM"), before, behind, suffix


def test_both_orders_hold_the_whole_text() -> None:
    seen = set()
    for seed in range(40):
        order, prefix, behind, suffix = parts(fim_row(SPECIAL, tiny_tokenizer(), SOURCE, random.Random(seed)))
        seen.add(order)
        assert prefix + behind + suffix == SOURCE
    assert seen == {"SPM", "PSM"}


def test_cuts_go_through_words() -> None:
    rows = [parts(fim_row(SPECIAL, tiny_tokenizer(), SOURCE, random.Random(seed))) for seed in range(60)]
    prefixes = [prefix for order, prefix, _, _ in rows if order == "PSM" and prefix]
    assert any(prefix[-1].isalpha() and SOURCE[len(prefix)].isalpha() for prefix in prefixes)


@pytest.mark.parametrize("objective", ["ar", "fim"])
def test_a_baseline_learns_from_forward_rows_only(objective: Objective) -> None:
    builder = ExampleBuilder(tiny_config(), tiny_tokenizer(), WindowSettings(96, objective=objective, infill_rate=0.9))
    examples = [builder.draw(SOURCE, 0, 200, random.Random(seed)) for seed in range(30)]
    assert all(example.backward == [] and example.pairs == [] for example in examples)
    assert all(len(example.forward) <= 97 for example in examples)
    assert {example.kind for example in examples} == ({"text"} if objective == "ar" else {"fim", "text"})
    batch = pack(examples, 96, SPECIAL.pad)
    assert batch.n_tokens == sum(len(example.forward) - 1 for example in examples)
    assert not batch.backward_RT.any()


def test_recipes_differ_from_nano_in_what_is_compared() -> None:
    nano, fim = find_recipe("nano"), find_recipe("nano-fim")
    changed = {"name": nano.name, "model_name": nano.model_name, "objective": nano.objective}
    assert replace(fim, **changed, infill_rate=nano.infill_rate, examples_per_step=nano.examples_per_step) == nano
    assert fim.examples_per_step == 2 * nano.examples_per_step


def test_either_order_can_be_asked_for() -> None:
    pieces = cut(tiny_tokenizer(), SOURCE, random.Random(3))
    spm, psm = parts(spm_row(SPECIAL, pieces)), parts(psm_row(SPECIAL, pieces))
    prefix, middle, suffix = (tiny_tokenizer().decode(ids) for ids in pieces)
    assert spm == ("SPM", "", prefix + middle, suffix)
    assert psm == ("PSM", prefix, middle, suffix)
