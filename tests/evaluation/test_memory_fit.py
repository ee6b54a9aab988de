"""Fitting how much a memory of the document counts."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from mim_lsp.engine.engine import MimEngine
from mim_lsp.engine.memory import Remembering
from mim_lsp.engine.memory_file import read_memory
from mim_lsp.errors import SettingsError
from mim_lsp.evaluation.memory_fit import MIN_TOKENS, Observation, calibrate_memory, fit_memory, observe
from mim_lsp.evaluation.tasks import InfillingTask
from mim_lsp.model.folder import WEIGHTS, write_shape
from mim_lsp.model.weights import save_weights
from mim_lsp.runtime.choice import RuntimeOptions
from mim_lsp.runtime.loading import load_model
from tests.tiny import SOURCE, tiny_config, tiny_model, tiny_tokenizer

FEATURES = (1.0, 2.0, 0.0, 1.0, 0.1)


def tiny_model_folder(folder: Path) -> Path:
    write_shape(folder, tiny_config(), tiny_tokenizer())
    save_weights(tiny_model(), folder / WEIGHTS)
    return folder


def drawn(n: int, reliable: float, seed: int = 0) -> list[list[Observation]]:
    """Tasks of one token; the memory is right in this share of them, and the network gives the token a tenth."""
    rng = random.Random(seed)
    return [[Observation(0.1, ((False, FEATURES, float(rng.random() < reliable)),))] for _ in range(n)]


@pytest.mark.parametrize("reliable", [0.3, 0.9])
def test_the_memory_gets_the_share_that_it_deserves(reliable: float) -> None:
    report = fit_memory(drawn(4000, reliable), "made up")
    logit = sum(weight * feature for weight, feature in zip(report.weights.document, FEATURES, strict=True))
    # For the best share s the slope is none: 0.9 * reliable / (0.1 + 0.9 * s) = (1 - reliable) / (1 - s).
    best = reliable - 0.1 * (1 - reliable) / 0.9
    share = 1 / (1 + math.exp(-logit))
    assert share == pytest.approx(best, abs=0.03)
    assert report.mixture < report.network


def test_a_memory_that_is_never_right_gets_nothing_and_costs_nothing() -> None:
    report = fit_memory(drawn(4000, 0.0), "made up")
    assert report.mixture == pytest.approx(report.network, abs=0.01)


def test_too_few_tokens_are_refused() -> None:
    with pytest.raises(SettingsError, match="too few to fit a memory to; give more tasks"):
        fit_memory(drawn(MIN_TOKENS - 2, 0.5), "made up")


def tasks(n: int) -> list[InfillingTask]:
    """Lines out of a text in which every line stands twice."""
    lines = (SOURCE + SOURCE).splitlines(keepends=True)
    made = []
    for number in range(n):
        at = random.Random(number).randrange(len(lines))
        prompt, line, suffix = "".join(lines[:at]), lines[at], "".join(lines[at + 1 :])
        made.append(InfillingTask(f"made/up/{number}", prompt, suffix, line))
    return made


def test_what_is_observed_is_what_the_network_gives_and_the_document_says(tmp_path: Path) -> None:
    engine = MimEngine(load_model(str(tiny_model_folder(tmp_path)), RuntimeOptions()))
    observed = observe(engine, tasks(3))
    assert len(observed) == 3
    everything = [one for task in observed for one in task]
    assert all(0 < one.network < 1 for one in everything)
    assert all(0 <= share <= 1 for one in everything for _, _, share in one.levels)
    orders = [[features[1] for _, features, _ in one.levels] for one in everything]
    assert all(order == sorted(order) for order in orders)


def test_a_text_that_repeats_itself_teaches_a_model_to_remember(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path)
    report = calibrate_memory(str(folder), RuntimeOptions(), tasks(80), write=True)
    assert report.mixture < report.network - 1
    assert read_memory(folder) == report.weights
    assert isinstance(report.weights, Remembering)


def test_other_files_are_weighed_where_the_tasks_have_some(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path)
    lines = SOURCE.splitlines(keepends=True)
    asked = [InfillingTask(str(n), "", "", lines[n % len(lines)], elsewhere=(SOURCE,)) for n in range(200)]
    report = calibrate_memory(str(folder), RuntimeOptions(), asked, write=True)
    assert report.mixture < report.network - 1
    assert report.weights.files is not None
    assert read_memory(folder) == report.weights
