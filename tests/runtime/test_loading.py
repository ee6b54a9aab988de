from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mim_lsp.errors import ModelError
from mim_lsp.model.folder import CARD, CONFIG, TOKENIZER, WEIGHTS, write_shape
from mim_lsp.model.rows import Direction
from mim_lsp.model.weights import save_weights
from mim_lsp.runtime import loading
from mim_lsp.runtime.loading import RuntimeOptions, find_model, list_models, load_model
from mim_lsp.runtime.protocol import Feed
from tests.reference import reference_log_probs
from tests.runtime.runtime_contract import step
from tests.tiny import tiny_config, tiny_model, tiny_tokenizer


def write_model(folder: Path) -> Path:
    write_shape(folder, tiny_config(), tiny_tokenizer())
    save_weights(tiny_model(), folder / WEIGHTS)
    (folder / CARD).write_text("---\ntags: x\n---\n# Tiny\n\nA model for tests.\n\nMore.\n", encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "box" / "tiny")


@pytest.fixture
def box(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A box that holds one model, and a folder that is none."""
    (folder.parent / "empty").mkdir()
    monkeypatch.setattr(loading, "_EMBEDDED", (folder.parent / "missing", folder.parent))
    monkeypatch.setenv("MIM_LSP_MODELS", str(folder.parent.with_name("own")))
    return folder.parent


def test_a_loaded_model_runs(folder: Path) -> None:
    model = load_model(str(folder), RuntimeOptions("cpu"))
    row = model.row(Direction.BACKWARD, model.tokenizer.encode("x = 1"), far=[])
    special = tiny_config().special
    assert row == [special.r2l, special.far, special.near, *model.tokenizer.encode("x = 1")[::-1]]
    (found,) = step(model.runtime, [Feed(model.runtime.open_row(), row)])
    expected = reference_log_probs(tiny_model(), row)[-1:].numpy()
    np.testing.assert_allclose(found, expected, atol=0.3)  # int8
    assert (model.name, model.config) == ("tiny", tiny_config())


def test_models_in_the_box_are_found_by_name(box: Path, folder: Path) -> None:
    assert find_model("tiny") == folder
    assert load_model("tiny").name == "tiny"
    (info,) = list_models()
    assert (info.name, info.path, info.parameters) == ("tiny", folder, tiny_config().n_parameters)
    assert info.bytes == (folder / WEIGHTS).stat().st_size


def test_own_models_are_found_by_name_after_those_in_the_box(box: Path, folder: Path) -> None:
    own = box.with_name("own")
    mine = write_model(own / "mine")
    for name in ("tiny", ".mine.new"):
        write_model(own / name)
    assert [(info.name, info.path) for info in list_models()] == [("mine", mine), ("tiny", folder)]
    assert (find_model("mine"), find_model("tiny")) == (mine, folder)


def test_a_folder_that_cannot_be_read_hides_no_other_model(
    box: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = box.with_name("own") / "broken"
    broken.mkdir(parents=True)
    (broken / CONFIG).write_text('{"d_mod')
    (folder / CARD).write_bytes(b"# Tiny\n\nA \xff model.\n")
    assert [(info.name, info.summary) for info in list_models()] == [("tiny", "A \ufffd model.")]
    assert str(broken) in caplog.text
    with pytest.raises(ModelError, match=r"no model 'typo'.*\(tiny\)"):
        find_model("typo")


def test_the_default_model_is_taken_when_none_is_named(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "DEFAULT_MODEL", "tiny")
    assert find_model(None) == box / "tiny"


def test_an_unknown_model_names_those_there_are(box: Path, tmp_path: Path) -> None:
    for name in ("tinny", str(tmp_path), "empty", ""):
        with pytest.raises(ModelError, match=r"model .*\(tiny\)") as raised:
            find_model(name or "nothing")
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", [CONFIG, TOKENIZER, WEIGHTS])
@pytest.mark.parametrize("share", [None, 0.0, 0.7])
def test_a_folder_that_is_not_whole_is_one_clear_line(folder: Path, name: str, share: float | None) -> None:
    data = (folder / name).read_bytes()
    (folder / name).unlink()
    if share is not None:
        (folder / name).write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModelError) as raised:
        load_model(str(folder))
    assert "\n" not in str(raised.value)


def test_a_tokenizer_of_a_larger_model_is_an_error(folder: Path) -> None:
    config = tiny_config(vocab_size=tiny_tokenizer().n_tokens + 7)
    (folder / CONFIG).write_text(config.to_json(), encoding="utf-8")
    with pytest.raises(ModelError, match=r"more tokens than its config\.json"):
        load_model(str(folder))
