"""The likelihood of a middle in both orders, against the slow reference."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from experiments.fim_orders import _nll, measure
from mim_lsp.model.folder import WEIGHTS, write_shape
from mim_lsp.model.weights import save_weights
from mim_lsp.training.corpus.shards import Row, write_shards
from mim_lsp.training.fim import cut, psm_row, spm_row
from tests.reference import reference_log_probs
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer


def test_only_the_middle_counts() -> None:
    model, special = tiny_model(), tiny_config().special
    parts = cut(tiny_tokenizer(), SOURCE[:120], random.Random(1))
    middle = [*parts.middle, special.eom]
    for row in (spm_row(special, parts), psm_row(special, parts)):
        log_probs = reference_log_probs(model, row[:-1])
        expected = -sum(float(log_probs[at - 1, row[at]]) for at in range(len(row) - len(middle), len(row)))
        assert _nll(model, row, len(middle)) == pytest.approx(expected, rel=1e-4)


def test_both_orders_are_measured(tmp_path: Path) -> None:
    write_shape(tmp_path / "model", tiny_config(), tiny_tokenizer())
    save_weights(tiny_model(), tmp_path / "model" / WEIGHTS)
    write_shards([Row(SOURCE, "a.py", "shapes", "1.0", "MIT")], tmp_path / "corpus", "heldout")
    found = measure(tmp_path / "model", tmp_path / "corpus", windows=3)
    assert set(found) == {"spm", "psm"}
    assert found["spm"] != found["psm"]
    assert found == measure(tmp_path / "model", tmp_path / "corpus", windows=3)
