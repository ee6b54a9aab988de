"""The engine on random networks: whatever they write, verified is what the forward network would have written alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pytest

from mim_lsp.engine.types import Decode, DecodeSettings, InfillRequest
from mim_lsp.runtime.arrays import FloatArray, as_array, distributions
from mim_lsp.runtime.protocol import CancelFlag, Distribution, Feed
from mim_lsp.runtime.torch.runtime import TorchRuntime
from tests.engine.oracle import (
    CONFIG,
    TOKENIZER,
    MixedRuntime,
    OracleRuntime,
    engine_on,
    forward_alone,
    forward_task,
    request,
)
from tests.tiny import tiny_model

MAX_TOKENS = 12
NOT_ASCII = [i for i, token in enumerate(TOKENIZER.token_bytes) if not token.isascii() or b"\n" in token]
each_decode = pytest.mark.parametrize("decode", get_args(Decode))
seeds = pytest.mark.parametrize("seed", range(4))


@dataclass
class NetworkRuntime(TorchRuntime):
    """A random network that writes ASCII, and comes to an end where its row has reached a given length."""

    seed: int
    end_at: int = 10**9

    def __post_init__(self) -> None:
        super().__init__(tiny_model(self.seed))

    def step(self, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[Sequence[Distribution]]:
        out = [as_array(found) for found in super().step(feeds, cancel)]
        for feed, log_probs in zip(feeds, out, strict=True):
            log_probs[:, NOT_ASCII] = -50.0
            lengths = self._rows[feed.row].length - np.arange(feed.outputs)[::-1]
            log_probs[lengths >= self.end_at, CONFIG.special.eom] = 50.0
        return [distributions(log_probs) for log_probs in out]

    def alone(self, row: list[int]) -> FloatArray:
        """What follows a row, without any cache: (vocab_size,)."""
        handle = self.open_row()
        (found,) = self.step([Feed(handle, row)])
        self.close_row(handle)
        return as_array(found)[-1]


def asked_of(seed: int) -> InfillRequest:
    """A hole with nothing known between it and the suffix, so that an end anywhere is of use."""
    return request(["x = retu|\ny = 1", "def f(self, na|\n", "total = [|\n]\n", "|"][seed])


def written_alone(network: NetworkRuntime, asked: InfillRequest, decode: Decode) -> str:
    """The middle that the network writes alone, greedily and without a cache; in streams all that it writes."""
    stub = forward_task(asked, decode).stub
    text, _ = forward_alone(network.alone, asked, decode, MAX_TOKENS)
    assert text.startswith(stub)
    return text.removeprefix(stub).decode()


def network_for(seed: int, decode: Decode) -> tuple[NetworkRuntime, InfillRequest]:
    asked = asked_of(seed)
    n_prompt = len(forward_task(asked, decode).row)
    return NetworkRuntime(seed, n_prompt + MAX_TOKENS - 2), asked


@each_decode
@seeds
@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("corrupt", [None, 2, 5])
def test_a_verified_middle_is_what_the_forward_network_writes_alone(
    decode: Decode, seed: int, n: int, corrupt: int | None
) -> None:
    """The backward model knows what the forward network will write, all of it or all but one place."""
    network, asked = network_for(seed, decode)
    alone = written_alone(network, asked, decode)
    middle = alone if corrupt is None else alone[:corrupt] + "~#" + alone[corrupt + 1 :]
    near = asked.prefix[asked.far_prefix_end :] if decode == "infill" else asked.prefix
    runtime = MixedRuntime(network, OracleRuntime(backward=near + middle + asked.suffix))
    generation = engine_on(runtime).generate(
        asked, DecodeSettings(decode=decode, meet_ngram=n, max_tokens=MAX_TOKENS + 12)
    )
    texts = {middle.source: middle.text for middle in generation.middles}
    assert generation.verified == ("met" in texts)
    if decode == "infill":
        assert texts.get("met", alone) == texts.get("forward", alone) == alone
        assert generation.verified or corrupt is not None
    else:
        assert all(alone.startswith(text) for source, text in texts.items() if source != "backward")


@seeds
def test_a_network_that_is_left_alone_writes_its_own_middle(seed: int) -> None:
    """The other side never ends, in an alphabet of its own: the fallback is the forward network's own text."""
    network, asked = network_for(seed, "infill")
    alone = written_alone(network, asked, "infill")
    runtime = MixedRuntime(network, OracleRuntime(backward="漢字" * 99 + asked.suffix))
    generation = engine_on(runtime).generate(asked, DecodeSettings(max_tokens=MAX_TOKENS))
    assert [(middle.text, middle.source) for middle in generation.middles] == [(alone, "forward")]
    assert 0 < generation.middles[0].confidence < 1


@each_decode
@pytest.mark.parametrize("seed", [0, 1])
def test_cached_equals_uncached(decode: Decode, seed: int) -> None:
    """Typing, deleting, moving and editing elsewhere give what a fresh engine gives."""
    typed = [
        "x = 1\ny = self.|)\nz",
        "x = 1\ny = self.na|)\nz",
        "x = 1\ny = se|)\nz",
        "x = 2\ny = se|)\nz",
        "x|\nz",
        "|",
    ]
    settings = DecodeSettings(decode=decode, max_tokens=MAX_TOKENS, candidates=2)
    kept = engine_on(NetworkRuntime(seed, end_at=30))
    for marked in [*typed, *typed[::-1]]:
        cached = kept.generate(request(marked), settings, document="doc")
        fresh = engine_on(NetworkRuntime(seed, end_at=30)).generate(request(marked), settings)
        assert [middle.text for middle in cached.middles] == [middle.text for middle in fresh.middles]
        assert (cached.met, cached.tokens) == (fresh.met, fresh.tokens)
        assert cached.steps <= fresh.steps
        np.testing.assert_allclose(
            [middle.confidence for middle in cached.middles],
            [middle.confidence for middle in fresh.middles],
            rtol=1e-3,
        )
        assert cached.encoded_tokens <= fresh.encoded_tokens
