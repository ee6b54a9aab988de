from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mim_lsp.errors import CorpusError, ModelError, SettingsError
from mim_lsp.syntax.holes import HoleKind
from mim_lsp.training import example_shards
from mim_lsp.training.batches import BatchSource, pack
from mim_lsp.training.corpus.reader import read_documents
from mim_lsp.training.corpus.shards import Row, write_shards
from mim_lsp.training.example_shards import ShardedExamples, draw, write_shard
from mim_lsp.training.recipes import RECIPES, find_recipe
from mim_lsp.training.windows import Example, ExampleBuilder
from tests.tiny import SOURCE, tiny_tokenizer
from tests.training.corpus.test_pipeline import ENGLISH
from tests.training.test_batches import assert_same


def nothing(stage: str, done: int, total: int) -> None:
    """No progress is shown."""


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example_shards, "EXAMPLES_PER_SHARD", 16)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of two files of code and one of prose, and a run's folder with a tokenizer."""
    texts = [(SOURCE * 3, "code"), (SOURCE.replace("circle", "square") * 2, "code"), (ENGLISH * 3, "text")]
    rows = [Row(text, f"{i}.py", "shapes", "1.0", "MIT", kind) for i, (text, kind) in enumerate(texts)]
    write_shards(rows, tmp_path / "corpus", "train")
    (tmp_path / "run").mkdir()
    tiny_tokenizer().save(tmp_path / "run" / "tokenizer.json")
    return tmp_path / "corpus"


def drawn(corpus: Path, out: str, count: int = 48, recipe: str = "smoke", processes: int = 1) -> Path:
    folder = corpus.parent / out
    tokenizer = corpus.parent / "run"
    draw(recipe, corpus=corpus, tokenizer=tokenizer, out=folder, count=count, processes=processes, progress=nothing)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("recipe", ["smoke", "fim"])
def test_a_run_would_draw_the_same_batches(recipe: str, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "fim", replace(find_recipe("smoke"), name="fim", objective="fim"))
    chosen = find_recipe(recipe)
    examples = ShardedExamples(drawn(corpus, "drawn", recipe=recipe))
    texts = [document.content for document in read_documents(corpus, "train", prose=True)]
    builder = ExampleBuilder(chosen.config, tiny_tokenizer(), chosen.windows)
    source = BatchSource(texts, builder, 3, chosen.stride, chosen.seed)
    kinds = set()
    for step in range(16):
        read = [examples.example(number) for number in range(3 * step, 3 * step + 3)]
        assert read == source.examples(step)
        kinds |= {example.kind for example in read}
        row_tokens, pad = builder.settings.tokens, builder.special.pad
        assert_same(pack(read, row_tokens, pad), source.batch(step))
    assert {"text", "fim"} <= kinds if recipe == "fim" else {"text", HoleKind.REST_OF_LINE.value} <= kinds
    assert len(examples) == 48
    assert examples.example(48 + 7) == examples.example(7)


def test_processes_draw_the_same_bytes(corpus: Path) -> None:
    assert files(drawn(corpus, "two", processes=2)) == files(drawn(corpus, "one"))


def test_a_stopped_call_goes_on(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = example_shards.write_shard

    def write_one(examples: list[Example], path: Path) -> None:
        if len(written) == 1:
            path.with_name(path.name + ".tmp").mkdir()  # as a killed call leaves it
            raise KeyboardInterrupt
        written.append(path.name)
        write(examples, path)

    with monkeypatch.context() as patch:
        patch.setattr(example_shards, "write_shard", write_one)
        with pytest.raises(KeyboardInterrupt):
            drawn(corpus, "stopped")
    monkeypatch.setattr(example_shards, "write_shard", lambda *args: written.append(args[1].name) or write(*args))
    folder = drawn(corpus, "stopped")
    assert written == ["examples-00000", "examples-00001", "examples-00002"]
    assert files(folder) == files(drawn(corpus, "straight"))


def test_more_can_be_drawn_later(corpus: Path) -> None:
    folder = drawn(corpus, "drawn", count=16)
    assert len(ShardedExamples(folder)) == 16
    assert len(ShardedExamples(drawn(corpus, "drawn", count=33))) == 48


def test_examples_of_another_run_are_not_mixed_in(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(corpus, "drawn")
    monkeypatch.setitem(RECIPES, "smoke", replace(find_recipe("smoke"), seed=2))
    with pytest.raises(SettingsError, match="holds examples of another corpus, recipe or tokenizer"):
        drawn(corpus, "drawn")


def test_what_cannot_be_drawn_or_read_is_told(corpus: Path) -> None:
    with pytest.raises(SettingsError, match="unknown recipe"):
        drawn(corpus, "out", recipe="none")
    with pytest.raises(SettingsError, match="positive number"):
        drawn(corpus, "out", count=0)
    with pytest.raises(SettingsError, match="no drawn examples in"):
        ShardedExamples(corpus)
    write_shards([Row("", "a.py", "p", "1", "MIT")], corpus, "train")
    with pytest.raises(CorpusError, match="holds no train documents"):
        drawn(corpus, "out")
    (corpus.parent / "run" / "tokenizer.json").unlink()
    with pytest.raises(ModelError):
        drawn(corpus, "out")
    assert not (corpus.parent / "out").exists()


def test_rows_are_stored_in_two_bytes_a_token(tmp_path: Path) -> None:
    text = Example([65535, 1, 2, 3], [3, 3, 2, 1], [(0, 2), (1, 1), (2, 0)], "text", ([], []))
    hole = Example([5, 6], [7, 8, 9], [(0, 1)], "span", ([0], [0, 1]))
    fim = Example([4, 4], [], [], "fim")
    write_shard([text, hole, fim, hole], tmp_path / "examples-00000")
    tokens, pairs = (np.load(tmp_path / "examples-00000" / name) for name in ("tokens.npy", "pairs.npy"))
    assert tokens.dtype == np.uint16
    assert tokens.tolist() == [65535, 1, 2, 3, 3, 3, 2, 1, 5, 6, 7, 8, 9, 4, 4, 5, 6, 7, 8, 9]
    assert pairs.tolist() == [[0, 1], [0, 1]]
    shard = example_shards._Shard(tmp_path / "examples-00000")
    assert [shard.example(place) for place in range(4)] == [text, hole, fim, hole]
