"""The editors to test: those of this environment, or unpacked from Debian's archive into a cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

UNPACK = Path(__file__).with_name("unpack-debian")
UNPACKING_S = 240
SUITES = {"0.10": "trixie", "0.12": "sid"}
"""Debian's suites by the version of Neovim that they have; 0.11 comes with the dev extra."""
EMACS = ("emacs-nox", "elpa-lsp-mode")
NEOVIM_WRAPPER = """#!/bin/sh
# An unpacked Neovim, run by the loader and with the libraries of its own suite.
root=$(dirname "$0")/root
export VIMRUNTIME="$root/usr/share/nvim/runtime"
export LUA_PATH="$root/usr/share/lua/5.1/?.lua;;" LUA_CPATH="$root/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;;"
libraries="$root/usr/lib/x86_64-linux-gnu"
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$root/usr/bin/nvim" "$@"
"""
EMACS_WRAPPER = """#!/bin/sh
# An unpacked Emacs, run by the loader and with the libraries of its own suite.
root=$(dirname "$0")/root
libraries="$root/usr/lib/x86_64-linux-gnu"
share=$(echo "$root"/usr/share/emacs/3*)
export EMACSDATA="$share/etc" EMACSDOC="$share/etc" EMACSLOADPATH="$share/lisp:"
for folder in $(find "$share/lisp" "$root/usr/share/emacs/site-lisp/elpa-src" -mindepth 1 -maxdepth 1 -type d); do
    EMACSLOADPATH="$folder:$EMACSLOADPATH"
done
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$root/usr/bin/emacs-nox" \\
    --dump-file="$(echo "$root"/usr/libexec/emacs/*/*/emacs*.pdmp)" "$@"
"""


@cache
def neovim_program(version: str) -> str:
    """The Neovim of a version, such as 0.11; skips if there is none and none can be unpacked.

    MIM_TEST_NVIM names another one: the tests for its own version use it, and all others are skipped.
    """
    chosen = os.environ.get("MIM_TEST_NVIM")
    if chosen:
        if _version(chosen) != version:
            pytest.skip(f"MIM_TEST_NVIM is not Neovim {version}")
        return chosen
    beside = shutil.which("nvim", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if beside and _version(beside) == version:
        return beside
    if version not in SUITES:
        pytest.skip(f"no Neovim {version} here: install the dev extra")
    program = _unpacked("nvim", SUITES[version], ("neovim",), NEOVIM_WRAPPER)
    if _version(program) != version:
        pytest.skip(f"{SUITES[version]} has another Neovim by now: {_version(program)}")
    return program


@cache
def emacs_program() -> str:
    """Emacs 30 or newer with lsp-mode; skips if it cannot be unpacked."""
    return _unpacked("emacs", "sid", EMACS, EMACS_WRAPPER)


def _version(program: str) -> str:
    """The first two numbers of a Neovim's version."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return ".".join(said.split()[1].removeprefix("v").split(".")[:2])


def _unpacked(name: str, suite: str, packages: tuple[str, ...], wrapper: str) -> str:
    """A script that runs a program out of Debian packages, which are fetched if they are not in the cache."""
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache_home / "mim-lsp-tests" / f"{name}-{suite}"
    program = folder / name
    if program.exists():
        return str(program)
    if os.uname().machine != "x86_64" or not shutil.which("apt-get"):
        pytest.skip(f"no {name} of {suite} here: it is unpacked on Debian for x86-64 only")
    shutil.rmtree(folder, ignore_errors=True)
    command = [UNPACK, folder, suite, *packages]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=UNPACKING_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"no {name}: Debian's {suite} could not be had: {error.stderr or error}")
    program.write_text(wrapper, encoding="utf-8")
    program.chmod(0o755)
    return str(program)
