from __future__ import annotations

import io
import math
import random
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from mim_lsp.errors import CorpusError, ModelError
from mim_lsp.model.folder import WEIGHTS, write_shape
from mim_lsp.model.weights import load_weights, save_weights
from mim_lsp.training import heldout
from mim_lsp.training.corpus.shards import Row, write_shards
from mim_lsp.training.heldout import measure_heldout
from mim_lsp.training.windows import Example, ExampleBuilder
from tests.reference import reference_log_probs
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    write_shape(folder, tiny_config(), tiny_tokenizer())
    save_weights(tiny_model(), folder / WEIGHTS)
    return folder


def write_corpus(folder: Path, contents: list[str]) -> Path:
    rows = [Row(content, f"{i}.py", "shapes", "1.0", "MIT") for i, content in enumerate(contents)]
    write_shards(rows, folder, "heldout")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", [SOURCE])


def test_the_report_is_that_of_the_reference(folder: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, with_far = Example([1, 2, 3], [4, 3, 2], [(0, 1), (1, 0)], "text"), Example([5, 6], [7, 6], [(0, 0)], "span")
    without_far = Example([6, 6], [8, 6], [(0, 0)], "span")
    drawn = SimpleNamespace(texts=[text], with_far=[with_far], without_far=[without_far])
    monkeypatch.setattr(heldout, "_draw", lambda *_: drawn)
    report = measure_heldout(folder, corpus, windows=1)

    model = load_weights(tiny_config(), folder / WEIGHTS)

    def nll(*row: int) -> float:
        """Of all but the first token."""
        log_probs = reference_log_probs(model, row[:-1])
        return -sum(float(log_probs[i, row[i + 1]]) for i in range(len(row) - 1))

    def tv(first: int, second: int) -> float:
        p, q = (reference_log_probs(model, [token])[0].exp() for token in (first, second))
        return 0.5 * float((p - q).abs().sum())

    n_bits = len(tiny_tokenizer().decode_bytes([1, 2, 3])) * math.log(2)
    assert report.bits_per_byte_forward == pytest.approx(nll(1, 2, 3) / n_bits, rel=1e-4)
    assert report.bits_per_byte_backward == pytest.approx(nll(4, 3, 2) / n_bits, rel=1e-4)
    assert report.middle_nll_forward == pytest.approx(nll(5, 6), rel=1e-4)
    assert report.middle_nll_backward == pytest.approx(nll(7, 6), rel=1e-4)
    assert report.middle_nll_forward_without_far == pytest.approx(nll(6, 6), rel=1e-4)
    assert report.middle_nll_backward_without_far == pytest.approx(nll(8, 6), rel=1e-4)
    assert report.tv_middle == pytest.approx(tv(5, 7), rel=1e-3)
    assert (report.windows, report.middle_tokens) == (1, 1)
    assert math.isnan(report.far_gain_forward_stderr)


def test_means_and_errors_by_hand() -> None:
    text = heldout._Sums(all_forward=math.log(2) * 30, all_backward=math.log(2) * 20, **NO_MIDDLE, tv=3, n_pairs=4)
    far = [sums(forward=2, backward=3, n_pairs=2), sums(forward=4, backward=1, n_pairs=6)]
    near = [sums(forward=3, backward=5, n_pairs=2), sums(forward=9, backward=4, n_pairs=6)]
    report = heldout._report(10, [text], far, near)
    assert (report.bits_per_byte_forward, report.bits_per_byte_backward) == pytest.approx((3, 2))
    assert report.tv_text == 0.75
    assert (report.middle_nll_forward, report.middle_nll_forward_without_far) == (6 / 8, 12 / 8)
    assert (report.middle_nll_backward, report.middle_nll_backward_without_far) == (4 / 8, 9 / 8)
    # the gains are 1 and 5 forward, 2 and 3 backward: standard deviations of sqrt(8) and sqrt(1/2), of a sum of two
    assert report.far_gain_forward_stderr == pytest.approx(math.sqrt(8) * math.sqrt(2) / 8)
    assert report.far_gain_backward_stderr == pytest.approx(math.sqrt(1 / 2) * math.sqrt(2) / 8)


NO_MIDDLE = {"middle_forward": 0.0, "middle_backward": 0.0}


def sums(forward: float, backward: float, n_pairs: int) -> heldout._Sums:
    return heldout._Sums(0, 0, middle_forward=forward, middle_backward=backward, tv=0, n_pairs=n_pairs)


def test_the_same_hole_is_read_with_and_without_its_far_side(folder: Path, corpus: Path) -> None:
    builder = ExampleBuilder(tiny_config(), tiny_tokenizer(), heldout.WindowSettings(tokens=96))
    drawn = heldout._draw(builder, heldout.read_documents(corpus, "heldout"), 8, random.Random(0))
    assert len(drawn.texts) == len(drawn.with_far) == len(drawn.without_far) == 8
    special = tiny_config().special
    for far, near in zip(drawn.with_far, drawn.without_far, strict=True):
        assert far.kind == near.kind
        assert special.far in far.forward
        assert special.far not in near.forward
        for row_far, row_near in ((far.forward, near.forward), (far.backward, near.backward)):
            assert row_far[row_far.index(special.near) + 1 :] == row_near[1:]
        assert [far.forward[f + 1] for f, _ in far.pairs] == [near.forward[f + 1] for f, _ in near.pairs]


def test_a_report_of_a_random_model(folder: Path, corpus: Path) -> None:
    report = measure_heldout(folder, corpus, windows=4, untrained=True)
    assert report == measure_heldout(folder, corpus, windows=4, untrained=True)
    assert report.windows == 4
    uniform = math.log(tiny_config().vocab_size)
    for nll in (report.middle_nll_forward, report.middle_nll_backward, report.middle_nll_forward_without_far):
        assert nll == pytest.approx(uniform, rel=0.1)
    assert 0 < report.far_gain_forward_stderr < 0.2
    assert measure_heldout(folder, corpus, windows=4, seed=1, untrained=True) != report


def test_the_table_has_the_gain() -> None:
    numbers = dict.fromkeys(heldout.HeldoutReport.__dataclass_fields__, 0.0) | {"windows": 7, "middle_tokens": 9}
    numbers |= {"middle_nll_forward": 1.5, "middle_nll_forward_without_far": 1.75, "far_gain_forward_stderr": 0.125}
    console = Console(width=200, file=io.StringIO())
    console.print(heldout.HeldoutReport(**numbers).table())
    assert "+0.250 (standard error 0.125)" in console.file.getvalue()


def test_a_corpus_without_a_place_for_holes_is_an_error(
    folder: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CorpusError, match="no hole can be drawn"):
        measure_heldout(folder, write_corpus(tmp_path / "empty", [""]), windows=2)
    monkeypatch.setattr(heldout, "draw_hole", lambda *_, **__: None)
    with pytest.raises(CorpusError, match="no hole can be drawn"):
        measure_heldout(folder, corpus, windows=2)


def test_what_is_missing_is_an_error(folder: Path, corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        measure_heldout(corpus, corpus)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError):
        measure_heldout(folder, tmp_path / "empty")


def test_prose_is_measured_apart_from_code(folder: Path, tmp_path: Path) -> None:
    words = "The quick brown fox jumps over the lazy dog, and nobody minds.\n" * 30
    rows = [Row(SOURCE, "a.py", "shapes", "1.0", "MIT"), Row(words, "a.md", "shapes", "1.0", "MIT", "text")]
    write_shards(rows, tmp_path / "both", "heldout")
    write_corpus(tmp_path / "code", [SOURCE])
    of_code, of_prose = (measure_heldout(folder, tmp_path / "both", windows=4, prose=prose) for prose in (False, True))
    assert of_code == measure_heldout(folder, tmp_path / "code", windows=4)
    assert of_prose != of_code
    with pytest.raises(CorpusError, match="no hole"):
        measure_heldout(folder, tmp_path / "code", windows=4, prose=True)
