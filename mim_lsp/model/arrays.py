"""The tensors of `mim_lsp.model.tensors` as NumPy arrays: making, writing and computing with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from mim_lsp.model.tensors import GROUPS, SCALE, Int4Groups, Int8Rows, StoredTensor

INT4_ZERO = 8
"""The nibble that stands for zero."""

FloatArray = npt.NDArray[np.float32]


def floats(tensor: StoredTensor) -> FloatArray:
    """The weights (rows, columns) of a matrix, or the vector; a vector or a plain matrix is not copied."""
    match tensor:
        case Int8Rows():
            rows: FloatArray = np.asarray(tensor.values) * np.asarray(tensor.scales)[:, None]
            return rows
        case Int4Groups():
            scales = int4_scales(tensor).astype(np.float32).repeat(tensor.group, axis=1)
            groups: FloatArray = int4_values(tensor) * scales
            return groups
    return np.asarray(tensor)


def plain(values: FloatArray) -> memoryview:
    """A vector, or a matrix that is kept as it is."""
    return view(values.astype(np.float32, copy=False))


def int8_rows(values: npt.NDArray[np.int8], scales: FloatArray) -> Int8Rows:
    """A matrix of `values` (rows, columns) with a scale for each row."""
    assert values.dtype == np.int8
    assert scales.dtype == np.float32
    return Int8Rows(view(values), view(scales))


def int4_groups(values: npt.NDArray[np.int8], scales: npt.NDArray[np.float16], group: int) -> Int4Groups:
    """Pack `values` (rows, columns), each in -8..7, with scales (rows, groups); `group` divides the columns."""
    assert group in GROUPS
    assert scales.dtype == np.float16
    assert values.shape == (len(scales), group * scales.shape[1])
    assert values.min() >= -INT4_ZERO
    assert values.max() < INT4_ZERO
    unsigned = (values + np.int8(INT4_ZERO)).astype(np.uint8)
    return Int4Groups(view(unsigned[:, ::2] | unsigned[:, 1::2] << np.uint8(4)), view(scales.view(np.uint16)), group)


def int4_values(matrix: Int4Groups) -> npt.NDArray[np.int8]:
    """(rows, columns), each in -8..7."""
    nibbles = np.asarray(matrix.nibbles)
    pairs = np.stack((nibbles & 15, nibbles >> 4), axis=-1).view(np.int8)
    return pairs.reshape(matrix.shape) - np.int8(INT4_ZERO)


def int4_scales(matrix: Int4Groups) -> npt.NDArray[np.float16]:
    """(rows, groups)."""
    return np.asarray(matrix.scales).view(np.float16)


def write_tensors(path: Path, tensors: Mapping[str, StoredTensor]) -> None:
    """Write `model.safetensors`."""
    stored: dict[str, npt.NDArray[Any]] = {}
    for name, tensor in tensors.items():
        match tensor:
            case Int8Rows():
                stored[name], stored[name + SCALE] = np.asarray(tensor.values), np.asarray(tensor.scales)
            case Int4Groups():
                stored[name], stored[name + SCALE] = np.asarray(tensor.nibbles), int4_scales(tensor)
            case _:
                stored[name] = np.asarray(tensor)
    # The library's own way to write a file lets only its owner read it.
    path.write_bytes(save(stored, {"format": "mim-lsp"}))


def view(values: npt.NDArray[Any]) -> memoryview:
    """An array's values in one piece."""
    return memoryview(np.ascontiguousarray(values).data)
