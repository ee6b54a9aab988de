"""What a person can do when a step does not fit into the memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mim_lsp.errors import SettingsError
from mim_lsp.training.recipe import Recipe

_CPU_SIGNS = ("can't allocate memory", "not enough memory")


@contextmanager
def clear_out_of_memory(recipe: Recipe) -> Iterator[None]:
    """Turn running out of memory into an error that says what to lower.

    Raises:
        SettingsError: the memory of the device or of the machine was used up.
    """
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise SettingsError(f"the GPU's memory is used up: {_advice(recipe)}") from error
    except (MemoryError, RuntimeError) as error:
        # On a CPU PyTorch has no class of its own for it.
        if isinstance(error, RuntimeError) and not any(sign in str(error) for sign in _CPU_SIGNS):
            raise
        raise SettingsError(f"the machine's memory is used up: {_advice(recipe)}") from error


def _advice(recipe: Recipe) -> str:
    if recipe.rows:
        half = max(1, recipe.rows // 2)
        size = f"--set rows={half} --set micro_batches={2 * recipe.micro_batches} makes the same steps in smaller parts"
    else:
        size = f"--set examples_per_step={max(1, recipe.examples_per_step // 2)} makes steps smaller"
    more = "" if recipe.recompute else ", --set recompute=true keeps less between forward and backward"
    return f"{size}{more}. Then go on with --resume, if there is a checkpoint."
