from __future__ import annotations

from pathlib import Path

import pytest

from mim_lsp.errors import DocumentError, SettingsError
from mim_lsp.model.folder import CARD, FITTED, WEIGHTS, read_config, write_shape
from mim_lsp.model.weights import load_weights, save_weights
from mim_lsp.training import tune as module
from mim_lsp.training.tune import SourceText, TuneSettings, split, tune, usable
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer

FILES = [SourceText(f"app/part{i}.py", SOURCE.replace("circle", f"shape{i}")) for i in range(12)]
SHORT = 0.02
"""Minutes."""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    write_shape(folder, tiny_config(), tiny_tokenizer())
    save_weights(tiny_model(), folder / WEIGHTS)
    (folder / CARD).write_text("# Tiny\n\nFor tests.\n", encoding="utf-8")
    for name in FITTED:
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELDOUT_BATCHES", 2)
    monkeypatch.setattr(module, "LEAST_CHARS", 2_000)
    library = Path(__file__).parent
    monkeypatch.setattr(module, "library_files", lambda: [library / "test_tune.py", library / "test_loop.py"])


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_model_that_got_better_is_written_with_what_it_needs(base: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "tiny-app"
    report = tune(base, FILES, out, TuneSettings(SHORT, matrix_lr=0.02, other_lr=0.01))
    assert report.folder == out
    assert report.after.own < report.before.own
    assert report.tokens > 0
    assert left_over(out.parent) == ["tiny-app"]
    assert left_over(out) == sorted([CARD, *FITTED, "config.json", WEIGHTS, "tokenizer.json", "training"])
    assert left_over(out / "training") == ["curves.png", "log.csv"]
    assert load_weights(read_config(out), out / WEIGHTS)
    card = (out / CARD).read_text(encoding="utf-8")
    assert "tiny, tuned on 10 files of your own" in card
    assert f"| held-out files | {report.before.own:.3f} | {report.after.own:.3f} |" in card
    assert card.endswith("# Tiny\n\nFor tests.\n")


def test_a_model_that_got_worse_is_thrown_away(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil = module._Best.restore

    def restore(self: module._Best, model: module.Decoder) -> None:
        spoil(self, model)
        model.embedding.weight.data.mul_(30)  # sure of what it has not learned

    monkeypatch.setattr(module._Best, "restore", restore)
    report = tune(base, FILES, tmp_path / "worse", TuneSettings(SHORT))
    assert report.folder is None
    assert report.after.own > report.before.own
    assert left_over(tmp_path) == ["tiny"]


def test_the_best_weights_of_the_run_are_kept() -> None:
    model = tiny_model()
    best = module._Best(model)
    best.look(measured(3.0))
    good = model.embedding.weight.detach().clone()
    model.embedding.weight.data.neg_()
    best.look(measured(3.1))
    best.restore(model)
    assert model.embedding.weight.equal(good)


def measured(nll: float) -> module.Metrics:
    return module.Metrics(nll, nll, nll, 0.5, 0.5)


def test_a_run_that_is_stopped_leaves_nothing(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.Trainer, "run", stop)
    with pytest.raises(KeyboardInterrupt):
        tune(base, FILES, tmp_path / "stopped", TuneSettings(SHORT))
    assert left_over(tmp_path) == ["tiny"]


def test_a_folder_that_is_there_is_left_alone(base: Path) -> None:
    with pytest.raises(SettingsError, match="tiny exists already"):
        tune(base, FILES, base)


def test_what_is_learned_from() -> None:
    key = 'API_KEY = "hT7k2Lq9Xv4Zr8Wm1Bn6Yc3Pd5"\n'
    secret, vendored = SourceText("app/keys.py", key + SOURCE), SourceText("app/_vendor/six.py", "# six\n" + SOURCE)
    tiny, copy = SourceText("app/__init__.py", "x = 1\n"), SourceText("app/copy.py", FILES[0].text)
    assert [file.text for file in usable([*FILES, secret, vendored, tiny, copy])] == [file.text for file in FILES]


@pytest.mark.parametrize("files", [FILES[:4], [SourceText(f"{i}.py", f"value_{i} = {i}\n" * 20) for i in range(5)]])
def test_too_little_is_refused(files: list[SourceText]) -> None:
    with pytest.raises(DocumentError, match="too little to learn from"):
        usable(files)


def test_held_out_files_stay_the_same_when_others_come() -> None:
    _, heldout = split(FILES)
    learned, more = split([*FILES, SourceText("app/zz.py", "# a note\n")])
    assert heldout == more
    assert len(heldout) == 2
    assert not set(heldout) & set(learned)
    assert len(split(FILES[:2])[0]) == 1
