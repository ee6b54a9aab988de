"""The command line. Parses first and imports afterwards, so that `--help` and mistyped flags are answered at once.

Exit codes: 0 done, 2 an error that the user can mend (one line on stderr), 130 interrupted.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mim_lsp import __version__
from mim_lsp.errors import MimError

if TYPE_CHECKING:
    from mim_lsp.completion.types import CompletionOptions
    from mim_lsp.evaluation.fidelity import MiddleFidelity, TextFidelity
    from mim_lsp.evaluation.infilling_report import InfillingReport
    from mim_lsp.evaluation.latency import LatencyReport
    from mim_lsp.evaluation.perplexity import PerplexityReport
    from mim_lsp.runtime.choice import RuntimeOptions
    from mim_lsp.training.heldout import HeldoutReport

    Report = InfillingReport | LatencyReport | PerplexityReport | HeldoutReport | TextFidelity | MiddleFidelity

DEFAULT_CORPUS = Path(".cache/corpora/py-nano")
DEFAULT_PACKAGE_CACHE = Path(".cache/packages")
# Packages that the base install leaves out, and the extra that brings each.
_EXTRA_OF = {"torch": "torch", "datasketch": "train", "matplotlib": "train", "pyarrow": "train"}
_OPTION_FLAGS = ("decode", "candidates", "temperature", "top_p", "max_tokens", "max_ms", "meet_ngram", "end_bias")

Run = Callable[[argparse.Namespace], int]
# What `add_subparsers` returns; argparse has no public name for it.
Commands = Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; `arguments` default to the process's own. Returns the exit code."""
    args = _parse(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Documents are UTF-8, whatever the locale of the terminal says.
        sys.stdout.reconfigure(encoding="utf-8")
    run: Run = args.run
    try:
        code = run(args)
        sys.stdout.flush()
        return code
    except MimError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get(error.name or "")
        if extra is None:
            raise
        return _fail(f"this needs {error.name}, which the base install leaves out: pip install 'mim-lsp[{extra}]'")
    except BrokenPipeError:
        # The reader of our output went away (`| head`). Python flushes once more at exit: let that go into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return 130


def _fail(message: str) -> int:
    line = " ".join(message.splitlines())
    print(f"mim-lsp: error: {line}", file=sys.stderr)
    return 2


# --- parsing -------------------------------------------------------------------------------------------------------


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.stdio and args.command:
        parser.error("--stdio starts the server and takes no command")
    if args.stdio:
        args.run = _run_server
    elif not args.command:
        parser.error("name a command, or --stdio to start the server; --help lists them")
    return args


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `run` to the function that carries it out."""
    parser = argparse.ArgumentParser(
        prog="mim-lsp",
        description="Private, local code completion with a meet-in-the-middle language model.",
        epilog="example:\n  mim-lsp --stdio          what an editor starts\n  mim-lsp complete app.py:12:8 --show",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"mim-lsp {__version__}")
    parser.add_argument("--stdio", action="store_true", help="speak the Language Server Protocol on stdin and stdout")
    _add_model_flags(parser)
    parser.set_defaults(model=None, device="auto", runtime="auto", threads=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_complete(commands)
    _add_eval(commands)
    _add_bench(commands)
    _add_corpus(commands)
    _add_train(commands)
    _add_quantize(commands)
    _add_models(commands)
    _add_doctor(commands)
    return parser


def _add_complete(commands: Commands) -> None:
    command = _add_command(
        commands,
        "complete",
        _run_complete,
        "print the text to insert at a cursor",
        "mim-lsp complete src/app.py:12:8 --json",
    )
    command.add_argument("location", metavar="PATH:LINE:COLUMN", help="the cursor; line and column count from 1")
    output = command.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object with all candidates")
    output.add_argument("--show", action="store_true", help="print the lines around the cursor with the text in place")
    _add_model_flags(command)
    _add_option_flags(command)
    _add_flag(command, "--candidates", _whole, "N", "most suggestions to return (default: 1)")
    _add_flag(command, "--temperature", _positive, "T", "of the suggestions after the first (default: 0.6)")
    _add_flag(command, "--top-p", _share, "P", "nucleus of the suggestions after the first (default: 0.95)")
    _add_flag(command, "--max-tokens", _whole, "N", "most tokens that either side writes (default: 64)")
    _add_flag(command, "--max-ms", _positive, "MS", "end decoding after so many milliseconds (default: no limit)")


def _add_eval(commands: Commands) -> None:
    tasks = "mim-lsp eval infilling --tasks tasks.jsonl.gz --limit 100 --json"
    evaluation = _add_command(commands, "eval", None, "measure a model", tasks)
    parts = evaluation.add_subparsers(dest="eval_command", metavar="COMMAND", required=True)

    infilling = _add_command(parts, "infilling", _run_eval_infilling, "complete tasks and compare the answers", tasks)
    infilling.add_argument(
        "--tasks", type=Path, metavar="FILE", required=True, help="JSON lines, plain or .gz, as HumanEval-Infilling has"
    )
    infilling.add_argument("--limit", type=_whole, metavar="N", help="only the first N tasks")
    infilling.add_argument("--out", type=Path, metavar="FILE", help="a new file for each task's result, as JSON lines")
    infilling.add_argument("--execute", action="store_true", help="run the tasks' tests: only for models you trust")
    _add_option_flags(infilling)

    example = "mim-lsp eval perplexity --files src/app.py src/models.py"
    summary = "bits per byte of both directions, and how much they differ"
    perplexity = _add_command(parts, "perplexity", _run_eval_perplexity, summary, example)
    texts = perplexity.add_mutually_exclusive_group(required=True)
    texts.add_argument("--files", type=Path, nargs="+", metavar="PATH", help="Python files")
    texts.add_argument("--corpus", type=Path, metavar="DIR", help="the held-out files of a corpus instead")
    perplexity.add_argument("--limit", type=_whole, metavar="N", help="only the first N files")

    example = "mim-lsp eval heldout --corpus .cache/corpora/py-nano"
    summary = "bits per byte, agreement, and what the far side adds, on a corpus's held-out packages"
    heldout = _add_command(parts, "heldout", _run_eval_heldout, summary, example)
    heldout.add_argument("--corpus", type=Path, metavar="DIR", required=True, help="a corpus folder")
    heldout.add_argument("--windows", type=_whole, metavar="N", default=400, help="windows of each kind (default: 400)")
    heldout.add_argument("--untrained", action="store_true", help="random weights of the same shape, as a floor")

    example = "mim-lsp eval fidelity --tasks holes.jsonl --reference runs/nano/float --model mim-py-nano"
    summary = "what quantization, or the native core, changes: perplexity on texts, or the text of holes"
    fidelity = _add_command(parts, "fidelity", _run_eval_fidelity, summary, example)
    places = fidelity.add_mutually_exclusive_group(required=True)
    places.add_argument("--files", type=Path, nargs="+", metavar="PATH", help="Python files to read")
    places.add_argument("--corpus", type=Path, metavar="DIR", help="read the held-out files of a corpus")
    places.add_argument("--tasks", type=Path, metavar="FILE", help="fill holes; see `mim-lsp eval infilling`")
    fidelity.add_argument(
        "--reference", metavar="NAME|DIR", help="runs in PyTorch on the CPU, in float32 (default: the same model)"
    )
    fidelity.add_argument("--limit", type=_whole, metavar="N", default=500, help="windows or tasks (default: 500)")

    for command in (infilling, perplexity, heldout, fidelity):
        _add_json_flag(command)
        _add_model_flags(command)


def _add_bench(commands: Commands) -> None:
    summary = "time completions, the first at a place and those while typing on"
    command = _add_command(commands, "bench", _run_bench, summary, "mim-lsp bench --json")
    command.add_argument(
        "--files", type=Path, nargs="+", metavar="PATH", help="where to type (default: some of Python's own library)"
    )
    _add_json_flag(command)
    _add_option_flags(command)
    _add_model_flags(command)


def _add_corpus(commands: Commands) -> None:
    example = "mim-lsp corpus build corpora/py-nano.toml --decontaminate tasks.jsonl.gz"
    corpus = _add_command(commands, "corpus", None, "make training data and tasks from pinned packages", example)
    parts = corpus.add_subparsers(dest="corpus_command", metavar="COMMAND", required=True)

    build = _add_command(parts, "build", _run_corpus_build, "fetch, check and filter a manifest's packages", example)
    build.add_argument("manifest", type=Path, metavar="MANIFEST", help="the TOML list of packages")
    build.add_argument("--out", type=Path, metavar="DIR", help=f"(default: {DEFAULT_CORPUS.parent}/MANIFEST'S NAME)")
    build.add_argument(
        "--cache", type=Path, metavar="DIR", default=DEFAULT_PACKAGE_CACHE, help="downloads (default: %(default)s)"
    )
    build.add_argument(
        "--decontaminate", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help="tasks to keep out"
    )

    example = f"mim-lsp corpus tasks {DEFAULT_CORPUS} --out holes.jsonl --count 200"
    tasks = _add_command(parts, "tasks", _run_corpus_tasks, "draw infilling tasks from the held-out files", example)
    tasks.add_argument("corpus", type=Path, metavar="DIR", help="what `mim-lsp corpus build` wrote")
    tasks.add_argument(
        "--out", type=Path, metavar="FILE", required=True, help="the new JSON-lines file; see `mim-lsp eval infilling`"
    )
    tasks.add_argument("--count", type=_whole, metavar="N", default=200, help="of each kind (default: %(default)s)")
    tasks.add_argument("--seed", type=int, metavar="N", default=0, help="of the draws (default: %(default)s)")


def _add_train(commands: Commands) -> None:
    train = _add_command(
        commands, "train", _run_train, "train a model on a corpus", "mim-lsp train nano --minutes 85 --out runs/nano"
    )
    train.add_argument("recipe", metavar="RECIPE", help="a recipe's name, for example nano or smoke")
    length = train.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=_positive, metavar="M", help="time to train (default: the recipe's own)")
    length.add_argument("--steps", type=_whole, metavar="N", help="end after so many steps instead")
    _add_corpus_flag(train)
    train.add_argument("--out", type=Path, metavar="DIR", help="checkpoint, log and model (default: runs/RECIPE)")
    train.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    train.add_argument("--threads", type=_whole, metavar="N", help="CPU threads (default: PyTorch's choice)")
    _add_device_flag(train)


def _add_quantize(commands: Commands) -> None:
    example = "mim-lsp quantize mim-py-nano --bits 4 --out mim-py-nano-int4"
    command = _add_command(commands, "quantize", _run_quantize, "make a model smaller and faster", example)
    command.add_argument("source", metavar="NAME|DIR", help="a model; best one with weights of more bits")
    command.add_argument("--out", type=Path, metavar="DIR", required=True, help="the new model folder")
    command.add_argument("--bits", type=int, choices=(4, 8), default=4, help="of a weight (default: %(default)s)")
    command.add_argument(
        "--group", type=int, choices=(32, 64), default=64, help="int4 weights that share a scale (default: %(default)s)"
    )
    command.add_argument(
        "--calibration",
        type=Path,
        nargs="+",
        metavar="PATH",
        default=(),
        help="Python files or folders that show what the model will read (default: Python's own library)",
    )


def _add_models(commands: Commands) -> None:
    _add_command(commands, "models", _run_models, "list the models in the box", "mim-lsp models")


def _add_doctor(commands: Commands) -> None:
    command = _add_command(
        commands, "doctor", _run_doctor, "check this installation; exit code 0 if all is well", "mim-lsp doctor"
    )
    _add_model_flags(command)


def _add_command(commands: Commands, name: str, run: Run | None, summary: str, example: str) -> argparse.ArgumentParser:
    """Add a command with a help page that ends with an example."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if run is not None:
        command.set_defaults(run=run)
    return command


def _add_model_flags(parser: argparse.ArgumentParser) -> None:
    """Add what says which model runs, and on what; without defaults, a command keeps what stood before its name."""
    parser.add_argument(
        "--model",
        default=argparse.SUPPRESS,
        metavar="NAME|DIR",
        help="a model that `mim-lsp models` lists, or a model folder",
    )
    _add_device_flag(parser)
    _add_flag(parser, "--threads", _whole, "N", "threads that compute on a CPU (default: as many as are worth it)")
    parser.add_argument(
        "--runtime",
        default=argparse.SUPPRESS,
        choices=("auto", "native", "torch"),
        help="what runs the model (default: the native core on a CPU, PyTorch on a GPU)",
    )


def _add_device_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        default=argparse.SUPPRESS,
        choices=("auto", "cpu", "cuda"),
        help="where the model runs (default: auto)",
    )


