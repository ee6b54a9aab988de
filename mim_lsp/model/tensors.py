"""What `model.safetensors` holds, without PyTorch and NumPy: which tensors a model asks for, and how they are kept.

A matrix `NAME` of `rows` outputs and `columns` inputs is kept in one of three ways, and a file may mix them:

    int8 rows    NAME int8 (rows, columns),      NAME.scale float32 (rows,),        w = NAME * NAME.scale
    int4 groups  NAME uint8 (rows, columns / 2), NAME.scale float16 (rows, groups), w = (nibble - 8) * NAME.scale
    plain        NAME float32 (rows, columns)

An int4 group is 32 or 64 inputs that share a scale, and divides the columns. A byte's low nibble is the even input.
A vector is float32. Tensors are memoryviews here; `mim_lsp.model.arrays` computes with them.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple

from mim_lsp.errors import ModelError
from mim_lsp.model.config import ModelConfig

SCALE = ".scale"
GROUPS = (32, 64)
"""Inputs that may share a scale in an int4 matrix."""

Shape = tuple[int, ...]

_TYPES = {"I8": "int8", "U8": "uint8", "F16": "float16", "F32": "float32"}
_BYTES = {"I8": 1, "U8": 1, "F16": 2, "F32": 4}
_FORMATS: Mapping[str, Any] = {"int8": "b", "uint8": "B", "float16": "H", "float32": "f"}
"""Of memoryviews; these have no float16."""
_MOST_DIMENSIONS = 8
"""Of a tensor that is looked at."""
_USUAL = bytes(byte for byte in range(0x100) if byte & 0x7F < 0x47)
"""Top bytes of float32 values below 2**15. No weight, norm or scale is larger; one flipped bit in an exponent makes one
of 10**36, with which a model writes nothing but nonsense."""
_NO_NUMBERS = *range(0x7C, 0x80), *range(0xFC, 0x100)
"""Top bytes of float16 values that are not finite."""


@dataclass(frozen=True)
class Int8Rows:
    """A matrix with a scale for each output."""

    values: memoryview
    """(rows, columns), int8."""
    scales: memoryview
    """(rows,), float32, finite."""

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        rows, columns = self.values.shape or ()
        return rows, columns


@dataclass(frozen=True)
class Int4Groups:
    """A matrix with a scale for each `group` inputs of an output."""

    nibbles: memoryview
    """(rows, columns / 2), uint8, the even input in the low nibble."""
    scales: memoryview
    """(rows, groups), the bits of float16 as uint16, finite; a scale may be negative."""
    group: int
    """Inputs that share a scale: one of `GROUPS`."""

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        rows, pairs = self.nibbles.shape or ()
        return rows, 2 * pairs


StoredTensor = Int8Rows | Int4Groups | memoryview
"""A matrix, or as float32 of one or two dimensions a vector or a plain matrix."""


def shapes(config: ModelConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every tensor of a model: (outputs, inputs) of a matrix, (width,) of a vector."""
    D, F = config.d_model, config.d_ff
    queries, keys = config.n_heads * config.head_dim, config.n_kv_heads * config.head_dim
    yield "embedding.weight", (config.vocab_size, D)
    for layer in range(config.n_layers):
        block = f"blocks.{layer}"
        yield f"{block}.attention_norm.weight", (D,)
        yield f"{block}.attention.q.weight", (queries, D)
        yield f"{block}.attention.k.weight", (keys, D)
        yield f"{block}.attention.v.weight", (keys, D)
        yield f"{block}.attention.out.weight", (D, queries)
        yield f"{block}.feed_forward_norm.weight", (D,)
        yield f"{block}.feed_forward.gate.weight", (F, D)
        yield f"{block}.feed_forward.up.weight", (F, D)
        yield f"{block}.feed_forward.down.weight", (D, F)
    yield "norm.weight", (D,)


def read_tensors(path: Path, config: ModelConfig) -> dict[str, StoredTensor]:
    """The tensors of a model, each checked against `config`, by name and in the order of `shapes`.

    Values are read-only views of the mapped file, so that only what is used is read; floats are copies.

    Raises:
        ModelError: the file is missing or truncated, lacks a tensor or has one too many, or one has the wrong shape or
            type, or a scale or float is not finite or absurdly large.
    """
    stored = _map_file(path)
    try:
        tensors = {name: _take(stored, name, shape) for name, shape in shapes(config)}
        if stored:
            raise _UnfitError(f"{next(iter(stored))!r:.100} is not a tensor of it")
    except _UnfitError as unfit:
        raise ModelError(f"{path} does not fit its config.json ({unfit}). Fetch the model folder again.") from unfit
    return tensors


def release_pages(tensors: Mapping[str, StoredTensor]) -> None:
    """Let go of the memory that what was read of a mapped file is in; it is read again where it is asked for.

    Does nothing for tensors that are of no file, and where the system knows no such advice.
    """
    values = (_values(tensor).obj for tensor in tensors.values())
    mapped = next((each for each in values if isinstance(each, mmap)), None)
    if mapped is not None and sys.platform != "win32":
        from mmap import MADV_DONTNEED  # there is none on Windows

        mapped.madvise(MADV_DONTNEED)


def _values(tensor: StoredTensor) -> memoryview:
    if isinstance(tensor, Int8Rows):
        return tensor.values
    return tensor.nibbles if isinstance(tensor, Int4Groups) else tensor


class _UnfitError(Exception):
    """What is wrong with a tensor."""


