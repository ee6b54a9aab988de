"""Examples drawn beforehand: shards of memory-mapped uint16, exactly what a run would draw while it learns.

A folder of them holds `drawn.json`, which says what the examples depend on, the run's `tokenizer.json`, and folders
`examples-00000` and on of `EXAMPLES_PER_SHARD` examples each:

    index.npy    lengths of the rows, the number of pairs and of ends in each row of each example, and its kind
    tokens.npy   uint16, each example's forward and backward row one after the other
    pairs.npy    uint16, shape (pairs, 2); those of whole text are not kept, since they follow from its length
    ends.npy     uint16, each example's ends in the forward and in the backward row
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence, Sized
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mim_lsp.errors import CorpusError, SettingsError
from mim_lsp.model.folder import TOKENIZER
from mim_lsp.model.tokenizer import CodeTokenizer
from mim_lsp.syntax.holes import HoleKind
from mim_lsp.training.batches import BatchSource, PackedBatches
from mim_lsp.training.corpus.progress import Progress
from mim_lsp.training.corpus.reader import how_to_build, iterate_documents
from mim_lsp.training.corpus.text_file import TextFile, write_texts
from mim_lsp.training.processes import each
from mim_lsp.training.prose import Prose
from mim_lsp.training.recipe import Recipe
from mim_lsp.training.recipes import find_recipe
from mim_lsp.training.settings import with_settings
from mim_lsp.training.windows import Example, ExampleBuilder

EXAMPLES_PER_SHARD = 4096
ABOUT = "drawn.json"

_KINDS = ("text", "fim", *(kind.value for kind in HoleKind))
_COUNTS = ("forward", "backward", "pairs", "forward_ends", "backward_ends")
_INDEX = np.dtype([*((name, "<u2") for name in _COUNTS), ("kind", "u1")])
_FORMAT = 3
"""Of the files in a shard, and of the rules by which examples are drawn."""


def draw(
    recipe: str,
    *,
    corpus: Path,
    tokenizer: Path,
    out: Path,
    count: int,
    settings: Sequence[str] = (),
    processes: int | None = None,
    progress: Progress,
) -> int:
    """Write the first examples of a run to the folder `out`, in parallel; a call that was stopped goes on.

    Args:
        recipe: a name in `recipes.RECIPES`.
        corpus: folder with the documents.
        tokenizer: folder of the model or of the run whose `tokenizer.json` to use.
        out: folder of the examples.
        count: how many; rounded up to whole shards.
        settings: `NAME=VALUE`, changes to the recipe, as the run makes them.
        processes: one for each core if None.
        progress: told how far it is.

    Returns:
        How many examples there are.

    Raises:
        SettingsError: unknown recipe, no such number, or `out` holds examples of another corpus, recipe or tokenizer.
        CorpusError: there are no documents.
        ModelError: there is no tokenizer.
    """
    chosen, path = with_settings(find_recipe(recipe), settings), tokenizer / TOKENIZER
    if count <= 0:
        raise SettingsError("name a positive number of examples.")
    if chosen.config.vocab_size > 1 << 16:
        raise SettingsError(f"examples of {recipe} cannot be drawn beforehand: its token ids do not fit into 16 bits.")
    words = CodeTokenizer.from_file(path)
    with tempfile.TemporaryDirectory(prefix="mim-lsp-texts-") as folder:
        progress("read", 0, 1)
        texts = write_texts(Path(folder) / "train", iterate_documents(corpus, "train", prose=True))
        if not len(texts):
            raise CorpusError(f"{corpus} holds no train documents. {how_to_build(corpus)}")
        builder = ExampleBuilder(chosen.config, words, chosen.windows)
        _write_about(_about(texts, builder, chosen.stride, chosen.seed), out)
        shutil.copyfile(path, out / TOKENIZER)
        set_up = partial(_Drawer, texts.folder, path, chosen, out, EXAMPLES_PER_SHARD)
        return _draw_all(set_up, out, count, processes, progress)


def _draw_all(set_up: partial[_Drawer], out: Path, count: int, processes: int | None, progress: Progress) -> int:
    numbers = range(-(-count // EXAMPLES_PER_SHARD))
    todo = [number for number in numbers if not _shard(out, number).exists()]
    finished = len(numbers) - len(todo)
    progress("draw", finished, len(numbers))
    for done, _ in enumerate(each(todo, set_up, _Drawer.draw, processes), start=finished + 1):
        progress("draw", done, len(numbers))
    return len(numbers) * EXAMPLES_PER_SHARD


class _Drawer:
    """Draws whole shards."""

    def __init__(self, texts: Path, tokenizer: Path, recipe: Recipe, out: Path, examples_per_shard: int) -> None:
        builder = ExampleBuilder(recipe.config, CodeTokenizer.from_file(tokenizer), recipe.windows)
        # A batch of the size of a shard: example i is the same, whatever the size of a run's batches.
        self._source = BatchSource(TextFile(texts), builder, examples_per_shard, recipe.stride, recipe.seed)
        self._out = out

    def draw(self, number: int) -> None:
        """Draw one shard."""
        write_shard(self._source.examples(number), _shard(self._out, number))


def _shard(folder: Path, number: int) -> Path:
    return folder / f"examples-{number:05d}"


def _about(texts: Sequence[str], builder: ExampleBuilder, stride: int, seed: int) -> dict[str, Any]:
    """All that the examples depend on."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
        digest.update(bytes([isinstance(text, Prose)]))
    fields = {
        "texts": digest.hexdigest(),
        "tokens": hashlib.sha256(b"\0".join(builder.tokenizer.token_bytes)).hexdigest(),
        "special": asdict(builder.special),
        "windows": asdict(builder.settings),
        "stride": stride,
        "seed": seed,
        "examples_per_shard": EXAMPLES_PER_SHARD,
        "format": _FORMAT,
    }
    return json.loads(json.dumps(fields))  # type: ignore[no-any-return]  # as it is read back


