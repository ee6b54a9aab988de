from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.model_file_fuzz import fuzz, fuzz_config, load_and_run, write_folder
from tests.tiny import tiny_tokenizer

pytest.importorskip("mim_lsp.runtime.native._native")


@pytest.mark.parametrize("seed", range(4))
def test_damaged_models_run_or_are_refused(tmp_path: Path, seed: int) -> None:
    write_folder(tmp_path, fuzz_config(), tiny_tokenizer())
    assert load_and_run(tmp_path) == "ran"
    outcomes = fuzz(tmp_path, 100, seed)
    assert set(outcomes) == {"refused", "ran"}  # some damage changes weights only, and runs
    assert outcomes["refused"] > 50
