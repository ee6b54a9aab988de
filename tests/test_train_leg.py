"""`scripts/train-leg`, as a person on a rented machine uses it, on this one."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from mim_lsp.model.config import ModelConfig
from mim_lsp.training.corpus.shards import Row, write_shards
from tests.tiny import SOURCE

SCRIPT = Path(__file__).parent.parent / "scripts" / "train-leg"


def leg(*arguments: object, code: int = 0) -> str:
    """Run the script; its output, both streams."""
    environment = os.environ | {"PYTHON": sys.executable, "OMP_NUM_THREADS": "1"}
    command = [str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300
    )
    assert done.returncode == code, done.stdout
    return done.stdout


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for split in ("train", "heldout"):
        rows = [Row(SOURCE.replace("circle", split), "a.py", "shapes", "1.0", "MIT")]
        write_shards(rows, folder, split)
    return folder


def test_it_says_how_it_is_used() -> None:
    said = leg(code=2)
    assert said.startswith("One leg of training")
    assert "set -euo" not in said


def test_a_file_arrives_in_parts(tmp_path: Path) -> None:
    file, data = tmp_path / "corpus.tar", os.urandom(2_500_000)
    file.write_bytes(data)
    leg("split", file, 1)
    file.unlink()
    assert [path.stat().st_size for path in sorted(tmp_path.glob("*.part-*"))] == [2**20, 2**20, 2_500_000 - 2**21]
    leg("join", file)
    assert file.read_bytes() == data
    (tmp_path / "corpus.tar.part-01").unlink()
    assert "a part is missing or damaged" in leg("join", file, code=2)
    assert "there are no parts" in leg("join", tmp_path / "other", code=2)


@pytest.mark.slow
def test_a_leg_from_the_smoke_test_to_the_parts(corpus: Path, tmp_path: Path) -> None:
    out, flags = tmp_path / "run", ["--corpus", corpus, "--set", "rows=2", "--device", "cpu"]
    leg("smoke", "smoke", out, *flags, "--minutes", 9)
    assert not list(tmp_path.glob("run*"))
    leg("start", "smoke", out, *flags, "--minutes", 0.02)
    said = leg("wait", out, 200)
    assert "trial of three steps with: nothing changed" in said
    assert "model written to" in said
    leg("export", out, 1)
    whole = tmp_path / "back" / "run.tar"
    whole.parent.mkdir()
    for part in (out / "parts").iterdir():
        part.rename(whole.parent / part.name)
    leg("join", whole)
    with tarfile.open(whole) as tar:
        tar.extractall(whole.parent, filter="data")
    assert ModelConfig.from_file(whole.parent / "mim-py-smoke" / "config.json").d_model == 64
    assert (whole.parent / "curves.png").exists()


@pytest.mark.slow
def test_a_leg_that_cannot_work_says_so(tmp_path: Path) -> None:
    leg("start", "smoke", tmp_path / "run", "--corpus", tmp_path / "nowhere", "--no-trial", "--device", "cpu")
    said = leg("wait", tmp_path / "run", 100, code=2)
    assert "corpus build" in said
    assert "no finished model" in leg("export", tmp_path / "run", code=2)
