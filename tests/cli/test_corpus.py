from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from mim_lsp.cli import main


def replace_modules(monkeypatch: pytest.MonkeyPatch, **modules: SimpleNamespace) -> None:
    """Stand-ins for modules of the corpus, and no progress bar."""
    modules["progress"] = SimpleNamespace(terminal_progress=lambda: nullcontext(print))
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, f"mim_lsp.training.corpus.{name}", module)


def test_corpus_build_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []

    def build(*args: object, progress: object, **kwargs: object) -> SimpleNamespace:
        calls.append((args, kwargs))
        return SimpleNamespace(summary=lambda: "12 packages kept")

    replace_modules(monkeypatch, pipeline=SimpleNamespace(build=build))
    flags = ["--decontaminate", "a", "b", "--decontaminate", "c", "--processes", "3"]
    assert main(["corpus", "build", "lists/py.toml", *flags]) == 0
    assert calls == [
        (
            (Path("lists/py.toml"), Path(".cache/corpora/py")),
            {"cache": Path(".cache/packages"), "decontaminate": [Path("a"), Path("b"), Path("c")], "processes": 3},
        )
    ]
    assert capsys.readouterr().out == "12 packages kept\n"


def test_corpus_tasks_passes_its_flags_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []

    def write_tasks(*args: object, **kwargs: object) -> dict[str, int]:
        calls.append((args, kwargs))
        return {"line": 3, "argument": 2}

    tasks = SimpleNamespace(write_tasks=write_tasks)
    monkeypatch.setitem(sys.modules, "mim_lsp.training.corpus.tasks", tasks)
    assert (
        main(
            [
                "corpus",
                "tasks",
                "c",
                "--out",
                "out.jsonl",
                "--count",
                "3",
                "--kinds",
                "line",
                "block",
                "--seed",
                "5",
                "--elsewhere",
                "2",
            ]
        )
        == 0
    )
    assert calls == [
        ((Path("c"), Path("out.jsonl")), {"kinds": ["line", "block"], "count_per_kind": 3, "seed": 5, "n_elsewhere": 2})
    ]
    assert capsys.readouterr().out == "3 tasks of kind line\n2 tasks of kind argument\n"


def test_corpus_pack_passes_its_flags_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[object] = []
    part = tmp_path / "out.000"
    part.write_bytes(bytes(1_500_000))

    def pack(*args: object, progress: object, **kwargs: object) -> list[Path]:
        calls.append((args, kwargs))
        return [part]

    replace_modules(monkeypatch, pack=SimpleNamespace(pack=pack))
    assert main(["corpus", "pack", "c", "--out", "out", "--part-mb", "7", "--preset", "9"]) == 0
    assert calls == [((Path("c"), Path("out")), {"part_bytes": 7_000_000, "preset": 9})]
    assert capsys.readouterr().out == f"{part}: 1.5 MB\n"


@pytest.mark.parametrize(("is_same", "said"), [(True, "d\n"), (False, "d; the same documents, but this version of py")])
def test_corpus_unpack_says_whether_the_bytes_are_the_same(
    is_same: bool, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unpack(packed: Path, out: Path, *, progress: object) -> bool:
        assert (packed, out) == (Path("p"), Path("d"))
        return is_same

    replace_modules(monkeypatch, pack=SimpleNamespace(unpack=unpack))
    assert main(["corpus", "unpack", "p", "--out", "d"]) == 0
    assert capsys.readouterr().out.startswith(said)


def test_corpus_draw_takes_a_runs_tokenizer_or_a_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[dict[str, object]] = []

    def draw(recipe: str, *, progress: object, **kwargs: object) -> int:
        assert recipe == "nano"
        calls.append(kwargs)
        return 8192

    replace_modules(monkeypatch)
    monkeypatch.setitem(sys.modules, "mim_lsp.training.example_shards", SimpleNamespace(draw=draw))
    (tmp_path / "tokenizer.json").write_text("{}")
    flags = ["--corpus", "c", "--out", "o", "--count", "5000", "--processes", "2", "--set", "beta=0"]
    assert main(["corpus", "draw", "nano", "--tokenizer", str(tmp_path), *flags]) == 0
    same = {"corpus": Path("c"), "out": Path("o"), "count": 5000, "processes": 2, "settings": ["beta=0"]}
    assert calls == [{"tokenizer": tmp_path, **same}]
    assert capsys.readouterr().out == "8,192 examples in o\n"
    assert main(["corpus", "draw", "nano", "--tokenizer", "mim-py-nano", *flags]) == 0
    assert (Path(str(calls[1]["tokenizer"])) / "tokenizer.json").is_file()
    assert main(["corpus", "draw", "nano", "--tokenizer", str(tmp_path / "none"), *flags]) == 2
