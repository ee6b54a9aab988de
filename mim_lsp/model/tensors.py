"""What `model.safetensors` holds, without PyTorch: which tensors a configuration asks for, and how they are kept.

A matrix `NAME` of `rows` outputs and `columns` inputs is kept in one of three ways, and a file may mix them:

    int8 rows    NAME int8 (rows, columns),      NAME.scale float32 (rows,),        w = NAME * NAME.scale
    int4 groups  NAME uint8 (rows, columns / 2), NAME.scale float16 (rows, groups), w = (nibble - 8) * NAME.scale
    plain        NAME float32 (rows, columns)

An int4 group is 32 or 64 inputs that share a scale, and divides the columns. A byte's low nibble is the even input.
A vector is float32.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mim_lsp.errors import ModelError
from mim_lsp.model.config import ModelConfig

SCALE = ".scale"
GROUPS = (32, 64)
"""Inputs that may share a scale in an int4 matrix."""
INT4_ZERO = 8
"""The nibble that stands for zero."""

FloatArray = npt.NDArray[np.float32]

_DTYPES = {"I8": "|i1", "U8": "|u1", "F16": "<f2", "F32": "<f4"}


@dataclass(frozen=True)
class Int8Rows:
    """A matrix with a scale for each output."""

    values: npt.NDArray[np.int8]
    """(rows, columns)"""
    scales: FloatArray
    """(rows,), finite."""

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        return self.values.shape[0], self.values.shape[1]

    def dequantize(self) -> FloatArray:
        """The weights (rows, columns)."""
        return self.values * self.scales[:, None]


@dataclass(frozen=True)
class Int4Groups:
    """A matrix with a scale for each `group` inputs of an output."""

    nibbles: npt.NDArray[np.uint8]
    """(rows, columns / 2), the even input in the low nibble."""
    scales: npt.NDArray[np.float16]
    """(rows, groups), finite; a scale may be negative."""
    group: int
    """Inputs that share a scale: one of `GROUPS`."""

    @classmethod
    def pack(cls, values: npt.NDArray[np.int8], scales: npt.NDArray[np.float16], group: int) -> Int4Groups:
        """Pack `values` (rows, columns), each in -8..7; `group` divides the columns."""
        assert group in GROUPS
        assert values.shape == (len(scales), group * scales.shape[1])
        assert values.min() >= -INT4_ZERO
        assert values.max() < INT4_ZERO
        unsigned = (values + np.int8(INT4_ZERO)).astype(np.uint8)
        return cls(unsigned[:, ::2] | unsigned[:, 1::2] << np.uint8(4), scales, group)

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs and inputs."""
        return self.nibbles.shape[0], 2 * self.nibbles.shape[1]

    @property
    def values(self) -> npt.NDArray[np.int8]:
        """(rows, columns), each in -8..7."""
        pairs = np.stack((self.nibbles & 15, self.nibbles >> 4), axis=-1).view(np.int8)
        return pairs.reshape(self.shape) - np.int8(INT4_ZERO)

    def dequantize(self) -> FloatArray:
        """The weights (rows, columns)."""
        return self.values * self.scales.astype(np.float32).repeat(self.group, axis=1)


