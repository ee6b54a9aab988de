"""The import rules of the design (see CONTRIBUTING.md), and proof that their checker sees violations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mim_lsp
from mim_lsp.runtime.choice import native_problem
from tests.import_graph import Module, cycles, read_package

PACKAGE = Path(mim_lsp.__file__).parent

# Each part of the package, and the other parts that it may import. `mim_lsp` is the package itself: its version.
EVERYONE = {"mim_lsp", "errors"}
ARROWS = {
    "mim_lsp": set(),
    "errors": set(),
    "folders": EVERYONE,
    "syntax": EVERYONE,
    "model": EVERYONE,
    "runtime": EVERYONE | {"folders", "model"},
    "engine": EVERYONE | {"runtime"},
    "completion": EVERYONE | {"engine", "runtime", "syntax"},
    "parameters": EVERYONE | {"completion", "syntax"},
    "stats": EVERYONE | {"folders"},
    "server": EVERYONE | {"completion", "folders", "parameters", "stats"},
    "training": EVERYONE | {"model", "syntax"},
    "evaluation": EVERYONE | {"completion", "engine", "runtime", "model", "parameters"},
    "doctor": EVERYONE | {"completion", "folders", "runtime", "server", "syntax"},
    "cli": EVERYONE
    | {"server", "completion", "folders", "parameters", "runtime", "training", "evaluation", "doctor", "stats"},
    "__main__": {"cli"},
}

# Libraries that only some modules may import: a border that keeps the rest free of them.
BORDERS = {
    "torch": ("runtime.torch", "model.network", "model.weights", "training", "evaluation"),
    "numpy": ("model.arrays", "runtime.arrays", "runtime.torch", "training", "evaluation"),
    "pygls": ("server",),
    "lsprotocol": ("server",),
    "tree_sitter": ("syntax",),
    "tree_sitter_python": ("syntax",),
    "safetensors": ("model.arrays", "training"),
    "tiktoken": ("model.tokenizer",),
    "tokenizers": ("training",),
    "rich": ("completion.show", "completion.show_explanation", "stats.report", "training", "evaluation", "cli"),
}

# The parts that an editor's server loads, or that must answer at once. Importing them loads nothing that the base
# install does without, and nothing that its libraries need only for what is not asked of them.
LEAN = (
    *("server", "stats", "completion", "parameters", "engine", "syntax", "cli", "doctor"),
    *("runtime.native", "runtime.loading"),
)
HEAVY = {"torch", "numpy", "safetensors", "tokenizers", "huggingface_hub", "requests", "regex"}


def violations(modules: list[Module]) -> list[str]:
    """Every import against the rules, and every module without a docstring, as a line each."""
    lines = [f"{module.name}: no module docstring" for module in modules if not module.has_docstring]
    for module in modules:
        for imported in sorted(module.imports):
            if _crosses_arrows(module.name, imported) or _crosses_border(module.name, imported):
                lines.append(f"{module.name} must not import {imported}")
    return lines


def _crosses_arrows(importer: str, imported: str) -> bool:
    if imported.partition(".")[0] != "mim_lsp":
        return False
    source, target = _part(importer), _part(imported)
    return source != target and target not in ARROWS.get(source, set())


def _crosses_border(importer: str, imported: str) -> bool:
    allowed = BORDERS.get(imported.partition(".")[0])
    inner = importer.removeprefix("mim_lsp.")
    return allowed is not None and not any(inner == place or inner.startswith(f"{place}.") for place in allowed)


def _part(name: str) -> str:
    """The part of the package that a module belongs to."""
    return name.split(".")[1] if "." in name else name


def test_imports_follow_the_arrows_and_every_module_is_described() -> None:
    assert violations(read_package(PACKAGE)) == []


def test_no_import_cycle() -> None:
    assert cycles(read_package(PACKAGE)) == []


def test_every_part_has_its_arrows() -> None:
    assert {_part(module.name) for module in read_package(PACKAGE)} <= set(ARROWS)


@pytest.mark.parametrize("part", LEAN)
def test_importing_any_module_of_it_loads_nothing_heavy(part: str) -> None:
    if part == "runtime.native" and native_problem() is not None:
        pytest.skip("the native core was not built")
    inside = f"mim_lsp.{part}."
    names = ", ".join(module.name for module in read_package(PACKAGE) if f"{module.name}.".startswith(inside))
    program = f"import sys, {names}; print({{name.split('.')[0] for name in sys.modules}} & {HEAVY})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def tree(root: Path, files: dict[str, str]) -> list[Module]:
    """A small `mim_lsp` with these files; each gets a docstring unless its text begins with `#`."""
    package = root / "mim_lsp"
    for name, text in {"__init__.py": "", **files}.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if text.startswith("#") else f'"""Described."""\n{text}\n')
    return read_package(package)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("syntax/a.py", "import mim_lsp.model.b", "mim_lsp.syntax.a must not import mim_lsp.model.b"),
        ("syntax/a.py", "from mim_lsp.model import b", "mim_lsp.syntax.a must not import mim_lsp.model.b"),
        ("syntax/a.py", "from ..model.b import x", "mim_lsp.syntax.a must not import mim_lsp.model.b"),
        ("syntax/a.py", "from .. import model", "mim_lsp.syntax.a must not import mim_lsp.model"),
        ("syntax/__init__.py", "from ..model import b", "mim_lsp.syntax must not import mim_lsp.model.b"),
        ("syntax/deep/a.py", "from ...model import b", "mim_lsp.syntax.deep.a must not import mim_lsp.model.b"),
        ("server/a.py", "def f():\n    import mim_lsp.model.b", "mim_lsp.server.a must not import mim_lsp.model.b"),
        ("errors.py", "from mim_lsp.model import b", "mim_lsp.errors must not import mim_lsp.model.b"),
        ("novel/a.py", "import mim_lsp.model.b", "mim_lsp.novel.a must not import mim_lsp.model.b"),
        ("engine/a.py", "import numpy as np", "mim_lsp.engine.a must not import numpy"),
        ("model/a.py", "from tokenizers import models", "mim_lsp.model.a must not import tokenizers"),
        ("server/a.py", "import torch.nn", "mim_lsp.server.a must not import torch.nn"),
        ("model/rows.py", "def f():\n    from torch import nn", "mim_lsp.model.rows must not import torch"),
        ("model/networks.py", "import torch", "mim_lsp.model.networks must not import torch"),
        ("completion/a.py", "from lsprotocol import types", "mim_lsp.completion.a must not import lsprotocol"),
        ("server/a.py", "# no docstring", "mim_lsp.server.a: no module docstring"),
    ],
)
def test_checker_sees_a_violation(tmp_path: Path, name: str, text: str, line: str) -> None:
    modules = tree(tmp_path, {"model/__init__.py": "", "model/b.py": "", name: text})
    assert violations(modules) == [line]


def test_checker_sees_a_violation_under_type_checking(tmp_path: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mim_lsp.model.b"
    modules = tree(tmp_path, {"model/__init__.py": "", "model/b.py": "", "syntax/a.py": text})
    assert violations(modules) == ["mim_lsp.syntax.a must not import mim_lsp.model.b"]


def test_checker_lets_the_arrows_pass(tmp_path: Path) -> None:
    modules = tree(
        tmp_path,
        {
            "errors.py": "",
            "model/network.py": "import torch\nfrom ..errors import MimError",
            "runtime/torch/steps.py": "import torch\nfrom ...model.network import Decoder\nfrom . import other",
            "syntax/a.py": "from . import b\nfrom mim_lsp import __version__\nimport tree_sitter",
            "syntax/b.py": "import json",
        },
    )
    assert violations(modules) == []
    assert cycles(modules) == []


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"a.py": "from . import b", "b.py": "import mim_lsp.a"}, [["mim_lsp.a", "mim_lsp.b"]]),
        (
            {"a.py": "from .b import x", "b.py": "def f():\n    from .c import x", "c.py": "from .a import x"},
            [["mim_lsp.a", "mim_lsp.b", "mim_lsp.c"]],
        ),
        ({"a.py": "from .b import x", "b.py": "if TYPE_CHECKING:\n    from .a import x"}, []),
        ({"a.py": "import mim_lsp.a"}, [["mim_lsp.a"]]),
        ({"__init__.py": "from .a import x", "a.py": "from . import x"}, [["mim_lsp", "mim_lsp.a"]]),
        ({"a.py": "from .b import x\nfrom .c import x", "b.py": "from .c import x", "c.py": ""}, []),
    ],
)
def test_checker_sees_cycles(tmp_path: Path, files: dict[str, str], found: list[list[str]]) -> None:
    assert cycles(tree(tmp_path, files)) == found
