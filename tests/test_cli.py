from __future__ import annotations

import argparse
import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

import mim_lsp
import mim_lsp.completion
import mim_lsp.doctor
from mim_lsp.cli import build_parser, main
from mim_lsp.completion.types import Candidate, CompletionOptions, CompletionResult
from mim_lsp.errors import MimError, ModelError
from mim_lsp.runtime.choice import RuntimeOptions, native_problem


class FakeCompleter:
    """Answers every request with the same result and remembers what it was asked."""

    model_name = "fake"

    def __init__(self, result: CompletionResult) -> None:
        self.result = result
        self.asked: list[tuple[str, int, CompletionOptions]] = []
        self.opened: list[tuple[str | None, RuntimeOptions]] = []

    def open(self, model: str | None, options: RuntimeOptions) -> FakeCompleter:
        self.opened.append((model, options))
        return self

    def complete(
        self, text: str, offset: int, options: CompletionOptions, document: str | None = None
    ) -> CompletionResult:
        self.asked.append((text, offset, options))
        return self.result

    def forget(self, document: str) -> None:
        pass


@pytest.fixture
def completer(monkeypatch: pytest.MonkeyPatch) -> FakeCompleter:
    fake = FakeCompleter(CompletionResult((Candidate("sum(😀)", 0.9, "met", 4),), met=True, verified=True))
    monkeypatch.setattr(mim_lsp.completion, "open_completer", fake.open, raising=False)
    return fake


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes("x = '😀'\r\nreturn \r\n".encode())
    return path


def raising(error: BaseException) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


# --- complete