StoredTensor = Int8Rows | Int4Groups | FloatArray
"""A matrix, or as a float array of one or two dimensions a vector or a plain matrix."""


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

    Values are read-only views of the mapped file, so that only what is used is read; scales and vectors are copies.

    Raises:
        ModelError: the file is missing or truncated, lacks a tensor or has one too many, or one has the wrong shape or
            type, or a scale or float is not finite.
    """
    stored = _map_file(path)
    try:
        tensors = {name: _take(stored, name, shape) for name, shape in shapes(config)}
        if stored:
            raise _UnfitError(f"{next(iter(stored))!r:.100} is not a tensor of it")
    except _UnfitError as unfit:
        raise ModelError(f"{path} does not fit its config.json ({unfit}). Fetch the model folder again.") from unfit
    return tensors


def write_tensors(path: Path, tensors: Mapping[str, StoredTensor]) -> None:
    """Write `model.safetensors`."""
    stored: dict[str, npt.NDArray[Any]] = {}
    for name, tensor in tensors.items():
        match tensor:
            case Int8Rows():
                stored[name], stored[name + SCALE] = tensor.values, tensor.scales
            case Int4Groups():
                stored[name], stored[name + SCALE] = tensor.nibbles, tensor.scales
            case _:
                stored[name] = tensor
    # The library's own way to write a file lets only its owner read it.
    path.write_bytes(save({name: np.ascontiguousarray(array) for name, array in stored.items()}, {"format": "mim-lsp"}))


class _UnfitError(Exception):
    """What is wrong with a tensor."""


def _map_file(path: Path) -> dict[str, npt.NDArray[Any] | str]:
    """Views of the file's tensors by name; of a type that no model has, the type's name instead.

    The library checks the header, but copies what it reads: 70 ms for 110 MB against 3 ms for a map.
    """
    try:
        with safe_open(path, framework="np"):
            pass
        with path.open("rb") as file:
            header_bytes = int.from_bytes(file.read(8), "little")
            header: dict[str, Any] = json.loads(file.read(header_bytes))
            data = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))[8 + header_bytes :]
    except (OSError, SafetensorError) as error:
        raise ModelError(f"cannot read {path} ({error}). Fetch the model folder again.") from error
    header.pop("__metadata__", None)
    return {name: _view(data, entry) for name, entry in header.items()}


def _view(data: memoryview, entry: dict[str, Any]) -> npt.NDArray[Any] | str:
    """The tensor that a header's entry describes; the library has checked that its size is that of its range."""
    dtype = _DTYPES.get(entry["dtype"])
    if dtype is None:
        return str(entry["dtype"])
    start, end = entry["data_offsets"]
    return np.frombuffer(data[start:end], dtype).reshape(entry["shape"])


def _take(stored: dict[str, npt.NDArray[Any] | str], name: str, shape: tuple[int, ...]) -> StoredTensor:
    """Take the tensor `name` of `shape` out of `stored`, with its scale if it has one."""
    array = _take_array(stored, name)
    if array.dtype == np.float32:
        return _checked(_copied(array), name, shape)
    if len(shape) == 1:
        raise _UnfitError(f"{name} must be float32, not {array.dtype}")
    if array.dtype == np.int8:
        scales = _take_scales(stored, name, np.float32, (shape[:1],), "row")
        return Int8Rows(_checked(array, name, shape), scales)
    if array.dtype == np.uint8:
        return _take_int4(stored, name, array, shape)
    raise _UnfitError(f"{name} must be int8, int4 or float32, not {array.dtype}")


def _take_int4(
    stored: dict[str, npt.NDArray[Any] | str], name: str, array: npt.NDArray[np.uint8], shape: tuple[int, ...]
) -> Int4Groups:
    rows, columns = shape
    group_of = {(rows, columns // group): group for group in GROUPS if columns % group == 0}
    scales = _take_scales(stored, name, np.float16, tuple(group_of), "group of 32 or 64")
    return Int4Groups(_checked(array, name, (rows, columns // 2)), scales, group_of[scales.shape])


def _take_scales(
    stored: dict[str, npt.NDArray[Any] | str],
    name: str,
    dtype: type[np.floating[Any]],
    accepted: tuple[tuple[int, ...], ...],
    each: str,
) -> npt.NDArray[Any]:
    if name + SCALE not in stored:
        raise _UnfitError(f"{name} needs a scale for each {each}")
    scales = _take_array(stored, name + SCALE)
    if scales.dtype != dtype or scales.shape not in accepted:
        kind = np.dtype(dtype)
        raise _UnfitError(f"{name} needs a scale for each {each}, {kind}, not {scales.dtype} {_dimensions(scales)}")
    return _finite(_copied(scales), name + SCALE)


def _take_array(stored: dict[str, npt.NDArray[Any] | str], name: str) -> npt.NDArray[Any]:
    if name not in stored:
        raise _UnfitError(f"{name} is missing")
    array = stored.pop(name)
    if isinstance(array, str):
        raise _UnfitError(f"{name} has the type {array}, which no model has")
    return array


def _checked(array: npt.NDArray[Any], name: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    if array.shape != shape:
        wanted = " x ".join(map(str, shape))
        raise _UnfitError(f"{name} is {_dimensions(array)}, not {wanted}")
    return _finite(array, name) if array.dtype.kind == "f" else array


def _finite(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    if not np.isfinite(array).all():
        raise _UnfitError(f"{name} has a value that is not finite")
    return array


def _copied(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An aligned copy in this machine's byte order: in the file floats may lie anywhere."""
    return array.astype(array.dtype.newbyteorder("="))


def _dimensions(array: npt.NDArray[Any]) -> str:
    return " x ".join(map(str, array.shape))[:50] or "a number"
