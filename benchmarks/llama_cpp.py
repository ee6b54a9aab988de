"""llama.cpp as a `Runtime`, through its own C interface: the very same measurements run on it and on ours."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mim_lsp.errors import MimError
from mim_lsp.runtime.arrays import distributions
from mim_lsp.runtime.protocol import CancelFlag, Distribution, Feed

DEFAULT_BUILD = Path("build/llama.cpp")
"""Where `benchmarks/build_llama_cpp.sh` leaves its build."""
ROW_LENGTH = 2048
"""Tokens that a row's cache holds."""


@dataclass
class LlamaCppRuntime:
    """Implements `mim_lsp.runtime.protocol.Runtime`, but returns plain logits: a server that chooses greedily needs no
    more. Everything is at llama.cpp's defaults but the number of threads."""

    model: Path
    threads: int
    rows: int = 3
    """Sequences of its context, each with a cache of its own."""
    build: Path = DEFAULT_BUILD
    context_length: int = ROW_LENGTH
    _lengths: dict[int, int] = field(default_factory=dict)
    """Tokens of each open row."""

    def __post_init__(self) -> None:
        self._library = _load(self.build)
        self._driver = self._library.driver_open(bytes(self.model), self.rows, ROW_LENGTH, self.threads)
        if not self._driver:
            raise MimError(
                f"llama.cpp cannot open {self.model}. Write it again with python -m benchmarks.random_models."
            )
        self.vocab_size = int(self._library.driver_vocab_size(self._driver))
        self._batch_size = int(self._library.driver_batch_size(self._driver))

    def close(self) -> None:
        """Free all memory; the runtime is of no use afterwards."""
        self._library.driver_close(self._driver)

    def open_row(self) -> int:
        """A new, empty row; there are no more than `rows`."""
        row = next(row for row in range(self.rows) if row not in self._lengths)
        self._lengths[row] = 0
        return row

    def close_row(self, row: int) -> None:
        """Free a row."""
        self.truncate(row, 0)
        del self._lengths[row]

    def truncate(self, row: int, length: int) -> None:
        """Forget all but the first `length` tokens of a row."""
        failed = self._library.driver_forget(self._driver, row, length, -1)
        assert not failed
        self._lengths[row] = length

    def move(self, row: int, start: int, end: int, to: int) -> None:
        """Move the tokens at positions start to end of a row forward to position `to`, over those in between.

        What is behind them must be moved or truncated before the next step.
        """
        failed = self._library.driver_forget(self._driver, row, to, start)
        assert not failed
        self._library.driver_shift(self._driver, row, start, end, to - start)

    def step(self, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[Sequence[Distribution]]:
        """One `llama_decode`; logits (outputs, vocab_size) of each feed, valid until the next step."""
        tokens = [token for feed in feeds for token in feed.ids]
        assert len(tokens) <= self._batch_size
        positions = [self._lengths[feed.row] + i for feed in feeds for i in range(len(feed.ids))]
        rows = [feed.row for feed in feeds for _ in feed.ids]
        wanted = [i >= len(feed.ids) - feed.outputs for feed in feeds for i in range(len(feed.ids))]
        n = len(tokens)
        failed = self._library.driver_decode(
            self._driver, n, _ints(tokens), _ints(positions), _ints(rows), (ctypes.c_byte * n)(*wanted)
        )
        if failed:
            raise MimError(f"llama_decode failed with code {failed}")
        for feed in feeds:
            self._lengths[feed.row] += len(feed.ids)
        return self._outputs(feeds)

    def _outputs(self, feeds: Sequence[Feed]) -> list[Sequence[Distribution]]:
        """Views of the logits; llama.cpp keeps those of a batch one behind the other."""
        out: list[Sequence[Distribution]] = []
        end = 0
        for feed in feeds:
            end += len(feed.ids)
            first = self._library.driver_logits(self._driver, end - feed.outputs)
            out.append(distributions(np.ctypeslib.as_array(first, (feed.outputs, self.vocab_size))))
        return out


def version(build: Path = DEFAULT_BUILD) -> str:
    """What was built, for the report's head."""
    return (build / "build/VERSION").read_text(encoding="utf-8").strip()


def _ints(values: Sequence[int]) -> ctypes.Array[ctypes.c_int]:
    return (ctypes.c_int * len(values))(*values)


def _load(build: Path) -> ctypes.CDLL:
    path = (build / "build/bin/libllama_cpp_driver.so").resolve()
    if not path.is_file():
        raise MimError(f"{path} is missing: build llama.cpp with benchmarks/build_llama_cpp.sh.")
    library = ctypes.CDLL(str(path))
    int_p = ctypes.POINTER(ctypes.c_int)
    library.driver_open.restype = ctypes.c_void_p
    library.driver_open.argtypes = [ctypes.c_char_p, *[ctypes.c_int] * 3]
    library.driver_close.argtypes = [ctypes.c_void_p]
    library.driver_vocab_size.argtypes = [ctypes.c_void_p]
    library.driver_batch_size.argtypes = [ctypes.c_void_p]
    library.driver_decode.argtypes = [ctypes.c_void_p, ctypes.c_int, int_p, int_p, int_p, ctypes.POINTER(ctypes.c_byte)]
    library.driver_logits.restype = ctypes.POINTER(ctypes.c_float)
    library.driver_logits.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.driver_forget.argtypes = [ctypes.c_void_p, *[ctypes.c_int] * 3]
    library.driver_shift.argtypes = [ctypes.c_void_p, *[ctypes.c_int] * 4]
    return library
