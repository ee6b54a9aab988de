"""A `Runtime` on the C++ core in native/: int8 or int4 weights, both directions in one pass over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from itertools import accumulate
from pathlib import Path

from mim_lsp.errors import Cancelled, ModelError
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.tensors import Int4Groups, Int8Rows, StoredTensor, read_tensors, release_pages
from mim_lsp.runtime.native import _native
from mim_lsp.runtime.native.threads import choose_step_threads, most_threads
from mim_lsp.runtime.protocol import CancelFlag, Distribution, Feed


def open_native_runtime(config: ModelConfig, weights: Path, threads: int | None = None) -> NativeRuntime:
    """Load weights and pack them for this processor.

    Args:
        config: the shape that the weights must have.
        weights: `model.safetensors`.
        threads: how many threads compute; None: all cores read, and decode steps have as many threads as are worth it
            here, which takes a few steps to find out.

    Raises:
        ModelError: the weights are missing, truncated, or of another shape.
    """
    return NativeRuntime(config, read_tensors(weights, config), threads)


class NativeRuntime:
    """Implements `mim_lsp.runtime.protocol.Runtime`."""

    def __init__(self, config: ModelConfig, tensors: dict[str, StoredTensor], threads: int | None = None) -> None:
        self._config = config
        buffers = {name: _buffers(tensor) for name, tensor in tensors.items()}
        try:
            self.core = _native.Model(
                asdict(config), buffers, threads or most_threads(), layer_packed=partial(release_pages, tensors)
            )
        except ValueError as error:  # of a shape that the core cannot run
            raise ModelError(f"this model cannot run on the native core: {error}.") from error
        if threads is None:
            choose_step_threads(self.core)

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        return self._config.vocab_size

    @property
    def context_length(self) -> int:
        """Longest row that the model was trained on, in tokens."""
        return self._config.context_length

    def open_row(self) -> int:
        """A new, empty row."""
        return self.core.open_row()

    def close_row(self, row: int) -> None:
        """Free a row's cache."""
        self.core.close_row(row)

    def truncate(self, row: int, length: int) -> None:
        """Forget all but the first `length` tokens of a row."""
        self.core.truncate(row, length)

    def step(self, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[Sequence[Distribution]]:
        """One pass over the weights; see `Runtime.step`. The flag is looked at between layers, without the GIL."""
        found = self.core.step(
            rows=[feed.row for feed in feeds],
            ids=[i for feed in feeds for i in feed.ids],
            counts=[len(feed.ids) for feed in feeds],
            outputs=[feed.outputs for feed in feeds],
            cancel=cancel.buffer if cancel else None,
        )
        if found is None:
            raise Cancelled
        ends = accumulate(feed.outputs for feed in feeds)
        return [found[end - feed.outputs : end] for feed, end in zip(feeds, ends, strict=True)]


def _buffers(tensor: StoredTensor) -> memoryview | tuple[memoryview, memoryview]:
    """What the core takes for a tensor; it has no kernels for plain matrices, and rounds these to int8 rows."""
    if isinstance(tensor, Int8Rows):
        return tensor.values, tensor.scales
    if isinstance(tensor, Int4Groups):
        return tensor.nibbles, tensor.scales
    return tensor
