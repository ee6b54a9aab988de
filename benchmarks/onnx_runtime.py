"""onnxruntime as a `Runtime`: a graph of its own contributed operators for quantized language models.

Weights are `MatMulNBits` of our int4 or int8 values, attention is `GroupQueryAttention` on a float32 cache that it
updates in place. The graph is built by hand, since its own exporter needs a model of a known family.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from mim_lsp.model.arrays import floats, int4_scales
from mim_lsp.model.config import ModelConfig
from mim_lsp.model.folder import WEIGHTS, read_config
from mim_lsp.model.tensors import Int4Groups, StoredTensor, read_tensors
from mim_lsp.runtime.arrays import distributions
from mim_lsp.runtime.protocol import CancelFlag, Distribution, Feed

ROW_LENGTH = 2048
"""Tokens that a row's cache holds."""
ROWS = 3
BLOCK = 32
"""Inputs that share a scale, in both widths."""
_CONTRIB = "com.microsoft"
_INT8_COMPUTE = 4
"""The `accuracy_level` at which activations are rounded to int8: the fastest one."""


class OnnxRuntime:
    """Implements `mim_lsp.runtime.protocol.Runtime`, but returns plain logits."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._config = config = read_config(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        graph = build_graph(config, read_tensors(folder / WEIGHTS, config))
        self._session = onnxruntime.InferenceSession(graph.SerializeToString(), options, ["CPUExecutionProvider"])
        shape = (2 * config.n_layers, ROWS, config.n_kv_heads, ROW_LENGTH, config.head_dim)
        self._caches = np.zeros(shape, np.float32)
        self._lengths: dict[int, int] = {}
        self.vocab_size, self.context_length = config.vocab_size, ROW_LENGTH
        self._bound = lru_cache(None)(self._bind)

    def open_row(self) -> int:
        """A new, empty row; there are no more than `ROWS`."""
        row = next(row for row in range(ROWS) if row not in self._lengths)
        self._lengths[row] = 0
        return row

    def close_row(self, row: int) -> None:
        """Free a row."""
        del self._lengths[row]

    def truncate(self, row: int, length: int) -> None:
        """Forget all but the first `length` tokens of a row."""
        self._lengths[row] = length

    def step(self, feeds: Sequence[Feed], cancel: CancelFlag | None = None) -> list[Sequence[Distribution]]:
        """Logits of each feed, valid until the next step.

        Rows go together where they are neighbours and get one token each; the operator takes longer pieces one row at
        a time.
        """
        rows = [feed.row for feed in feeds]
        if rows == list(range(rows[0], rows[0] + len(rows))) and all(len(feed.ids) == 1 for feed in feeds):
            return self._pass(feeds)
        return [self._pass([feed])[0] for feed in feeds]

    def _pass(self, feeds: Sequence[Feed]) -> list[Sequence[Distribution]]:
        bound = self._bound(feeds[0].row, len(feeds), len(feeds[0].ids), feeds[0].outputs)
        bound.ids[:] = [feed.ids for feed in feeds]
        ends = [self._lengths[feed.row] + len(feed.ids) for feed in feeds]
        bound.last_positions[:] = [end - 1 for end in ends]
        bound.total_length[:] = max(ends)
        self._session.run_with_iobinding(bound.binding)
        for feed, end in zip(feeds, ends, strict=True):
            self._lengths[feed.row] = end
        return [distributions(logits) for logits in bound.logits]

    def _bind(self, first_row: int, n_rows: int, n_tokens: int, outputs: int) -> _Bound:
        """The buffers of a pass of this form, made once."""
        return _Bound(
            self._session, self._caches[:, first_row : first_row + n_rows], n_tokens, outputs, self.vocab_size
        )


class _Bound:
    """Inputs and outputs of a pass that stay where they are in memory; caches are read and written in place."""

    def __init__(
        self, session: Any, caches: npt.NDArray[np.float32], n_tokens: int, outputs: int, vocab_size: int
    ) -> None:
        n_rows = caches.shape[1]
        self.binding = session.io_binding()
        self.ids = np.zeros((n_rows, n_tokens), np.int64)
        self.last_positions = np.zeros(n_rows, np.int32)
        self.total_length = np.zeros(1, np.int32)
        self.first_output = np.array([n_tokens - outputs], np.int64)
        self.logits = np.zeros((n_rows, outputs, vocab_size), np.float32)
        for name in ("ids", "last_positions", "total_length", "first_output"):
            self._bind(self.binding.bind_input, name, getattr(self, name))
        self._bind(self.binding.bind_output, "logits", self.logits)
        for i, cache in enumerate(caches):
            self._bind(self.binding.bind_input, f"past.{i}", cache)
            self._bind(self.binding.bind_output, f"present.{i}", cache)

    @staticmethod
    def _bind(bind: Any, name: str, array: npt.NDArray[Any]) -> None:
        bind(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)


def build_graph(config: ModelConfig, tensors: dict[str, StoredTensor]) -> onnx.ModelProto:
    """The decoder: ids (rows, tokens) to logits (rows, outputs, vocab_size), with a cache for each layer's keys (even
    numbers) and values (odd ones)."""
    graph = _Graph()
    graph.constant("embedding", floats(tensors["embedding.weight"]))
    for name, table in zip(("cos", "sin"), _rotary_tables(config), strict=True):
        graph.constant(name, table)
    x = graph.add("Gather", ["embedding", "ids"])
    for layer in range(config.n_layers):
        x = _block(graph, config, tensors, layer, x)
    graph.constant("end", np.array([np.iinfo(np.int64).max]))
    graph.constant("axis", np.array([1]))
    x = graph.add("Slice", [x, "first_output", "end", "axis"])
    x = graph.norm(x, tensors["norm.weight"], config.norm_eps)
    graph.matmul(x, tensors["embedding.weight"], "logits")
    return graph.model(config)


def _block(graph: _Graph, config: ModelConfig, tensors: dict[str, StoredTensor], layer: int, x: str) -> str:
    part = {name.split(".", 2)[2]: tensor for name, tensor in tensors.items() if name.startswith(f"blocks.{layer}.")}
    normed = graph.norm(x, part["attention_norm.weight"], config.norm_eps)
    qkv = [graph.matmul(normed, part[f"attention.{name}.weight"]) for name in "qkv"]
    caches = [2 * layer, 2 * layer + 1]
    attended = graph.add(
        "GroupQueryAttention",
        [*qkv, *(f"past.{i}" for i in caches), "last_positions", "total_length", "cos", "sin"],
        outputs=[f"attended.{layer}", *(f"present.{i}" for i in caches)],
        domain=_CONTRIB,
        num_heads=config.n_heads,
        kv_num_heads=config.n_kv_heads,
        do_rotary=1,
    )
    x = graph.add("Add", [x, graph.matmul(attended, part["attention.out.weight"])])
    normed = graph.norm(x, part["feed_forward_norm.weight"], config.norm_eps)
    gate, up = (graph.matmul(normed, part[f"feed_forward.{name}.weight"]) for name in ("gate", "up"))
    gated = graph.add("Mul", [graph.add("Mul", [gate, graph.add("Sigmoid", [gate])]), up])
    return graph.add("Add", [x, graph.matmul(gated, part["feed_forward.down.weight"])])


class _Graph:
    """Nodes and constants, named as they come."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, name: str, array: npt.NDArray[Any]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(
        self, kind: str, inputs: list[str], outputs: list[str] | None = None, domain: str = "", **attributes: Any
    ) -> str:
        """Append a node; returns the name of its first output."""
        names = outputs or [f"x{len(self._nodes)}"]
        self._nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names[0]

    def norm(self, x: str, weight: StoredTensor, eps: float) -> str:
        weight_name = self.constant(f"c{len(self._constants)}", floats(weight))
        return self.add("SimplifiedLayerNormalization", [x, weight_name], epsilon=eps, axis=-1)

    def matmul(self, x: str, weight: StoredTensor, output: str | None = None) -> str:
        """A product with a matrix (outputs, inputs) of ours, in its own width."""
        bits, blocks, scales = _blocks(weight)
        names = [self.constant(f"c{len(self._constants)}", array) for array in (blocks, scales)]
        n, k = blocks.shape[0], blocks.shape[1] * BLOCK
        return self.add(
            "MatMulNBits",
            [x, *names],
            outputs=[output] if output else None,
            domain=_CONTRIB,
            N=n,
            K=k,
            bits=bits,
            block_size=BLOCK,
            accuracy_level=_INT8_COMPUTE,
        )

    def model(self, config: ModelConfig) -> onnx.ModelProto:
        cache: list[str | int | None] = ["rows", config.n_kv_heads, "cache", config.head_dim]
        n_caches = 2 * config.n_layers
        inputs = [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", "tokens"]),
            helper.make_tensor_value_info("last_positions", TensorProto.INT32, ["rows"]),
            helper.make_tensor_value_info("total_length", TensorProto.INT32, [1]),
            helper.make_tensor_value_info("first_output", TensorProto.INT64, [1]),
            *(helper.make_tensor_value_info(f"past.{i}", TensorProto.FLOAT, cache) for i in range(n_caches)),
        ]
        outputs = [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", "outputs", config.vocab_size]),
            *(helper.make_tensor_value_info(f"present.{i}", TensorProto.FLOAT, cache) for i in range(n_caches)),
        ]
        graph = helper.make_graph(self._nodes, "decoder", inputs, outputs, self._constants)
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(_CONTRIB, 1)], ir_version=10
        )


def _blocks(weight: StoredTensor) -> tuple[int, npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Bits, unsigned values (outputs, blocks, bytes of a block) around the middle of their range, and scales."""
    assert not isinstance(weight, memoryview)
    n, k = weight.shape
    if isinstance(weight, Int4Groups):
        nibbles = np.asarray(weight.nibbles).reshape(n, k // BLOCK, BLOCK // 2)
        return 4, nibbles, np.repeat(int4_scales(weight).astype(np.float32), weight.group // BLOCK, axis=1)
    unsigned = (np.asarray(weight.values).astype(np.int16) + 128).astype(np.uint8)
    scales = np.repeat(np.asarray(weight.scales)[:, None], k // BLOCK, axis=1)
    return 8, unsigned.reshape(n, k // BLOCK, BLOCK), scales


def _rotary_tables(config: ModelConfig) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Cosines and sines (ROW_LENGTH, head_dim / 2)."""
    frequencies = config.rope_theta ** (-np.arange(0, config.head_dim, 2) / config.head_dim)
    angles = np.arange(ROW_LENGTH)[:, None] * frequencies
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
