from pathlib import Path

import pytest

from mim_lsp.engine.memory import MemoryWeights, Remembering
from mim_lsp.engine.memory_file import FILE, read_memory, write_memory
from mim_lsp.errors import ModelError

WEIGHTS = MemoryWeights(-4.0, 0.4, 0.5, 3.0, -2.0)


OTHERS = MemoryWeights(-5.0, 0.3, 0.2, 2.0, -1.0)
SOUND = '{"constant": 1, "order": 1, "places": 1, "purity": 1, "certainty": 1}'


@pytest.mark.parametrize("weights", [Remembering(WEIGHTS), Remembering(WEIGHTS, OTHERS)])
def test_weights_come_back(tmp_path: Path, weights: Remembering) -> None:
    write_memory(tmp_path, weights)
    assert read_memory(tmp_path) == weights


def test_sound_weights_are_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f'{{"document": {SOUND}}}')
    assert read_memory(tmp_path) == Remembering(MemoryWeights(1, 1, 1, 1, 1))


def test_a_model_may_have_none(tmp_path: Path) -> None:
    assert read_memory(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "{}",
        SOUND,
        '{"document": {"constant": 1}}',
        f'{{"document": {SOUND.replace(": 1,", ": NaN,", 1)}}}',
        f'{{"document": {SOUND.replace(": 1,", ": 1e9,", 1)}}}',
        f'{{"document": {SOUND.replace("1}", "1, " + chr(34) + "more" + chr(34) + ": 1}")}}}',
        f'{{"document": {SOUND.replace(": 1,", ": " + chr(34) + "x" + chr(34) + ",", 1)}}}',
        f'{{"files": {SOUND}}}',
        f'{{"document": {SOUND}, "files": null}}',
        f'{{"document": {SOUND}, "more": {SOUND}}}',
        "[" * 100_000,
    ],
)
def test_damage_is_one_clear_line(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ModelError, match=r"memory\.json is damaged: fit it again") as caught:
        read_memory(tmp_path)
    assert "\n" not in str(caught.value)
