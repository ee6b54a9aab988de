from pathlib import Path

import pytest

from mim_lsp.engine.memory import MemoryWeights
from mim_lsp.engine.memory_file import FILE, read_memory, write_memory
from mim_lsp.errors import ModelError

WEIGHTS = MemoryWeights(-4.0, 0.4, 0.5, 3.0, -2.0)


def test_weights_come_back(tmp_path: Path) -> None:
    write_memory(tmp_path, WEIGHTS)
    assert read_memory(tmp_path) == WEIGHTS


def test_a_model_may_have_none(tmp_path: Path) -> None:
    assert read_memory(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "{}",
        '{"constant": 1}',
        '{"constant": "x", "order": 1, "places": 1, "purity": 1, "certainty": 1}',
        '{"constant": NaN, "order": 1, "places": 1, "purity": 1, "certainty": 1}',
        '{"constant": 1e9, "order": 1, "places": 1, "purity": 1, "certainty": 1}',
        '{"constant": 1, "order": 1, "places": 1, "purity": 1, "certainty": 1, "more": 1}',
        "[" * 100_000,
    ],
)
def test_damage_is_one_clear_line(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ModelError, match=r"memory\.json is damaged: fit it again") as caught:
        read_memory(tmp_path)
    assert "\n" not in str(caught.value)
