"""The shape of a model, as `config.json` in its folder keeps it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mim_lsp.errors import ModelError

N_SPECIAL_TOKENS = 8
"""The last ids of every vocabulary: six special tokens and two in reserve. No text encodes to them."""

MAX_END_BIAS = 20
"""Nats; with more, every text would end before it begins."""


@dataclass(frozen=True)
class SpecialTokens:
    """Ids of the tokens that are no text."""

    l2r: int
    """Starts a forward row: read left to right."""
    r2l: int
    """Starts a backward row: read right to left."""
    far: int
    """The far side follows: the text on the other side of the hole."""
    near: int
    """The near side follows, and runs on into the middle without a break."""
    eom: int
    """The middle is finished."""
    pad: int
    """Fills rows; never predicted, never attended to by text."""

    @classmethod
    def at_the_end_of(cls, vocab_size: int) -> SpecialTokens:
        """The special tokens of a vocabulary of `vocab_size` ids: its last ones."""
        first = vocab_size - N_SPECIAL_TOKENS
        return cls(l2r=first, r2l=first + 1, far=first + 2, near=first + 3, eom=first + 4, pad=first + 5)


@dataclass(frozen=True)
class ModelConfig:
    """Shape of one decoder. The defaults are those of the `nano` recipe."""

    vocab_size: int = 16384
    """Number of token ids, special tokens included."""
    d_model: int = 256
    """Width of the residual stream."""
    n_layers: int = 6
    """Number of decoder blocks."""
    n_heads: int = 4
    """Query heads."""
    n_kv_heads: int = 2
    """Key and value heads; each serves n_heads / n_kv_heads query heads."""
    head_dim: int = 64
    """Width of a head; even, since rotary positions turn pairs."""
    d_ff: int = 704
    """Width of the SwiGLU layer."""
    context_length: int = 512
    """Longest row that the model was trained on, in tokens."""
    rope_theta: float = 10000.0
    """Base of the rotary position frequencies."""
    norm_eps: float = 1e-5
    """Added to the mean square in RMSNorm."""
    end_bias: float = 0.0
    """Nats that are added to the log-odds of <eom>, in training as when a middle is written. A model that learned <eom>
    at every position, where it is one line's end among many, needs some; one that learned it only where a middle may
    end needs none."""
    special: SpecialTokens = field(default_factory=lambda: SpecialTokens.at_the_end_of(16384))

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name not in ("special", "end_bias") and not 0 < value < math.inf:
                raise ModelError(f"{name} must be positive, not {value}.")
        if not 0 <= self.end_bias <= MAX_END_BIAS:
            raise ModelError(f"end_bias must lie between 0 and {MAX_END_BIAS}, not {self.end_bias}.")
        if self.n_heads % self.n_kv_heads:
            raise ModelError(f"n_heads ({self.n_heads}) must be a multiple of n_kv_heads ({self.n_kv_heads}).")
        if self.head_dim % 2:
            raise ModelError(f"head_dim ({self.head_dim}) must be even.")
        self._check_special()

    def _check_special(self) -> None:
        ids = asdict(self.special).values()
        distinct = len(set(ids)) == len(ids)
        if self.n_text_tokens < 1 or min(ids) < self.n_text_tokens or max(ids) >= self.vocab_size or not distinct:
            last = f"the last {N_SPECIAL_TOKENS} of {self.vocab_size}"
            raise ModelError(f"special tokens must have different ids among {last}, which are no text.")

    @property
    def n_text_tokens(self) -> int:
        """Ids below this one are text."""
        return self.vocab_size - N_SPECIAL_TOKENS

    @property
    def n_parameters(self) -> int:
        """Number of weights, the tied embedding counted once."""
        attention = self.d_model * self.head_dim * (2 * self.n_heads + 2 * self.n_kv_heads)
        block = attention + 3 * self.d_model * self.d_ff + 2 * self.d_model
        return self.vocab_size * self.d_model + self.n_layers * block + self.d_model

    def to_json(self) -> str:
        """The text of `config.json`."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_file(cls, path: Path) -> ModelConfig:
        """Read `config.json`.

        Raises:
            ModelError: it is missing, is not JSON, lacks or misnames a field, or has a value that cannot work.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ModelError(f"cannot read {path}: {error.strerror}. Is this a model folder?") from error
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{path} is not valid JSON ({error}). Fetch the model folder again.") from error
        _check_fields(data, cls, path)
        _check_fields(data["special"], SpecialTokens, path)
        try:
            return cls(**{**data, "special": SpecialTokens(**data["special"])})
        except ModelError as error:
            raise ModelError(f"{path} describes no model that can work: {error}") from error


def _check_fields(data: Any, of: type[ModelConfig | SpecialTokens], path: Path) -> None:
    """Raise `ModelError` unless `data` holds exactly the fields of `of`, each of the right type."""
    expected = {field.name: field.type for field in fields(of)}
    if not isinstance(data, dict) or set(data) != set(expected):
        raise ModelError(f"{path} does not have the fields of a mim-lsp model. Fetch the model folder again.")
    accepted = {"int": (int,), "float": (int, float), "SpecialTokens": (dict,)}
    for name, value in data.items():
        if isinstance(value, bool) or not isinstance(value, accepted[str(expected[name])]):
            kind = type(value).__name__
            raise ModelError(f"{path}: {name} must be {expected[name]}, not {kind}. Fetch the model folder again.")
