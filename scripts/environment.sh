# Sourced by the other scripts, with the repository's root as the working directory.
# `ensure_environment base` makes or updates .venv: Python and mim-lsp (editable, with its native core compiled).
# `ensure_environment dev` adds PyTorch and the tools for working on mim-lsp.
# Settings: PYTHON           the interpreter to build on (default: python3)
#           MIM_TORCH_INDEX  the package index to take PyTorch from (default: pip's own)

VENV=.venv
TORCH_REQUIREMENT='torch==2.13.0'

say() { printf '==> %s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 2
}

ensure_environment() {
    local wanted=$1
    ensure_venv
    if is_installed "$wanted"; then
        return
    fi
    if [ "$wanted" = dev ]; then
        ensure_torch
    fi
    say "installing mim-lsp ($wanted) and compiling its native core (a minute or two the first time)"
    ensure_build_tools
    if [ "$wanted" = dev ]; then
        pip_install --no-build-isolation --editable ".[dev]"
    else
        pip_install --no-build-isolation --editable .
    fi
    wanted_state >"$VENV/.installed-$wanted"
}

# Whether the native core was compiled; mim-lsp installs without it where there is no compiler.
has_native_core() {
    "$VENV/bin/python" -c 'import mim_lsp.runtime.native._native' 2>/dev/null
}

NO_NATIVE_CORE="the native core could not be compiled: install a C++20 compiler (on Debian and Ubuntu the package g++)\
 and start again"

# --- the virtual environment

ensure_venv() {
    if [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c '' 2>/dev/null; then
        return
    fi
    local python=${PYTHON:-python3}
    check_python "$python"
    say "making $VENV with $("$python" --version) ($python)"
    "$python" -m venv --clear "$VENV"
}

check_python() {
    command -v "$1" >/dev/null || fail "there is no '$1'; install Python 3.11 or newer, or name one with PYTHON=..."
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "mim-lsp needs Python 3.11 or newer, but '$1' is $("$1" --version); name another one with PYTHON=..."
    "$1" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "'$1' cannot make virtual environments; on Debian and Ubuntu install the package python3-venv"
}

# --- what is installed in it

# `dev` holds everything that `base` does, so either stamp will do for `base`.
is_installed() {
    local stamp
    for stamp in "$1" dev; do
        if [ "$(cat "$VENV/.installed-$stamp" 2>/dev/null)" = "$(wanted_state)" ]; then
            return 0
        fi
    done
    return 1
}

# Changes with all that needs a new installation: the requirements, the native sources, the compiler, the folder's place.
wanted_state() {
    "$VENV/bin/python" - <<'PYTHON'
import hashlib, os, pathlib, shutil

native = pathlib.Path("native")
files = [pathlib.Path("pyproject.toml"), native / "CMakeLists.txt", *sorted(native.glob("src/**/*.*"))]
state = hashlib.sha256(f"{os.getcwd()}\n{shutil.which('c++')}\n".encode())
for file in files:
    state.update(f"{file}\n".encode() + file.read_bytes())
print(state.hexdigest())
PYTHON
}

# What pip would else put into a throw-away environment for each build. Kept here, so that a change in native/ compiles
# only what it touches.
ensure_build_tools() {
    "$VENV/bin/python" - <<'PYTHON' | pip_install --requirement /dev/stdin
import tomllib

with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["build-system"]["requires"], "cmake", "ninja", sep="\n")
PYTHON
}

has_torch() {
    "$VENV/bin/python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'
}

ensure_torch() {
    if has_torch; then
        return
    fi
    if [ -n "${MIM_TORCH_INDEX:-}" ]; then
        say "installing $TORCH_REQUIREMENT from MIM_TORCH_INDEX"
        pip_install --index-url "$MIM_TORCH_INDEX" "$TORCH_REQUIREMENT"
        return
    fi
    if [ "$(uname -s)" = Linux ]; then
        warn_of_cuda_packages
    fi
    say "installing $TORCH_REQUIREMENT (a few hundred MB or more; this takes a while)"
    pip_install "$TORCH_REQUIREMENT"
}

# On Linux pip may choose a build of PyTorch that brings gigabytes of CUDA packages; ask it before it downloads them.
warn_of_cuda_packages() {
    local count
    say "asking pip which build of PyTorch it would take"
    count=$(pip_install --dry-run --report - "$TORCH_REQUIREMENT" | "$VENV/bin/python" -c '
import json, sys
names = [item["metadata"]["name"] for item in json.load(sys.stdin)["install"]]
print(sum(name.startswith(("nvidia", "cuda")) for name in names))') || return 0
    if [ "$count" != 0 ]; then
        cat <<NOTE
    Note: this build of PyTorch brings $count CUDA packages, several gigabytes in all. They are of use only with an
    NVIDIA GPU. For the small CPU build stop here (Ctrl-C), take the index address of the CPU build from PyTorch's own
    "Get started" page, and start again with MIM_TORCH_INDEX=ADDRESS in the environment.
NOTE
    fi
}

pip_install() {
    "$VENV/bin/python" -m pip install --quiet --quiet --disable-pip-version-check "$@"
}