def _add_corpus_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--corpus",
        type=Path,
        metavar="DIR",
        default=DEFAULT_CORPUS,
        help="what `mim-lsp corpus build` wrote (default: %(default)s)",
    )


def _add_json_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_option_flags(command: argparse.ArgumentParser) -> None:
    """Add the options of decoding that both `complete` and `eval` take."""
    command.add_argument(
        "--decode",
        choices=("infill", "streams"),
        default=argparse.SUPPRESS,
        help="infill: each direction reads the far side first; streams: the paper's way (default: infill)",
    )
    _add_flag(command, "--meet-ngram", _whole, "N", "tokens that must coincide where the sides meet (default: 2)")
    _add_flag(
        command, "--end-bias", float, "NATS", "more ends the text sooner, less later (default: what suits the model)"
    )


def _add_flag(
    command: argparse.ArgumentParser, flag: str, convert: Callable[[str], object], metavar: str, summary: str
) -> None:
    """Add a flag whose default stays where it is defined, in `CompletionOptions`."""
    command.add_argument(flag, type=convert, metavar=metavar, default=argparse.SUPPRESS, help=summary)


def _whole(text: str) -> int:
    if not (text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _positive(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")


def _share(text: str) -> float:
    if _positive(text) > 1:
        raise argparse.ArgumentTypeError(f"{text!r} is more than 1")
    return float(text)


# --- running -------------------------------------------------------------------------------------------------------


def _run_server(args: argparse.Namespace) -> int:
    from mim_lsp.server import run_stdio

    return run_stdio(args.model, _runtime(args))


def _run_complete(args: argparse.Namespace) -> int:
    from mim_lsp.completion.document import offset_at, parse_location, read_document

    location = parse_location(args.location)
    text = read_document(location.path)
    offset = offset_at(text, location.line, location.column)

    from mim_lsp.completion import open_completer
    from mim_lsp.completion.report import as_json

    completer = open_completer(args.model, _runtime(args))
    result = completer.complete(text, offset, _options(args))
    if args.json:
        print(json.dumps(as_json(result, completer.model_name)))
    elif args.show:
        from rich.console import Console

        from mim_lsp.completion.show import show

        show(Console(), text, offset, result, completer.model_name)
    elif result.reason:
        print(f"mim-lsp: nothing offered: {result.reason}", file=sys.stderr)
    else:
        print(result.insert_text)
    return 0


def _runtime(args: argparse.Namespace) -> RuntimeOptions:
    from mim_lsp.runtime.choice import RuntimeOptions

    return RuntimeOptions(args.device, args.threads, args.runtime)


def _options(args: argparse.Namespace) -> CompletionOptions:
    from mim_lsp.completion.types import CompletionOptions

    return CompletionOptions(**{name: getattr(args, name) for name in _OPTION_FLAGS if name in args})


def _run_eval_infilling(args: argparse.Namespace) -> int:
    from mim_lsp.completion import open_completer
    from mim_lsp.evaluation.infilling import evaluate
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.evaluation.task_result import TaskResult, results_file
    from mim_lsp.evaluation.tasks import read_tasks

    tasks = read_tasks(args.tasks, args.limit)
    completer = open_completer(args.model, _runtime(args))
    with results_file(args.out) as record, progress_bar("tasks", len(tasks)) as advance:

        def done(result: TaskResult) -> None:
            record(result)
            advance()

        report = evaluate(completer, tasks, options=_options(args), execute=args.execute, progress=done)
    _print_report(report, as_json=args.json)
    return 130 if report.interrupted else 0


def _run_eval_perplexity(args: argparse.Namespace) -> int:
    texts = _heldout_texts(args.corpus, args.limit) if args.corpus else _file_texts(args.files[: args.limit])

    from mim_lsp.evaluation.perplexity import evaluate_model
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.runtime.loading import find_model

    with progress_bar("files", len(texts)) as advance:
        report = evaluate_model(find_model(args.model), texts, device=args.device, progress=advance)
    _print_report(report, as_json=args.json)
    return 0


def _run_eval_heldout(args: argparse.Namespace) -> int:
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.heldout import measure_heldout

    folder = find_model(args.model)
    report = measure_heldout(folder, args.corpus, windows=args.windows, untrained=args.untrained)
    _print_report(report, as_json=args.json)
    return 0


def _run_eval_fidelity(args: argparse.Namespace) -> int:
    from mim_lsp.evaluation.progress import progress_bar
    from mim_lsp.runtime.loading import RuntimeOptions

    reference = args.reference or args.model, RuntimeOptions("cpu", args.threads, "torch")
    model = args.model, _runtime(args)
    report: TextFidelity | MiddleFidelity
    if args.tasks:
        from mim_lsp.completion import CompletionOptions, open_completer
        from mim_lsp.evaluation.fidelity import compare_middles
        from mim_lsp.evaluation.tasks import read_tasks

        tasks, completers = read_tasks(args.tasks, args.limit), (open_completer(*reference), open_completer(*model))
        with progress_bar("tasks", len(tasks)) as advance:
            report = compare_middles(*completers, tasks, options=CompletionOptions(), progress=advance)
    else:
        from mim_lsp.evaluation.fidelity import compare_texts, sample_windows
        from mim_lsp.runtime.loading import load_model

        texts = _heldout_texts(args.corpus, None) if args.corpus else _file_texts(args.files)
        loaded = load_model(*reference), load_model(*model)
        windows = sample_windows(loaded[0].tokenizer, texts, loaded[0].config.context_length, args.limit)
        with progress_bar("windows", len(windows)) as advance:
            report = compare_texts(*loaded, windows, progress=advance)
    _print_report(report, as_json=args.json)
    return 0


def _file_texts(paths: Sequence[Path]) -> list[str]:
    from mim_lsp.completion.document import read_document

    return [read_document(path) for path in paths]


def _heldout_texts(corpus: Path, limit: int | None) -> list[str]:
    from mim_lsp.training.corpus import read_documents

    return [document.content for document in read_documents(corpus, "heldout", limit=limit)]


def _run_bench(args: argparse.Namespace) -> int:
    from mim_lsp.completion import open_completer
    from mim_lsp.evaluation.latency import choose_places, default_files, measure
    from mim_lsp.evaluation.progress import progress_bar

    places = choose_places(_file_texts(args.files or default_files()))
    completer = open_completer(args.model, _runtime(args))
    with progress_bar("places", len(places)) as advance:
        report = measure(completer, places, options=_options(args), progress=advance)
    _print_report(report, as_json=args.json)
    return 0


def _print_report(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(dataclasses.asdict(report)))
    else:
        from rich.console import Console

        Console().print(report.table())


def _run_corpus_build(args: argparse.Namespace) -> int:
    from mim_lsp.training.corpus import build, terminal_progress

    out = args.out or DEFAULT_CORPUS.parent / args.manifest.stem
    with terminal_progress() as progress:
        report = build(args.manifest, out, cache=args.cache, decontaminate=args.decontaminate, progress=progress)
    print(report.summary())
    return 0


def _run_corpus_tasks(args: argparse.Namespace) -> int:
    from mim_lsp.training.corpus.tasks import write_tasks

    for kind, count in write_tasks(args.corpus, args.out, count_per_kind=args.count, seed=args.seed).items():
        print(f"{count} tasks of kind {kind}")
    return 0


def _run_train(args: argparse.Namespace) -> int:
    from mim_lsp.training.run import train

    train(
        args.recipe,
        corpus=args.corpus,
        out=args.out or Path("runs") / args.recipe,
        minutes=args.minutes,
        steps=args.steps,
        resume=args.resume,
        device=args.device,
        threads=args.threads,
    )
    return 0


def _run_quantize(args: argparse.Namespace) -> int:
    from mim_lsp.runtime.loading import find_model
    from mim_lsp.training.quantization.folder import QuantizationSettings, quantize_folder

    settings = QuantizationSettings(args.bits, args.group, tuple(args.calibration))

    def say(done: int, total: int) -> None:
        print(f"layer {done} of {total}", file=sys.stderr, flush=True)

    size = quantize_folder(find_model(args.source), args.out, settings, say)
    print(f"{args.out}: {size / 1e6:.1f} MB of weights")
    return 0


def _run_models(args: argparse.Namespace) -> int:
    from mim_lsp.runtime.loading import list_models

    for model in list_models():
        size = f"{model.parameters / 1e6:.1f}M parameters, {model.bytes / 1e6:.1f} MB"
        print(f"{model.name}  {size}\n    {model.summary}")
    return 0


def _run_doctor(args: argparse.Namespace) -> int:
    from mim_lsp.doctor import examine

    findings = examine(args.model, _runtime(args))
    for finding in findings:
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name:<12} {finding.detail}")
    return 0 if all(finding.ok for finding in findings) else 2