class _Entry(NamedTuple):
    """A tensor as the file has it."""

    dtype: str
    shape: Shape
    data: memoryview
    """Its bytes."""

    def view(self) -> memoryview:
        """Its values where they lie."""
        return _cast(self.data, self.dtype, self.shape)

    def copy(self, name: str) -> memoryview:
        """An aligned copy of floats in this machine's byte order: in the file they may lie anywhere."""
        data = bytes(self.data)
        if not _is_sane(data, self.dtype):
            raise _UnfitError(f"{name} has a value that is not finite or absurdly large")
        values = array(_FORMATS[self.dtype], data)
        if sys.byteorder == "big":
            values.byteswap()
        return _cast(memoryview(values).cast("B"), self.dtype, self.shape)


def _cast(data: memoryview, dtype: str, shape: Shape) -> memoryview:
    values: memoryview = data.cast(_FORMATS[dtype], shape)
    return values


def _is_sane(data: bytes, dtype: str) -> bool:
    """Whether all values are numbers, and none is far too large. A look at their top bytes tells it."""
    if dtype == "float16":
        tops = data[1::2]
        return not any(byte in tops for byte in _NO_NUMBERS)
    return not data[3::4].translate(None, delete=_USUAL)


def _map_file(path: Path) -> dict[str, _Entry]:
    """The file's tensors by name.

    Mapped here, since the `safetensors` library imports NumPy, and copies what it reads: 70 ms for 110 MB against 3.
    """
    try:
        with path.open("rb") as file:
            return _entries(memoryview(mmap(file.fileno(), 0, access=ACCESS_READ)))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"cannot read {path} ({error}). Fetch the model folder again.") from error


def _entries(content: memoryview) -> dict[str, _Entry]:
    """The tensors of a file: 8 bytes with the length of a header in JSON, the header, and the values."""
    start = 8 + int.from_bytes(content[:8], "little")
    if start > len(content):
        raise ValueError("it ends within its header")
    header = json.loads(bytes(content[8:start]))
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    header.pop("__metadata__", None)
    return {name: _entry(content[start:], name, described) for name, described in header.items()}


def _entry(data: memoryview, name: str, described: Any) -> _Entry:
    """The tensor that a header's entry describes."""
    match described:
        case {"dtype": str(kind), "shape": list(shape), "data_offsets": [int(start), int(end)]}:
            is_within = 0 <= start <= end <= len(data)
            if is_within and _is_shape(shape, end - start, _BYTES.get(kind)) and kind[:20].isidentifier():
                return _Entry(_TYPES.get(kind, kind[:20]), tuple(shape), data[start:end])
    raise ValueError(f"its header does not describe {name!r:.100} as it is")


def _is_shape(shape: list[Any], n_bytes: int, value_bytes: int | None) -> bool:
    """Whether so many bytes are a tensor of this shape, of a type that is known; of another one nothing is used."""
    if len(shape) > _MOST_DIMENSIONS or not all(type(size) is int and size >= 0 for size in shape):
        return False
    return value_bytes is None or math.prod(shape) * value_bytes == n_bytes


def _take(stored: dict[str, _Entry], name: str, shape: Shape) -> StoredTensor:
    """Take the tensor `name` of `shape` out of `stored`, with its scale if it has one."""
    entry = _take_entry(stored, name)
    if entry.dtype == "float32":
        return _checked(entry, name, shape).copy(name)
    if len(shape) == 1:
        raise _UnfitError(f"{name} must be float32, not {entry.dtype}")
    if entry.dtype == "int8":
        scales = _take_scales(stored, name, "float32", (shape[:1],), "row")
        return Int8Rows(_checked(entry, name, shape).view(), scales)
    if entry.dtype == "uint8":
        return _take_int4(stored, name, entry, shape)
    raise _UnfitError(f"{name} must be int8, int4 or float32, not {entry.dtype}")


def _take_int4(stored: dict[str, _Entry], name: str, entry: _Entry, shape: Shape) -> Int4Groups:
    rows, columns = shape
    group_of: dict[Shape | None, int] = {(rows, columns // group): group for group in GROUPS if columns % group == 0}
    scales = _take_scales(stored, name, "float16", tuple(group_of), "group of 32 or 64")
    return Int4Groups(_checked(entry, name, (rows, columns // 2)).view(), scales, group_of[scales.shape])


def _take_scales(
    stored: dict[str, _Entry], name: str, dtype: str, accepted: tuple[Shape | None, ...], each: str
) -> memoryview:
    if name + SCALE not in stored:
        raise _UnfitError(f"{name} needs a scale for each {each}")
    scales = _take_entry(stored, name + SCALE)
    if scales.dtype != dtype or scales.shape not in accepted:
        raise _UnfitError(
            f"{name} needs a scale for each {each}, {dtype}, not {scales.dtype} {_dimensions(scales.shape)}"
        )
    return scales.copy(name + SCALE)


def _take_entry(stored: dict[str, _Entry], name: str) -> _Entry:
    if name not in stored:
        raise _UnfitError(f"{name} is missing")
    entry = stored.pop(name)
    if entry.dtype not in _FORMATS:
        raise _UnfitError(f"{name} has the type {entry.dtype}, which no model has")
    return entry


def _checked(entry: _Entry, name: str, shape: Shape) -> _Entry:
    if entry.shape != shape:
        raise _UnfitError(f"{name} is {_dimensions(entry.shape)}, not {_dimensions(shape)}")
    return entry


def _dimensions(shape: Shape) -> str:
    return " x ".join(map(str, shape))[:50] or "a number"
