"""`mim-lsp doctor`: whether this installation can complete, check by check."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from mim_lsp import __version__
from mim_lsp.errors import MimError
from mim_lsp.runtime.choice import RuntimeOptions

_LIBRARIES = ("pygls", "lsprotocol", "tree-sitter", "tree-sitter-python", "tokenizers", "safetensors", "numpy")
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
        _check("torch", _torch),
        _check("model", lambda: _model(model, options)),
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

    SyntaxTree.parse(_SNIPPET)
    return "tree-sitter parses Python"


def _torch() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        raise MimError("PyTorch is not installed, and completing needs it: pip install 'mim-lsp[torch]'") from None


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
