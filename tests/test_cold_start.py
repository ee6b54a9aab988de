"""What a fresh process imports before its first completion: each of these libraries costs a person tens of milliseconds
or more, every time. `benchmarks/cold_start.py` measures it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mim_lsp.runtime.choice import native_problem
from tests.tiny import SOURCE

HEAVY = (
    "torch",
    "asyncio",
    "attrs",
    "cattrs",
    "huggingface_hub",
    "lsprotocol",
    "matplotlib",
    "multiprocessing",
    "numpy",
    "pyarrow",
    "pygls",
    "regex",
    "requests",
    "rich",
    "safetensors",
    "tokenizers",
    "unittest",
)
FOR_THE_MODEL = ("tiktoken", "tree_sitter")
"""What the server imports on the model's thread, while its client says hello."""


def loaded(program: str, names: tuple[str, ...]) -> list[str]:
    """The modules among `names` that are there after `program`."""
    program += f"\nimport sys\nprint([name for name in {names!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return [name for name in names if f"'{name}'" in done.stderr.splitlines()[-1]]


@pytest.mark.skipif(native_problem() is not None, reason="the native core was not built")
def test_a_completion_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    path = tmp_path / "shapes.py"
    path.write_text(SOURCE, encoding="utf-8")
    arguments = ["complete", f"{path}:20:1", "--json", "--device", "cpu"]
    assert loaded(f"from mim_lsp.cli import main\nassert main({arguments!r}) == 0", HEAVY) == []


def test_the_server_leaves_what_the_model_needs_to_the_models_thread() -> None:
    assert loaded("import mim_lsp.server", ("torch", *FOR_THE_MODEL)) == []


def test_a_library_that_is_there_is_seen() -> None:
    assert loaded("import tiktoken", FOR_THE_MODEL) == ["tiktoken"]
