from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mim_lsp.errors import SettingsError
from mim_lsp.training.out_of_memory import clear_out_of_memory
from mim_lsp.training.recipes import find_recipe

NANO = find_recipe("nano")


def test_a_cpu_that_really_has_no_more_says_what_to_lower() -> None:
    with (
        pytest.raises(
            SettingsError, match=r"machine's memory .*examples_per_step=2.*recompute=true.*--resume"
        ) as raised,
        clear_out_of_memory(NANO),
    ):
        torch.empty(2**55)
    assert "\n" not in str(raised.value)


def test_a_gpu_makes_the_same_steps_in_smaller_parts() -> None:
    recipe = replace(find_recipe("base"), rows=32, micro_batches=2, recompute=True)
    message = r"GPU's memory .*rows=16 --set micro_batches=4 makes"
    with pytest.raises(SettingsError, match=message) as raised, clear_out_of_memory(recipe):
        raise torch.cuda.OutOfMemoryError
    assert "recompute" not in str(raised.value)


def test_other_errors_are_none_of_its_business() -> None:
    with pytest.raises(RuntimeError, match="shapes"), clear_out_of_memory(NANO):
        raise RuntimeError("shapes differ")
    with clear_out_of_memory(NANO):
        pass
