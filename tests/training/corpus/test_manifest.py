from __future__ import annotations

from pathlib import Path

import pytest

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.licenses import expression_families
from mim_lsp.training.corpus.manifest import load_manifest

HEAD = 'name = "tiny"\n'
ENTRY = f"""
[[package]]
name = "one"
version = "1.0"
wheel = "one-1.0-py3-none-any.whl"
sha256 = "{"ab" * 32}"
license = "MIT"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "manifest.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_manifest_is_read_with_its_defaults(tmp_path: Path) -> None:
    manifest = load_manifest(write(tmp_path, HEAD + ENTRY))
    assert (manifest.name, manifest.prose, manifest.docstring_share) == ("tiny", False, 0.0)
    (package,) = manifest.packages
    assert (package.archive, package.is_wheel) == ("one-1.0-py3-none-any.whl", True)
    assert (package.requirement, package.license, package.held_out, package.exclude) == ("one==1.0", "MIT", False, ())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = ", "not valid TOML"),
        (HEAD, "lists no packages"),
        (HEAD + 'package = "one"', "lists no packages"),
        (HEAD + "package = [1]", "package 1 is not a table"),
        (HEAD + "prose = 1" + ENTRY, "'prose' must be true or false"),
        (HEAD + "docstring_share = 2" + ENTRY, "'docstring_share' must be a number from 0 to 1"),
        (HEAD + ENTRY + 'sdist = "one-1.0.tar.gz"', "needs either 'wheel' or 'sdist'"),
        (HEAD + ENTRY.replace("wheel = ", "# "), "needs either 'wheel' or 'sdist'"),
        (HEAD + ENTRY.replace("wheel = ", "sdist = "), "malformed 'sdist'"),
        (HEAD.replace('name = "tiny"\n', "") + ENTRY, "the manifest needs 'name'"),
        (HEAD + ENTRY.replace('license = "MIT"', ""), "package 1 (one) needs 'license'"),
        (HEAD + ENTRY + "sha265 = 1", "package 1 (one) has an unknown key 'sha265'"),
        (HEAD + ENTRY.replace("abab", "xyxy"), "malformed 'sha256'"),
        (HEAD + ENTRY.replace("one-1.0-py3", "../one-1.0-py3"), "malformed 'wheel'"),
        (HEAD + ENTRY.replace('"one"', '"--index-url=x"'), "malformed 'name'"),
        (HEAD + ENTRY + 'held_out = "yes"', "'held_out' must be true or false"),
        (HEAD + ENTRY + "exclude = [1]", "'exclude' as a list of texts"),
        (HEAD + ENTRY + ENTRY.replace('"one"', '"One"'), "package One is listed twice"),
    ],
)
def test_a_malformed_manifest_is_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(CorpusError) as caught:
        load_manifest(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_or_binary_manifest_is_a_corpus_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cannot read corpus manifest"):
        load_manifest(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorpusError, match="cannot read corpus manifest"):
        load_manifest(tmp_path / "binary.toml")


@pytest.mark.parametrize(("name", "n_held_out", "least", "most"), [("py-nano", 3, 12, 20), ("py-base", 13, 60, 125)])
def test_a_shipped_manifest_pins_permissive_packages(name: str, n_held_out: int, least: int, most: int) -> None:
    manifest = load_manifest(Path(__file__).parents[3] / "corpora" / f"{name}.toml")
    assert manifest.name == name
    assert least <= len(manifest.packages) <= most
    assert sum(package.held_out for package in manifest.packages) == n_held_out
    assert all(expression_families(package.license) for package in manifest.packages)
    for package in manifest.packages:
        stem = package.archive.removesuffix(".tar.gz")
        version = stem.split("-")[1] if package.is_wheel else stem.rpartition("-")[2]
        assert version == package.version


def test_what_py_nano_holds_out_is_held_out_everywhere() -> None:
    folder = Path(__file__).parents[3] / "corpora"
    nano, base = (load_manifest(folder / f"{name}.toml") for name in ("py-nano", "py-base"))
    held_out = {package.name for package in base.packages if package.held_out}
    assert {package.name for package in nano.packages if package.held_out} <= held_out
