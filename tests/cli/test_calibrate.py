from __future__ import annotations

import json
from pathlib import Path

import pytest

import mim_lsp.completion
import mim_lsp.runtime.loading
from mim_lsp.cli import main
from mim_lsp.completion.confidence import FILE, read_calibration
from mim_lsp.completion.offer import make_offer
from mim_lsp.completion.types import CancelFlag, CompletionOptions, CompletionResult
from mim_lsp.engine.memory import MemoryWeights, Remembering
from mim_lsp.engine.memory_file import read_memory
from mim_lsp.model.folder import WEIGHTS, write_shape
from mim_lsp.model.weights import save_weights
from tests.cli.fakes import FakeCompleter
from tests.completion.generations import generation, middle
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer


class SureOfEven(FakeCompleter):
    """Is right in the documents of even length, and surer of those."""

    def complete(
        self,
        text: str,
        offset: int,
        options: CompletionOptions,
        cancel: CancelFlag | None = None,
        document: str | None = None,
    ) -> CompletionResult:
        self.asked.append((text, offset, options))
        even = len(text) % 2 == 0
        made = middle("right" if even else "wrong", forward_log_probs=(-0.1 if even else -2.0,))
        offer = make_offer(generation(made), text, offset, options)
        return CompletionResult(offer.candidates, offer.reason, explanation=offer.explanation)


@pytest.fixture
def fake() -> SureOfEven:
    return SureOfEven(CompletionResult(reason="blank"))


@pytest.fixture
def folder(tmp_path: Path, fake: SureOfEven, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mim_lsp.completion, "open_completer", fake.open)
    monkeypatch.setattr(mim_lsp.runtime.loading, "find_model", lambda model: tmp_path)
    return tmp_path


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    lines = [
        {"task_id": f"line/p{n % 3}/a.py:{n}", "prompt": f"{'y' * n} = ", "suffix": "\n", "canonical_solution": "right"}
        for n in range(1, 61)
    ]
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_calibrate_reports_plots_and_writes(folder: Path, tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", str(tasks), "--json", "--write", "--plots", str(folder / "plots")]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["model"], report["calibrated"]["samples"], report["calibrated"]["auc"]) == ("fake", 60, 1.0)
    assert sorted(path.name for path in (folder / "plots").iterdir()) == ["eagerness.png", "reliability.png"]
    assert f"wrote the coefficients into {folder}" in err
    calibration = read_calibration(folder)
    assert calibration is not None
    assert calibration.threshold == report["threshold"]


def test_without_write_the_model_stays_as_it_is(folder: Path, tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", str(tasks)]) == 0
    assert not (folder / FILE).exists()
    assert "geometric mean" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_too_few_tasks_are_a_clear_error(tmp_path: Path, tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(tasks.read_text().splitlines()[:6]))
    assert main(["calibrate", str(few)]) == 2
    assert "give more tasks" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("flags", "memory"), [([], True), (["--no-memory"], False)])
def test_the_confidence_is_fitted_to_what_is_shown_in_the_editor(
    fake: SureOfEven, tasks: Path, flags: list[str], memory: bool
) -> None:
    assert main(["calibrate", str(tasks), *flags]) == 0
    assert {options.memory for _, _, options in fake.asked} == {memory}


def test_the_memory_of_a_model_is_fitted_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tiny"
    write_shape(folder, tiny_config(), tiny_tokenizer())
    save_weights(tiny_model(), folder / WEIGHTS)
    lines = SOURCE.splitlines(keepends=True)
    tasks = tmp_path / "tasks.jsonl"
    with tasks.open("w") as file:
        for n, line in enumerate(lines * 4):
            at = n % len(lines)
            prompt, suffix = "".join([*lines, *lines[:at]]), "".join(lines[at + 1 :])
            task = {"task_id": f"x/{n}", "prompt": prompt, "suffix": suffix, "canonical_solution": line}
            file.write(json.dumps(task) + "\n")
    assert main(["calibrate", str(tasks), "--memory", "--write", "--json", "--model", str(folder)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["mixture"] < report["network"]
    assert read_memory(folder) == Remembering(MemoryWeights(*report["weights"][0]))
