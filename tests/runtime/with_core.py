"""Runs a Python module with another build of the native core, such as one with sanitizers.

Usage: python -m tests.runtime.with_core FOLDER MODULE [ARGUMENTS], where FOLDER holds the compiled `_native`
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

NAME = "mim_lsp.runtime.native._native"


def use_core(folder: Path) -> None:
    """Have the package find its core in `folder`.

    Raises:
        FileNotFoundError: there is none.
    """
    paths = [path for suffix in EXTENSION_SUFFIXES for path in folder.glob(f"_native*{suffix}")]
    if not paths:
        raise FileNotFoundError(f"no compiled core in {folder}")
    spec = importlib.util.spec_from_file_location(NAME, paths[0])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[NAME] = module


if __name__ == "__main__":
    use_core(Path(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
