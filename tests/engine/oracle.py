"""A runtime whose two models are written by hand, so that agreement and disagreement can be scripted.

A model is a set of texts that it has in mind, each with a weight, in its own reading order: the next token is the one
with which the texts go on that agree with what its row holds so far. When a text is at its end, `<eom>` follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from mim_lsp.engine.engine import MimEngine
from mim_lsp.engine.lines import LineTokens
from mim_lsp.engine.memory import MemoryWeights
from mim_lsp.engine.task import SideTask, make_task
from mim_lsp.engine.types import Decode, DecodeSettings, Generation, InfillRequest
from mim_lsp.engine.vocabulary import OwnVocabulary
from mim_lsp.model.config import ModelConfig
from mim_lsp.runtime.arrays import ArrayDistribution, FloatArray
from mim_lsp.runtime.loading import Direction, LoadedModel
from mim_lsp.runtime.protocol import CancelFlag, Distribution, Feed, Runtime
from mim_lsp.syntax.boundaries import far_prefix_end, far_suffix_start
from tests.tiny import tiny_config, tiny_tokenizer

SMOOTHING = 0.02
"""Probability that an oracle spreads over the tokens that it does not want."""
CONFIG = tiny_config()
TOKENIZER = tiny_tokenizer()
Texts = str | Mapping[str, float]
"""Whole texts in text order, with weights."""


def request(marked: str) -> InfillRequest:
    """The request for the cursor at `|`, with far sides where the completion layer puts them."""
    prefix, _, suffix = marked.partition("|")
    return InfillRequest(prefix, suffix, far_prefix_end(prefix, len(prefix)), far_suffix_start(suffix, 0))


def tokens(text: str) -> list[bytes]:
    """The tokens of a text, as bytes."""
    return [TOKENIZER.token_bytes[i] for i in TOKENIZER.encode(text)]


@dataclass
class OracleRuntime:
    """Implements `mim_lsp.runtime.protocol.Runtime`; checks how it is used, and records every pass."""

    forward: Texts = ""
    """What the forward model thinks that the text is, up to where its task ends."""
    backward: Texts = ""
    """What the backward model thinks that the text is, from where its task ends."""
    passes: list[list[Feed]] = field(default_factory=list)
    rows: dict[int, list[int]] = field(default_factory=dict)
    before_pass: Callable[[], None] = lambda: None
    vocab_size: int = CONFIG.vocab_size
    context_length: int = CONFIG.context_length
    opened: int = 0

    def open_row(self) -> int:
        self.opened += 1
        self.rows[self.opened] = []
        return self.opened

    def close_row(self, row: int) -> None:
        del self.rows[row]

    def truncate(self, row: int, length: int) -> None:
        assert 0 <= length <= len(self.rows[row])
        del self.rows[row][length:]

    def step(self, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[Sequence[Distribution]]:
        assert feeds
        assert len({feed.row for feed in feeds}) == len(feeds)
        assert all(1 <= feed.outputs <= len(feed.ids) for feed in feeds)
        self.before_pass()
        if cancel is not None:
            cancel.check()
        self.passes.append([Feed(feed.row, list(feed.ids), feed.outputs) for feed in feeds])
        return [self._feed(feed) for feed in feeds]

    def _feed(self, feed: Feed) -> list[Distribution]:
        ids = self.rows[feed.row]
        ids.extend(feed.ids)
        return [ArrayDistribution(self.log_probs(ids[: len(ids) - n])) for n in reversed(range(feed.outputs))]

    def log_probs(self, ids: Sequence[int]) -> FloatArray:
        """What follows a row, (vocab_size,)."""
        special = CONFIG.special
        direction = Direction.FORWARD if ids[0] == special.l2r else Direction.BACKWARD
        near = ids.index(special.near) if special.near in ids else 0
        wanted = self._wanted(direction, TOKENIZER.decode_bytes(ids[near + 1 :][:: _step(direction)]))
        spread = np.full(self.vocab_size, SMOOTHING / self.vocab_size)
        for token, weight in wanted.items():
            spread[token] += (1 - SMOOTHING) * weight / sum(wanted.values())
        return np.log(spread / spread.sum()).astype(np.float32)

    def _wanted(self, direction: Direction, held: bytes) -> dict[int, float]:
        """Next tokens with their weights; `<eom>` where no text agrees with what the row holds (in text order)."""
        texts = self.forward if direction is Direction.FORWARD else self.backward
        out: dict[int, float] = {}
        for text, weight in ({texts: 1.0} if isinstance(texts, str) else texts).items():
            data = text.encode()
            if data[:: _step(direction)].startswith(held[:: _step(direction)]):
                token = _next_token(data, len(held), direction)
                out[token] = out.get(token, 0) + weight
        return out or {CONFIG.special.eom: 1.0}


@dataclass
class RandomRuntime(OracleRuntime):
    """A model whose distribution is a random function of the last tokens of a row: it agrees with nobody, but with
    itself."""

    seed: int = 0
    sees: int = 3
    """Tokens that the distribution depends on."""

    def log_probs(self, ids: Sequence[int]) -> FloatArray:
        return _random_log_probs((self.seed, len(ids) % 5, *ids[-self.sees :]))


@cache
def _random_log_probs(key: tuple[int, ...]) -> FloatArray:
    logits = 3 * np.random.default_rng(key).standard_normal(CONFIG.vocab_size)
    logits[TOKENIZER.n_tokens :] = -20
    logits[CONFIG.special.eom] = 8 if key[1] == 0 else -4
    logits[[i for i, token in enumerate(TOKENIZER.token_bytes) if not token.isascii()]] = -20
    return (logits - np.log(np.exp(logits).sum())).astype(np.float32)


def _step(direction: Direction) -> int:
    return 1 if direction is Direction.FORWARD else -1


@cache
def _next_token(text: bytes, held: int, direction: Direction) -> int:
    """The token with which `text` goes on behind (backward: before) `held` bytes of it."""
    for cut in range(4):  # bytes of a character that is held in part
        n = max(held - cut, 0)
        rest = text[n:] if direction is Direction.FORWARD else text[: len(text) - n]
        try:
            following = TOKENIZER.encode(rest.decode())[:: _step(direction)]
        except UnicodeDecodeError:
            continue
        position = n
        for token in following:
            if position == held:
                return token
            position += len(TOKENIZER.token_bytes[token])
    return CONFIG.special.eom


@dataclass
class MixedRuntime:
    """Two runtimes, one for the forward rows and one for the backward rows; a row's first token says which it is."""

    forward: Runtime
    backward: Runtime
    rows: dict[int, tuple[int, int]] = field(default_factory=dict)
    is_forward: dict[int, bool] = field(default_factory=dict)
    vocab_size: int = CONFIG.vocab_size
    context_length: int = CONFIG.context_length
    n_passes: int = 0

    def open_row(self) -> int:
        row = len(self.rows)
        self.rows[row] = (self.forward.open_row(), self.backward.open_row())
        return row

    def close_row(self, row: int) -> None:
        for runtime, own in zip((self.forward, self.backward), self.rows[row], strict=True):
            runtime.close_row(own)

    def truncate(self, row: int, length: int) -> None:
        if row in self.is_forward:
            runtime, own = self._of(row)
            runtime.truncate(own, length)

    def step(self, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[Sequence[Distribution]]:
        self.n_passes += 1
        out: list[Sequence[Distribution]] = []
        for feed in feeds:
            self.is_forward.setdefault(feed.row, feed.ids[0] == CONFIG.special.l2r)
            runtime, own = self._of(feed.row)
            out += runtime.step([Feed(own, feed.ids, feed.outputs)])
        return out

    def _of(self, row: int) -> tuple[Runtime, int]:
        own = self.rows[row]
        return (self.forward, own[0]) if self.is_forward[row] else (self.backward, own[1])


def oracle_for(
    asked: InfillRequest, forward: Texts, backward: Texts | None = None, decode: Decode = "infill"
) -> OracleRuntime:
    """A runtime whose models have these middles in mind; the backward one the same as the forward one if not given."""
    infill = decode == "infill"
    head = asked.prefix[asked.far_prefix_end :] if infill else asked.prefix
    tail = asked.suffix[: asked.far_suffix_start] if infill else asked.suffix
    return OracleRuntime(
        _around(asked.prefix, forward, tail), _around(head, forward if backward is None else backward, asked.suffix)
    )


def _around(before: str, middles: Texts, behind: str) -> Texts:
    if isinstance(middles, str):
        return before + middles + behind
    return {before + middle + behind: weight for middle, weight in middles.items()}


class Answer(NamedTuple):
    """What came of a request to an oracle."""

    generation: Generation
    runtime: OracleRuntime

    @property
    def text(self) -> str | None:
        """The first middle's text."""
        return self.generation.middles[0].text if self.generation.middles else None

    @property
    def source(self) -> str | None:
        """The first middle's source."""
        return self.generation.middles[0].source if self.generation.middles else None


def ask(marked: str, forward: Texts, backward: Texts | None = None, **settings: Any) -> Answer:
    """Complete at `|` with models that have these middles in mind; see `oracle_for`."""
    asked = request(marked)
    runtime = oracle_for(asked, forward, backward, settings.get("decode", "infill"))
    return Answer(engine_on(runtime).generate(asked, DecodeSettings(**settings)), runtime)


def forward_alone(
    log_probs: Callable[[list[int]], FloatArray], asked: InfillRequest, decode: Decode, max_tokens: int
) -> tuple[bytes, bool]:
    """The forward model's own greedy text behind the prompt, without caches, and whether it came to `<eom>`."""
    task = forward_task(asked, decode)
    row, text = list(task.row), b""
    for _ in range(max_tokens + 1):
        order = np.argsort(-log_probs(row), kind="stable").tolist()
        token = next(i for i in order if _may_follow(i, text, task))
        if token == CONFIG.special.eom:
            return text, True
        row.append(token)
        text += TOKENIZER.token_bytes[token]
    return text, False


def forward_task(asked: InfillRequest, decode: Decode) -> SideTask:
    """What the forward direction is to do; tests/engine/test_task.py says what that must be."""
    vocabulary = OwnVocabulary(TOKENIZER, LineTokens(TOKENIZER), Direction.FORWARD)
    return make_task(LoadedModel("alone", CONFIG, TOKENIZER, OracleRuntime()), vocabulary, asked, decode, meet_ngram=2)


def _may_follow(token: int, text: bytes, task: SideTask) -> bool:
    """Whether a token agrees with the stub; `<eom>` only if the task has one, and only behind stub and known text."""
    if token >= TOKENIZER.n_tokens:
        arrived = text.startswith(task.stub) and text.removeprefix(task.stub).endswith(task.known)
        return token == CONFIG.special.eom and task.has_end and arrived
    longer = text + TOKENIZER.token_bytes[token]
    return longer.startswith(task.stub) or task.stub.startswith(longer)


def engine_on(runtime: Runtime, config: ModelConfig = CONFIG, memory: MemoryWeights | None = None) -> MimEngine:
    """An engine over a hand-made runtime."""
    return MimEngine(LoadedModel("oracle", config, TOKENIZER, runtime), memory)


def decode_passes(runtime: OracleRuntime) -> list[list[Feed]]:
    """The recorded passes without those in which a prompt was read."""
    special = CONFIG.special
    return [feeds for feeds in runtime.passes if not {special.l2r, special.r2l} & {i for f in feeds for i in f.ids}]
