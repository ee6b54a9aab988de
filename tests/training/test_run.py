from __future__ import annotations

import csv
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mim_lsp.errors import CorpusError, ModelError, SettingsError
from mim_lsp.model.folder import WEIGHTS, read_config, read_tokenizer, write_shape
from mim_lsp.model.weights import load_weights
from mim_lsp.training import example_shards, loop, run
from mim_lsp.training.batches import DrawnExamples
from mim_lsp.training.budget import Budget, Intervals
from mim_lsp.training.corpus.shards import Row, write_shards
from mim_lsp.training.example_shards import draw
from mim_lsp.training.export import BF16_WEIGHTS, load_bf16
from mim_lsp.training.recipes import RECIPES, find_recipe
from mim_lsp.training.run import Machine, train
from mim_lsp.training.settings import read_recipe
from mim_lsp.training.windows import Example
from tests.reference import reference_logits
from tests.tiny import SOURCE


def write_split(folder: Path, split: str, contents: list[str]) -> None:
    rows = [Row(content, f"{i}.py", "shapes", "1.0", "MIT") for i, content in enumerate(contents)]
    write_shards(rows, folder, split)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of two small files."""
    folder = tmp_path / "corpus"
    write_split(folder, "train", [SOURCE, SOURCE.replace("circle", "square")])
    write_split(folder, "heldout", [SOURCE.replace("circle", "ellipse")])
    return folder


@pytest.fixture(autouse=True)
def _smaller_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smoke recipe with less to do in each step."""
    small = replace(find_recipe("smoke"), examples_per_step=1)
    monkeypatch.setitem(RECIPES, "smoke", small)
    monkeypatch.setattr(run, "HELDOUT_BATCHES", 2)