def _write_about(fields: dict[str, Any], folder: Path) -> None:
    path = folder / ABOUT
    if path.exists():
        _compare(fields, folder)
        return
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
    unfinished.rename(path)


def _compare(fields: dict[str, Any], folder: Path) -> None:
    """Raise `SettingsError` unless the folder's examples depend on just this."""
    try:
        drawn = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"no drawn examples in {folder}; draw them with 'mim-lsp corpus draw'") from error
    if drawn != fields:
        raise SettingsError(f"{folder} holds examples of another corpus, recipe or tokenizer; name another folder")


def drawn_batches(folder: Path, source: BatchSource) -> PackedBatches:
    """The source's own batches, of examples that are read from the folder.

    Raises:
        SettingsError: the folder holds other examples than the source would draw, or none.
    """
    drawer = source.drawn
    _compare(_about(drawer.texts, drawer.builder, drawer.stride, drawer.seed), folder)
    examples = ShardedExamples(folder)
    return PackedBatches(examples, source.examples_per_batch, source.row_tokens, source.pad, source.rows)


def write_shard(examples: Sequence[Example], path: Path) -> None:
    """Write one shard's folder, all at once as far as others see."""
    unfinished = path.with_name(path.name + ".tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    index = [(*_counts(e), _KINDS.index(e.kind)) for e in examples]
    tokens = [token for e in examples for row in (e.forward, e.backward) for token in row]
    pairs = [pair for e in examples if e.kind != "text" for pair in e.pairs]
    np.save(unfinished / "index.npy", np.array(index, dtype=_INDEX))
    np.save(unfinished / "tokens.npy", np.array(tokens, dtype=np.uint16))
    np.save(unfinished / "pairs.npy", np.array(pairs, dtype=np.uint16).reshape(-1, 2))
    ends = [end for e in examples for one in _ends(e) for end in one]
    np.save(unfinished / "ends.npy", np.array(ends, dtype=np.uint16))
    unfinished.rename(path)


def _counts(example: Example) -> tuple[int, ...]:
    """In the order of `_COUNTS`."""
    forward_ends, backward_ends = _ends(example)
    parts: Sequence[Sized] = (example.forward, example.backward, example.pairs, forward_ends, backward_ends)
    return tuple(len(part) for part in parts)


def _ends(example: Example) -> tuple[list[int], list[int]]:
    return example.ends or ([], [])


class ShardedExamples:
    """The examples of a folder that `draw` wrote, from the first on, and again when they are used up."""

    def __init__(self, folder: Path) -> None:
        """Raises `SettingsError` when there are none."""
        self._shards = [_Shard(path) for path in sorted(folder.glob("examples-?????"))]
        if not self._shards:
            raise SettingsError(f"no drawn examples in {folder}; draw them with 'mim-lsp corpus draw'")

    def __len__(self) -> int:
        return len(self._shards) * EXAMPLES_PER_SHARD

    def example(self, number: int) -> Example:
        """The example that a run draws as this number."""
        shard, place = divmod(number % len(self), EXAMPLES_PER_SHARD)
        return self._shards[shard].example(place)


class _Shard:
    """One shard, mapped into memory when it is first looked at."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def example(self, place: int) -> Example:
        forward, backward, n_pairs, forward_ends, backward_ends, kind = map(int, self._index[place])
        start = self._token_starts[place]
        rows = self._tokens[start : start + forward + backward].tolist()
        if _KINDS[kind] == "text":
            pairs = [(i, n_pairs - 1 - i) for i in range(n_pairs)]
        else:
            pairs = list(map(tuple, self._pairs[self._pair_starts[place] :][:n_pairs].tolist()))
        if _KINDS[kind] == "fim":
            return Example(rows, [], pairs, "fim")
        ends = self._ends[self._end_starts[place] :][: forward_ends + backward_ends].tolist()
        return Example(rows[:forward], rows[forward:], pairs, _KINDS[kind], (ends[:forward_ends], ends[forward_ends:]))

    @cached_property
    def _index(self) -> npt.NDArray[Any]:
        return np.load(self._path / "index.npy")  # type: ignore[no-any-return]

    @cached_property
    def _tokens(self) -> npt.NDArray[np.uint16]:
        return np.load(self._path / "tokens.npy", mmap_mode="r")  # type: ignore[no-any-return]

    @cached_property
    def _pairs(self) -> npt.NDArray[np.uint16]:
        return np.load(self._path / "pairs.npy")  # type: ignore[no-any-return]

    @cached_property
    def _ends(self) -> npt.NDArray[np.uint16]:
        return np.load(self._path / "ends.npy")  # type: ignore[no-any-return]

    @cached_property
    def _token_starts(self) -> npt.NDArray[np.int64]:
        return _starts(self._index["forward"].astype(np.int64) + self._index["backward"])

    @cached_property
    def _end_starts(self) -> npt.NDArray[np.int64]:
        return _starts(self._index["forward_ends"].astype(np.int64) + self._index["backward_ends"])

    @cached_property
    def _pair_starts(self) -> npt.NDArray[np.int64]:
        return _starts(np.where(self._index["kind"] == _KINDS.index("text"), 0, self._index["pairs"].astype(np.int64)))


def _starts(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.cumsum(lengths) - lengths
