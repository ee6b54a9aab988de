"""The shape of a model, as `config.json` in its folder keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mim_lsp.errors import ModelError

N_SPECIAL_TOKENS = 8
"""The last ids of every vocabulary: six special tokens and two in reserve. No text encodes to them."""


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
    """Width of a head."""
    d_ff: int = 704
    """Width of the SwiGLU layer."""
    context_length: int = 512
    """Longest row that the model was trained on, in tokens."""
    rope_theta: float = 10000.0
    """Base of the rotary position frequencies."""
    norm_eps: float = 1e-5
    """Added to the mean square in RMSNorm."""
    special: SpecialTokens = field(default_factory=lambda: SpecialTokens.at_the_end_of(16384))

    def __post_init__(self) -> None:
        if self.n_heads % self.n_kv_heads:
            raise ModelError(f"n_heads ({self.n_heads}) must be a multiple of n_kv_heads ({self.n_kv_heads}).")
        if min(asdict(self.special).values()) < 0 or max(asdict(self.special).values()) >= self.vocab_size:
            raise ModelError(f"special token ids must lie in the vocabulary of {self.vocab_size} ids.")

    @property
    def n_text_tokens(self) -> int:
        """Ids below this one are text."""
        return self.vocab_size - N_SPECIAL_TOKENS

    def to_json(self) -> str:
        """The text of `config.json`."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_file(cls, path: Path) -> ModelConfig:
        """Read `config.json`.

        Raises:
            ModelError: it is missing, is not JSON, or lacks or misnames a field.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ModelError(f"cannot read {path}: {error.strerror}. Is this a model folder?") from error
        except ValueError as error:
            raise ModelError(f"{path} is not valid JSON ({error}). Fetch the model folder again.") from error
        return cls._from_dict(data, path)

    @classmethod
    def _from_dict(cls, data: Any, path: Path) -> ModelConfig:
        if not isinstance(data, dict) or set(data) != {f.name for f in fields(cls)}:
            raise ModelError(f"{path} does not have the fields of a mim-lsp model. Fetch the model folder again.")
        try:
            special = SpecialTokens(**{name: int(value) for name, value in data.pop("special").items()})
            numbers = {
                f.name: (float if f.type == "float" else int)(data[f.name]) for f in fields(cls) if f.name in data
            }
            return cls(**numbers, special=special)  # type: ignore[arg-type]
        except (TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"{path} has a field of the wrong type ({error}).") from error