def test_complete_prints_the_text(completer: FakeCompleter, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", f"{source}:2:8"]) == 0
    assert capsys.readouterr() == ("sum(😀)\n", "")
    assert completer.asked == [("x = '😀'\r\nreturn \r\n", 16, CompletionOptions())]
    assert completer.opened == [(None, RuntimeOptions())]


def test_complete_passes_every_option_on(completer: FakeCompleter, source: Path) -> None:
    flags = "--decode streams --meet-ngram 3 --candidates 4 --temperature 0.5 --top-p 1 --max-tokens 9 --max-ms 50.5"
    assert main(["complete", f"{source}:1:1", "--model", "m", "--device", "cpu", *flags.split()]) == 0
    assert completer.asked[0][2] == CompletionOptions(
        decode="streams", meet_ngram=3, candidates=4, temperature=0.5, top_p=1.0, max_tokens=9, max_ms=50.5
    )
    assert completer.opened == [("m", RuntimeOptions("cpu"))]


def test_model_flags_may_stand_before_the_command(completer: FakeCompleter, source: Path) -> None:
    main(["--model", "m", "--device", "cpu", "complete", f"{source}:1:1"])
    assert completer.opened == [("m", RuntimeOptions("cpu"))]


@pytest.mark.usefixtures("completer")
def test_complete_json_is_one_object(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", f"{source}:2:8", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["insert_text"], report["model"], report["reason"]) == ("sum(😀)", "fake", None)


@pytest.mark.usefixtures("completer")
def test_complete_show_marks_the_text_in_its_place(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", f"{source}:2:8", "--show"]) == 0
    assert "2 │ return ⟦sum(😀)⟧\n" in capsys.readouterr().out


def test_nothing_offered_is_not_an_error(
    completer: FakeCompleter, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    completer.result = CompletionResult(reason="blank")
    assert main(["complete", f"{source}:1:1"]) == 0
    assert capsys.readouterr() == ("", "mim-lsp: nothing offered: blank\n")


@pytest.mark.usefixtures("completer")
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("{source}", "expected PATH:LINE:COLUMN"),
        ("{source}:9:1", "line 9 lies outside the file; valid lines are 1 to 3"),
        ("{source}:1:9", "column 9 lies outside line 1; valid columns there are 1 to 8"),
        ("{source}.missing:1:1", "does not exist"),
        ("{folder}:1:1", "is a folder"),
        ("{folder}/binary:1:1", "is a binary file"),
        ("{folder}/two\nlines:1:1", "does not exist"),
    ],
)
def test_user_errors_are_one_line_and_exit_code_2(
    source: Path, capsys: pytest.CaptureFixture[str], place: str, message: str
) -> None:
    (source.parent / "binary").write_bytes(b"\0\1\2")
    assert main(["complete", place.format(source=source, folder=source.parent)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("mim-lsp: error: ")
    assert message in output.err
    assert output.err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ModelError("no model 'x'; see mim-lsp models"), 2, "mim-lsp: error: no model 'x'; see mim-lsp models\n"),
        (PermissionError(13, "Permission denied", "runs"), 2, "mim-lsp: error: [Errno 13] Permission denied: 'runs'\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            2,
            "mim-lsp: error: this needs torch, which the base install leaves out: pip install 'mim-lsp[torch]'\n",
        ),
        (
            ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow"),
            2,
            "mim-lsp: error: this needs pyarrow, which the base install leaves out: pip install 'mim-lsp[train]'\n",
        ),
    ],
)
def test_errors_from_inside(
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    monkeypatch.setattr(mim_lsp.completion, "open_completer", raising(error), raising=False)
    assert main(["complete", f"{source}:1:1"]) == code
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize("error", [ModuleNotFoundError("No module named 'ours'", name="ours"), ZeroDivisionError()])
def test_a_bug_of_ours_is_not_dressed_up(source: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(mim_lsp.completion, "open_completer", raising(error), raising=False)
    with pytest.raises(type(error)):
        main(["complete", f"{source}:1:1"])


# --- the other commands


def test_server_starts_with_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str | None, RuntimeOptions]] = []
    server = SimpleNamespace(run_stdio=lambda model, options: started.append((model, options)) or 7)
    monkeypatch.setitem(sys.modules, "mim_lsp.server", server)
    assert main(["--stdio", "--model", "m", "--threads", "3", "--runtime", "torch"]) == 7
    assert started == [("m", RuntimeOptions("auto", 3, "torch"))]


def test_train_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []
    run = SimpleNamespace(train=lambda *args, **kwargs: calls.append((args, kwargs)))
    monkeypatch.setitem(sys.modules, "mim_lsp.training.run", run)
    assert (
        main(["train", "smoke", "--minutes", "0.5", "--corpus", "c", "--resume", "--threads", "2", "--device", "cpu"])
        == 0
    )
    expected = {
        "corpus": Path("c"),
        "out": Path("runs/smoke"),
        "minutes": 0.5,
        "steps": None,
        "resume": True,
        "device": "cpu",
        "threads": 2,
    }
    assert calls == [(("smoke",), expected)]


def test_corpus_build_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []

    def build(*args: object, progress: object, **kwargs: object) -> SimpleNamespace:
        calls.append((args, kwargs))
        return SimpleNamespace(summary=lambda: "12 packages kept")

    corpus = SimpleNamespace(build=build, terminal_progress=nullcontext)
    monkeypatch.setitem(sys.modules, "mim_lsp.training.corpus", corpus)
    assert main(["corpus", "build", "lists/py.toml", "--decontaminate", "a", "b", "--decontaminate", "c"]) == 0
    assert calls == [
        (
            (Path("lists/py.toml"), Path(".cache/corpora/py")),
            {"cache": Path(".cache/packages"), "decontaminate": [Path("a"), Path("b"), Path("c")]},
        )
    ]
    assert capsys.readouterr().out == "12 packages kept\n"


def test_corpus_tasks_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []

    def write_tasks(*args: object, **kwargs: object) -> dict[str, int]:
        calls.append((args, kwargs))
        return {"line": 3, "argument": 2}

    tasks = SimpleNamespace(write_tasks=write_tasks)
    monkeypatch.setitem(sys.modules, "mim_lsp.training.corpus.tasks", tasks)
    assert main(["corpus", "tasks", "c", "--out", "out.jsonl", "--count", "3", "--seed", "5"]) == 0
    assert calls == [((Path("c"), Path("out.jsonl")), {"count_per_kind": 3, "seed": 5})]
    assert capsys.readouterr().out == "3 tasks of kind line\n2 tasks of kind argument\n"


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    answers = ("sum(😀)", "max(x)")
    lines = [{"task_id": a, "prompt": "y = ", "suffix": "\n", "canonical_solution": a} for a in answers]
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_eval_infilling_measures_every_task(
    completer: FakeCompleter, tasks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tasks.with_name("results.jsonl")
    flags = ["--json", "--decode", "streams", "--meet-ngram", "3", "--out", str(results)]
    assert main(["eval", "infilling", "--tasks", str(tasks), *flags]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["tasks"], report["exact_match"], report["model"], report["decode"]) == (2, 0.5, "fake", "streams")
    assert completer.asked == [("y = \n", 4, CompletionOptions(decode="streams", meet_ngram=3))] * 2
    assert [json.loads(line)["exact_match"] for line in results.read_text().splitlines()] == [True, False]


@pytest.mark.usefixtures("completer")
def test_eval_infilling_can_be_limited_and_read_by_people(tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "infilling", "--tasks", str(tasks), "--limit", "1"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "exact_match" in line)
    assert "100.0%" in row


@pytest.mark.usefixtures("completer")
def test_eval_infilling_without_tests_to_execute_is_refused(tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "infilling", "--tasks", str(tasks), "--execute"]) == 2
    assert capsys.readouterr().err.startswith("mim-lsp: error: not every task has a 'test'")


def test_eval_infilling_that_is_interrupted_reports_what_is_done(
    completer: FakeCompleter, monkeypatch: pytest.MonkeyPatch, tasks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter([completer.result])

    def complete(*_: object) -> CompletionResult:
        for answer in answers:
            return answer
        raise KeyboardInterrupt

    monkeypatch.setattr(completer, "complete", complete)
    assert main(["eval", "infilling", "--tasks", str(tasks), "--json"]) == 130
    report = json.loads(capsys.readouterr().out)
    assert (report["tasks"], report["interrupted"]) == (1, True)


def read_by_perplexity(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
    """The texts that `mim-lsp eval perplexity` evaluates."""
    read: list[str] = []

    @dataclasses.dataclass
    class Report:
        bits: float

    def evaluate_model(folder: Path, texts: list[str], *, device: str, progress: Callable[[], None]) -> Report:
        assert (folder, device) == (Path("models/m"), "cpu")
        read.extend(texts)
        progress()
        return Report(1.5)

    perplexity = SimpleNamespace(evaluate_model=evaluate_model)
    monkeypatch.setitem(sys.modules, "mim_lsp.evaluation.perplexity", perplexity)
    monkeypatch.setattr("mim_lsp.runtime.loading.find_model", lambda model: Path("models") / model)
    assert main(["eval", "perplexity", "--model", "m", "--device", "cpu", "--json", *arguments]) == 0
    return read


def test_eval_perplexity_of_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / name for name in ("a.py", "b.py")]
    for path in paths:
        path.write_text(path.name)
    assert read_by_perplexity(monkeypatch, "--files", *map(str, paths)) == ["a.py", "b.py"]
    assert json.loads(capsys.readouterr().out) == {"bits": 1.5}
    assert read_by_perplexity(monkeypatch, "--files", *map(str, paths), "--limit", "1") == ["a.py"]


def test_eval_perplexity_of_held_out_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_documents(folder: Path, split: str, *, limit: int | None) -> list[SimpleNamespace]:
        return [SimpleNamespace(content=f"{split} of {folder}, {limit}")]

    monkeypatch.setitem(sys.modules, "mim_lsp.training.corpus", SimpleNamespace(read_documents=read_documents))
    assert read_by_perplexity(monkeypatch, "--corpus", "c", "--limit", "3") == ["heldout of c, 3"]


def test_eval_fidelity_on_tasks_compares_with_float32(
    completer: FakeCompleter, tasks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--model", "int4", "--reference", "float", "--threads", "1", "--json"]
    assert main(["eval", "fidelity", "--tasks", str(tasks), *flags]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["tasks"], report["same_rate"], report["reference"]) == (2, 1.0, "fake")
    assert completer.opened == [("float", RuntimeOptions("cpu", 1, "torch")), ("int4", RuntimeOptions("auto", 1))]


def test_eval_fidelity_compares_a_model_with_itself_by_default(completer: FakeCompleter, tasks: Path) -> None:
    assert main(["eval", "fidelity", "--tasks", str(tasks), "--model", "m", "--limit", "1"]) == 0
    assert completer.opened == [("m", RuntimeOptions("cpu", None, "torch")), ("m", RuntimeOptions())]
    assert len(completer.asked) == 2


def test_eval_fidelity_on_texts(
    monkeypatch: pytest.MonkeyPatch, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @dataclasses.dataclass
    class Report:
        read: list[object]

    def load_model(model: str, options: RuntimeOptions) -> SimpleNamespace:
        return SimpleNamespace(name=(model, options.runtime), tokenizer="t", config=SimpleNamespace(context_length=9))

    def compare_texts(*models: SimpleNamespace, progress: Callable[[], None]) -> Report:
        progress()
        return Report([*(model.name for model in models[:2]), models[2]])

    fidelity = SimpleNamespace(compare_texts=compare_texts, sample_windows=lambda *args: [list(args)])
    monkeypatch.setitem(sys.modules, "mim_lsp.evaluation.fidelity", fidelity)
    monkeypatch.setattr("mim_lsp.runtime.loading.load_model", load_model)
    flags = ["--model", "int4", "--reference", "float", "--limit", "7", "--json"]
    assert main(["eval", "fidelity", "--files", str(source), *flags]) == 0
    windows = [["t", ["x = '😀'\r\nreturn \r\n"], 9, 7]]
    assert json.loads(capsys.readouterr().out) == {"read": [["float", "torch"], ["int4", "auto"], windows]}


def test_quantize_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[object, ...]] = []

    def quantize_folder(*args: object) -> int:
        *given, progress = args
        assert callable(progress)
        progress(1, 2)
        calls.append(tuple(given))
        return 6_700_000

    folder = SimpleNamespace(QuantizationSettings=lambda *args: args, quantize_folder=quantize_folder)
    monkeypatch.setitem(sys.modules, "mim_lsp.training.quantization.folder", folder)
    monkeypatch.setattr("mim_lsp.runtime.loading.find_model", lambda model: Path("models") / model)
    assert main(["quantize", "m", "--out", "small", "--group", "32", "--calibration", "a", "b"]) == 0
    assert calls == [(Path("models/m"), Path("small"), (4, 32, (Path("a"), Path("b"))))]
    assert capsys.readouterr() == ("small: 6.7 MB of weights\n", "layer 1 of 2\n")


def test_bench_types_in_the_files_it_is_given(
    completer: FakeCompleter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "code.py").write_text("first_line = 1\nsecond_line = 2\nthird_line = 3\n")
    assert main(["bench", "--files", str(tmp_path / "code.py"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["places"], report["model"]) == (1, "fake")
    assert all(text.startswith("first_line") for text, _, _ in completer.asked)


def test_models_are_listed_with_size_and_summary(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    info = SimpleNamespace(name="nano", parameters=8_400_000, bytes=9_100_000, summary="Python, small")
    monkeypatch.setitem(sys.modules, "mim_lsp.runtime.loading", SimpleNamespace(list_models=lambda: [info]))
    assert main(["models"]) == 0
    assert capsys.readouterr().out == "nano  8.4M parameters, 9.1 MB\n    Python, small\n"


def test_doctor_is_content_with_a_model_that_completes(
    completer: FakeCompleter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mim_lsp.doctor, "_speed", lambda model, options: "0.3 ms for a step")
    assert main(["doctor", "--model", "m"]) == 0
    report = capsys.readouterr().out
    assert f"mim-lsp      {mim_lsp.__version__} on Python" in report
    assert "fake loads in" in report
    assert "FAIL" not in report
    assert completer.opened == [("m", RuntimeOptions())]


def test_doctor_tells_every_finding_even_if_the_model_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = MimError("no model 'x'")
    monkeypatch.setattr(mim_lsp.completion, "open_completer", raising(error), raising=False)
    assert main(["doctor", "--model", "no-such-model"]) == 2
    lines = capsys.readouterr().out.splitlines()
    names = ["mim-lsp", "libraries", "parser", "native", "torch", "model", "speed"]
    assert [line.split()[1] for line in lines] == names
    assert lines[-2] == "FAIL  model        no model 'x'"


@pytest.mark.skipif(native_problem() is not None, reason="the native core was not built")
def test_doctor_tells_how_near_a_step_is_to_what_memory_gives(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--threads", "1"]) == 0
    speed = capsys.readouterr().out.splitlines()[-1]
    assert re.search(r"ms for a step of both directions \(\w+, 1 thread\).* \d+% of what memory gives", speed)


# --- the parser itself


def every_parser(
    parser: argparse.ArgumentParser, name: str = "mim-lsp"
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command, child in action.choices.items():
                yield from every_parser(child, f"{name} {command}")


PARSERS = dict(every_parser(build_parser()))


@pytest.mark.parametrize("name", PARSERS)
def test_every_command_helps_with_an_example_that_parses(name: str) -> None:
    page = PARSERS[name].format_help()
    assert "example:\n" in page
    example = page.rpartition("\n  ")[2].strip()
    assert example.startswith(name)
    build_parser().parse_args(example.split()[1:])


@pytest.mark.parametrize("name", ["decode", "meet_ngram", "candidates", "temperature", "top_p", "max_tokens"])
def test_defaults_in_the_help_are_the_real_ones(name: str) -> None:
    (flag,) = (action for action in PARSERS["mim-lsp complete"]._actions if action.dest == name)
    (field,) = (field for field in dataclasses.fields(CompletionOptions) if field.name == name)
    assert str(flag.help).endswith(f"(default: {field.default})")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["--stdio", "doctor"],
        ["complete"],
        ["complete", "a:1:1", "--json", "--show"],
        ["complete", "a:1:1", "--candidates", "0"],
        ["complete", "a:1:1", "--candidates", "two"],
        ["complete", "a:1:1", "--temperature", "0"],
        ["complete", "a:1:1", "--temperature", "nan"],
        ["complete", "a:1:1", "--max-ms", "inf"],
        ["complete", "a:1:1", "--top-p", "1.1"],
        ["complete", "a:1:1", "--decode", "psm"],
        ["complete", "a:1:1", "--device", "tpu"],
        ["train", "nano", "--minutes", "1", "--steps", "1"],
        ["eval"],
        ["corpus"],
    ],
)
def test_unusable_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert ": error: " in output.err.splitlines()[-1]


def test_module_can_be_run_by_name() -> None:
    command = [sys.executable, "-m", "mim_lsp", "--version"]
    assert subprocess.check_output(command, text=True) == f"mim-lsp {mim_lsp.__version__}\n"


def test_parsing_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom mim_lsp.cli import build_parser\nbuild_parser().format_help()\n"
        "print([name for name in sys.modules if name.startswith('mim_lsp')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['mim_lsp', 'mim_lsp.errors', 'mim_lsp.cli']"


@pytest.mark.parametrize("characters", [1, 100_000])
def test_a_reader_that_goes_away_is_no_error(characters: int) -> None:
    """`mim-lsp models | true`: output into a closed pipe, noticed while writing or not before the end."""
    program = (
        "import os, sys, mim_lsp.cli as cli\n"
        f"cli._run_models = lambda args: print('x' * {characters}) or 0\n"
        "read, write = os.pipe(); os.close(read); os.dup2(write, 1)\n"
        "sys.exit(cli.main(['models']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