def log_rows(out: Path) -> list[dict[str, str]]:
    with (out / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_writes_a_model_that_loads(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "runs" / "smoke"
    folder = train("smoke", corpus=corpus, out=out, steps=3)
    assert folder == out / "mim-py-smoke"
    config, tokenizer = read_config(folder), read_tokenizer(folder)
    assert config == find_recipe("smoke").config
    assert tokenizer.n_tokens <= config.n_text_tokens
    model = load_weights(config, folder / WEIGHTS)
    assert reference_logits(model, tokenizer.encode("def area")).isfinite().all()
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert [(row["split"], row["step"]) for row in log_rows(out)] == [("heldout", "3")]
    assert float(log_rows(out)[0]["nll_forward"]) < 8
    assert f"model written to {folder}" in capsys.readouterr().out


def test_a_run_goes_on_only_when_asked_to(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    train("smoke", corpus=corpus, out=out, steps=1)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(SettingsError, match=r"holds a run already.*--resume"):
        train("smoke", corpus=corpus, out=out, steps=1)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    train("smoke", corpus=corpus, out=out, steps=3, resume=True)
    assert [row["step"] for row in log_rows(out)] == ["1", "3"]


def test_stopped_and_resumed_writes_the_same_model(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = loop.save_checkpoint

    def save_and_stop(*arguments: Any) -> None:
        save(*arguments)
        raise KeyboardInterrupt

    straight = train("smoke", corpus=corpus, out=tmp_path / "straight", steps=3)
    with monkeypatch.context() as patch:
        patch.setattr(run, "Intervals", partial(Intervals, checkpoint_seconds=0))
        patch.setattr(loop, "save_checkpoint", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            train("smoke", corpus=corpus, out=tmp_path / "stopped", steps=3)
    assert not (tmp_path / "stopped" / "mim-py-smoke").exists()
    resumed = train("smoke", corpus=corpus, out=tmp_path / "stopped", steps=3, resume=True)
    assert (resumed / WEIGHTS).read_bytes() == (straight / WEIGHTS).read_bytes()


def test_a_run_branches_off_by_another_recipe(corpus: Path, tmp_path: Path) -> None:
    trunk = tmp_path / "trunk"
    train("smoke", corpus=corpus, out=trunk, steps=2)
    before = {path: path.read_bytes() for path in trunk.rglob("*") if path.is_file()}
    fim = tmp_path / "fim"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "smoke-fim", replace(find_recipe("smoke"), name="smoke-fim", objective="fim"))
        train("smoke-fim", corpus=corpus, out=fim, steps=3, branch=trunk)
    same = train("smoke", corpus=corpus, out=tmp_path / "same", steps=3, branch=trunk)
    assert {path: path.read_bytes() for path in trunk.rglob("*") if path.is_file()} == before
    assert [row["step"] for row in log_rows(fim)] == ["3"]
    kept = read_recipe(fim)
    assert kept is not None
    assert (kept.name, kept.objective) == ("smoke-fim", "fim")
    gone_on = train("smoke", corpus=corpus, out=trunk, steps=3, resume=True)
    assert (same / WEIGHTS).read_bytes() == (gone_on / WEIGHTS).read_bytes()
    with pytest.raises(ModelError, match="cannot resume"):
        train("smoke", corpus=corpus, out=tmp_path / "none", steps=3, branch=tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="is as long as this one is to be"):
        train("smoke", corpus=corpus, out=tmp_path / "done", steps=3, branch=trunk)
    with pytest.raises(ModelError, match="another optimizer"):
        train("smoke", corpus=corpus, out=tmp_path / "adam", steps=9, branch=trunk, settings=["optimizer=adamw"])


def test_a_run_goes_on_only_with_its_own_tokenizer(corpus: Path, tmp_path: Path) -> None:
    train("smoke", corpus=corpus, out=tmp_path / "out", steps=1)
    (tmp_path / "out" / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        train("smoke", corpus=corpus, out=tmp_path / "out", steps=2, resume=True)


def test_resuming_without_a_checkpoint_is_an_error(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot resume"):
        train("smoke", corpus=corpus, out=tmp_path / "out", steps=1, resume=True)


def test_a_tokenizer_of_another_run_is_not_taken_over(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "tokenizer.json").write_text("left by a run that was stopped early")
    assert read_tokenizer(train("smoke", corpus=corpus, out=out, steps=1)).encode("x")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recipe": "smoky"}, "unknown recipe"),
        ({"steps": 0}, "positive number"),
        ({"minutes": 0.0}, "positive number"),
        ({"machine": Machine(device="tpu")}, "cannot train on 'tpu'"),
        ({"settings": ["colour=red"]}, "cannot set 'colour=red'"),
        ({"machine": Machine(shard=True)}, "start them with torchrun"),
    ],
)
def test_a_setting_that_cannot_work_is_an_error(
    change: dict[str, object], reason: str, corpus: Path, tmp_path: Path
) -> None:
    arguments = {"recipe": "smoke", "corpus": corpus, "out": tmp_path / "out"} | change
    with pytest.raises(SettingsError, match=reason):
        train(**arguments)
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_an_error(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot train on 'cuda'"):
        train("smoke", corpus=corpus, out=tmp_path, steps=1, machine=Machine(device="cuda"))


def test_a_corpus_without_text_is_an_error(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        train("smoke", corpus=tmp_path / "nowhere", out=tmp_path / "out", steps=1)
    write_split(corpus, "heldout", [""])
    with pytest.raises(CorpusError, match="no heldout documents"):
        train("smoke", corpus=corpus, out=tmp_path / "out", steps=1)
    assert not (tmp_path / "out").exists()


def test_windows_drawn_beforehand_make_the_same_model(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example_shards, "EXAMPLES_PER_SHARD", 8)
    itself = train("smoke", corpus=corpus, out=tmp_path / "itself", steps=3, settings=["beta=0"])
    drawn = tmp_path / "drawn"
    settings = {"corpus": corpus, "settings": ["beta=0"]}
    draw("smoke", tokenizer=itself, out=drawn, count=8, processes=1, progress=lambda *_: None, **settings)
    own = DrawnExamples.example

    def only_held_out(self: DrawnExamples, number: int) -> Example:
        assert self.seed == 0, "the run draws by itself"
        return own(self, number)

    monkeypatch.setattr(DrawnExamples, "example", only_held_out)
    read = train("smoke", out=tmp_path / "read", steps=3, machine=Machine(drawn=drawn), **settings)
    assert (read / WEIGHTS).read_bytes() == (itself / WEIGHTS).read_bytes()


def test_windows_of_another_run_are_refused(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example_shards, "EXAMPLES_PER_SHARD", 8)
    model = train("smoke", corpus=corpus, out=tmp_path / "model", steps=1)
    drawn = tmp_path / "drawn"
    with pytest.raises(SettingsError, match="no drawn examples in"):
        train("smoke", corpus=corpus, out=tmp_path / "a", steps=1, machine=Machine(drawn=drawn))
    other = ["infill_rate=0.1"]
    draw("smoke", corpus=corpus, tokenizer=model, out=drawn, count=8, settings=other, processes=1, progress=print)
    with pytest.raises(SettingsError, match="another corpus, recipe or tokenizer"):
        train("smoke", corpus=corpus, out=tmp_path / "b", steps=1, machine=Machine(drawn=drawn))


def test_a_run_begins_with_a_trained_model(corpus: Path, tmp_path: Path) -> None:
    base = train("smoke", corpus=corpus, out=tmp_path / "base", steps=3)
    write_shape(base, replace(read_config(base), end_bias=2.0), read_tokenizer(base))
    more = train("smoke", corpus=corpus, out=tmp_path / "more", steps=1, start=base, settings=["lr_scale=1e-9"])
    assert read_config(more) == read_config(base)
    settings = ["lr_scale=1e-9", "end_bias=0.5"]
    other = train("smoke", corpus=corpus, out=tmp_path / "other", steps=1, start=base, settings=settings)
    assert read_config(other).end_bias == 0.5
    assert read_tokenizer(more).encode(SOURCE) == read_tokenizer(base).encode(SOURCE)
    before, after = (load_weights(read_config(folder), folder / WEIGHTS) for folder in (base, more))
    ids = read_tokenizer(base).encode("def area")
    assert torch.allclose(reference_logits(before, ids), reference_logits(after, ids), atol=0.05)


def test_every_process_has_the_tokenizer_of_the_model_that_it_begins_with(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process's copy of it may not be there yet."""
    base = train("smoke", corpus=corpus, out=tmp_path / "base", steps=1)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(run, "learn_tokenizer", lambda texts, size: pytest.fail("learns another one"))
    train("smoke", corpus=corpus, out=tmp_path / "more", steps=1, start=base)
    assert not (tmp_path / "more" / "tokenizer.json").exists()


def test_a_run_begins_with_no_model_of_another_shape(corpus: Path, tmp_path: Path) -> None:
    base = train("smoke", corpus=corpus, out=tmp_path / "base", steps=1)
    with pytest.raises(SettingsError, match="another shape than the recipe nano"):
        train("nano", corpus=corpus, out=tmp_path / "more", steps=1, start=base)


def test_settings_are_kept_for_the_run_that_goes_on(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    train("smoke", corpus=corpus, out=out, steps=1, settings=["beta=0.5", "d_ff=96"])
    kept = read_recipe(out)
    assert kept is not None
    assert (kept.beta, kept.config.d_ff, kept.steps) == (0.5, 96, 1)
    folder = train("smoke", corpus=corpus, out=out, steps=2, resume=True, settings=["beta=0.25"])
    assert read_config(folder).d_ff == 96
    assert read_recipe(out) == replace(kept, beta=0.25, steps=2)
    with pytest.raises(SettingsError, match="is of the recipe smoke, not nano"):
        train("nano", corpus=corpus, out=out, resume=True)


@pytest.mark.parametrize(
    ("budget", "seconds"), [(Budget(minutes=3), 45), (Budget(minutes=90), 300), (Budget(steps=9), 300)]
)
def test_a_short_run_is_looked_at_a_few_times_too(budget: Budget, seconds: float) -> None:
    assert run._intervals(budget).heldout_seconds == seconds


def test_fixed_rows_train_too(corpus: Path, tmp_path: Path) -> None:
    settings = ["rows=2", "micro_batches=2", "z_loss=0.0001", "recompute=true"]
    folder = train("smoke", corpus=corpus, out=tmp_path, steps=2, settings=settings, machine=Machine(feeders=1))
    assert load_weights(read_config(folder), folder / WEIGHTS)
    assert [row["step"] for row in log_rows(tmp_path)] == ["2"]


def test_a_model_with_qk_norm_is_not_written(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = train("smoke", corpus=corpus, out=tmp_path, steps=1, settings=["qk_norm=true"])
    assert not folder.exists()
    assert "no model is written" in capsys.readouterr().out


def test_a_run_that_goes_on_from_bf16_weights_loses_less(corpus: Path, tmp_path: Path) -> None:
    base = train("smoke", corpus=corpus, out=tmp_path / "base", steps=3)
    exact = load_file(tmp_path / "base" / "checkpoint" / "weights.safetensors")
    config = read_config(base)
    near, far = load_bf16(config, base), load_weights(config, base / WEIGHTS)
    assert near is not None
    for name, weight in near.named_parameters():
        torch.testing.assert_close(weight, exact[name], rtol=2**-8, atol=0)
    assert not torch.equal(far.embedding.weight, near.embedding.weight)
    train("smoke", corpus=corpus, out=tmp_path / "more", steps=1, start=base, settings=["lr_scale=0"])
    more = load_file(tmp_path / "more" / "checkpoint" / "weights.safetensors")
    for name, weight in near.named_parameters():
        assert torch.equal(more[name], weight), name
    (base / BF16_WEIGHTS).write_bytes(b"broken")
    with pytest.raises(ModelError, match="cannot read"):
        load_bf16(config, base)
