"""`mim-lsp doctor`: whether this installation can complete, check by check."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from mim_lsp import __version__
from mim_lsp.errors import MimError
from mim_lsp.runtime.choice import RuntimeOptions, native_problem

if TYPE_CHECKING:
    from mim_lsp.runtime.native._native import Model

_LIBRARIES = (
    *("pygls", "lsprotocol", "tree-sitter", "tree-sitter-python", "tiktoken", "pathspec"),
    *("platformdirs", "psutil"),
)
_SNIPPET = "def total(prices):\n    return "


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    name: str
    ok: bool
    detail: str
    """Versions and numbers if all is well, else what is wrong and how to mend it."""


def examine(model: str | None, options: RuntimeOptions) -> list[Finding]:
    """Run every check; one that fails does not keep the others from running.

    Args:
        model: name or folder of the model to load; None: the default one.
        options: what runs it.
    """
    return [
        _check("mim-lsp", lambda: f"{__version__} on Python {platform.python_version()}, {platform.platform()}"),
        _check("libraries", _libraries),
        _check("parser", _parser),
        _check("languages", _languages),
        _check("settings", partial(_settings, Path.cwd())),
        _check("own files", _own_files),
        _check("native core", _native),
        _check("torch", _torch),
        _check("model", lambda: _model(model, options)),
        _check("confidence", lambda: _confidence(model)),
        _check("speed", lambda: _speed(model, options)),
    ]


def _check(name: str, look: Callable[[], str]) -> Finding:
    """Run one check; the errors that a broken installation gives become its finding."""
    try:
        return Finding(name, True, look())
    except (MimError, ImportError, OSError) as error:
        return Finding(name, False, " ".join(str(error).splitlines()))


def _libraries() -> str:
    return ", ".join(f"{library} {version(library)}" for library in _LIBRARIES)


def _parser() -> str:
    """Parse a line of Python with tree-sitter."""
    from mim_lsp.syntax.tree import SyntaxTree

    if not SyntaxTree.parse(_SNIPPET).is_parsed:  # which raises nothing
        raise MimError("Python is not parsed: pip install --force-reinstall tree-sitter tree-sitter-python")
    return "tree-sitter parses Python"


def _languages() -> str:
    """Load every grammar: one that is not installed is no fault, one that is and does not load is."""
    from mim_lsp.syntax.grammars import available_grammars

    problems = available_grammars()
    broken = [problem for problem in problems.values() if problem is not None and "is not installed" not in problem]
    if broken:
        raise MimError("; ".join(broken))
    there = ", ".join(name for name, problem in problems.items() if problem is None)
    missing = ", ".join(name for name, problem in problems.items() if problem is not None)
    more = f"; without syntax {missing} (pip install 'mim-lsp[languages]')" if missing else ""
    return f"grammars of {there}{more}; other languages are completed as plain text"


def _settings(folder: Path) -> str:
    """What the project in `folder` sets, and what of that cannot be used."""
    from mim_lsp.server.settings.sources import PROJECT_FILE, gather, read_project

    source, problem = read_project(folder)
    if problem is not None:
        raise MimError(f"{problem}: mend the file")
    if source is None:
        return f"no [tool.mim-lsp] in {folder / PROJECT_FILE}; the editor's settings and the defaults hold"
    _, problems = gather([source])
    if problems:
        raise MimError(f"in {folder / PROJECT_FILE}: {'; '.join(problems)}")
    return f"{folder / PROJECT_FILE} sets {', '.join(source.values) or 'nothing'}"


def _own_files() -> str:
    """Whether statistics and the log can be written."""
    from mim_lsp.folders import state_folder

    folder = state_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise MimError(f"{error}: name another folder in MIM_LSP_STATE, or set `stats` to false") from error
    return f"statistics and the log are in {folder}"


def _native() -> str:
    problem = native_problem()
    if problem is not None:
        raise MimError(f"the native core is not there ({problem}): install a C++20 compiler and mim-lsp again")
    from mim_lsp.runtime.native._native import kernel_names, processor_features

    return f"kernels {', '.join(kernel_names())}; processor: {processor_features()}"


def _torch() -> str:
    """PyTorch is needed only where the native core is missing, and for GPUs."""
    try:
        return version("torch")
    except PackageNotFoundError:
        if native_problem() is None:
            return "not installed; needed only for GPUs and for training"
        raise MimError("PyTorch is not installed: pip install 'mim-lsp[torch]'") from None


def _speed(model: str | None, options: RuntimeOptions) -> str:
    """Time the decode steps of the native core, where that runs the model."""
    from mim_lsp.runtime.loading import load_model

    if native_problem() is not None:
        return "measured for the native core only; see mim-lsp bench"
    from mim_lsp.runtime.native.runtime import NativeRuntime
    from mim_lsp.runtime.native.speed import measure_step

    runtime = load_model(model, options).runtime
    if not isinstance(runtime, NativeRuntime):
        return "measured for the native core only; see mim-lsp bench"
    step = measure_step(runtime)
    return (
        f"{step.ms:.2f} ms for a step of both directions ({runtime.core.kernels}, {_threads(runtime.core)}); it reads "
        f"{step.bytes / 1e6:.1f} MB, {step.share:.0%} of what memory gives at {step.bandwidth / 1e9:.1f} GB/s"
    )


def _threads(core: Model) -> str:
    """How many threads step, and how many read if those are more."""
    steps = f"{core.step_threads} thread{'s' if core.step_threads > 1 else ''}"
    return steps if core.threads == core.step_threads else f"{steps}, {core.threads} for reading"


def _confidence(model: str | None) -> str:
    """Whether the model's confidence was fitted on code that it had not seen."""
    from mim_lsp.completion.confidence import read_calibration
    from mim_lsp.runtime.loading import find_model

    if read_calibration(find_model(model)) is not None:
        return "calibrated: `eagerness` weighs how often suggestions are right"
    return "not calibrated: the tokens' probabilities stand for it; fit it with `mim-lsp calibrate`"


def _model(model: str | None, options: RuntimeOptions) -> str:
    """Load the model and complete a snippet with it."""
    from mim_lsp.completion import open_completer
    from mim_lsp.completion.types import CompletionOptions

    start = time.perf_counter()
    completer = open_completer(model, options)
    loaded = time.perf_counter()
    completer.complete(_SNIPPET, len(_SNIPPET), CompletionOptions())
    done = time.perf_counter()
    loading, completing = f"{loaded - start:.1f} s", f"{(done - loaded) * 1000:.0f} ms"
    return f"{completer.model_name} loads in {loading} and completes a snippet in {completing}"
