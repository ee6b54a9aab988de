"""Models as llama.cpp reads them: the same network in a GGUF file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
from gguf.quants import quantize

from benchmarks.shapes import INT8_KINDS, kind_of
from mim_lsp.model.arrays import FloatArray
from mim_lsp.model.config import ModelConfig

_F32, _Q8, _Q4 = (gguf.GGMLQuantizationType[name] for name in ("F32", "Q8_0", "Q4_0"))
GGUF_KINDS = {"f32": (_F32, _F32), "q8_0": (_Q8, _Q8), "q4_0": (_Q4, _Q8), "q4_0-throughout": (_Q4, _Q4)}
"""How the matrices of a kind of file are kept, and how those are that are int8 in our int4 models."""

_GGUF_NAMES = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.out": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "feed_forward.gate": "ffn_gate",
    "feed_forward.up": "ffn_up",
    "feed_forward.down": "ffn_down",
}


def gguf_name(name: str) -> str:
    """llama.cpp's name of one of our tensors, in the architecture that it calls `llama`."""
    if name == "embedding.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    _, layer, part = name.removesuffix(".weight").split(".", 2)
    return f"blk.{layer}.{_GGUF_NAMES[part]}.weight"


def interleave_pairs(weight: FloatArray, head_dim: int) -> FloatArray:
    """Rows of a query or key matrix (heads * head_dim, columns) in the order of llama.cpp's rotary positions.

    We turn the pairs (i, i + head_dim / 2) of a head, that architecture the pairs (2i, 2i + 1).
    """
    heads = weight.reshape(-1, 2, head_dim // 2, weight.shape[1])
    return heads.swapaxes(1, 2).reshape(weight.shape)


def write_gguf(path: Path, config: ModelConfig, weights: dict[str, FloatArray], tokenizer: Path, kind: str) -> None:
    """Write the same network for llama.cpp, as `kind` of `GGUF_KINDS`."""
    of_most, of_int8_kinds = GGUF_KINDS[kind]
    writer = gguf.GGUFWriter(path, "llama")
    _add_shape(writer, config)
    _add_tokenizer(writer, config, json.loads(tokenizer.read_text(encoding="utf-8")))
    for name, weight in weights.items():
        turned = name.endswith(("attention.q.weight", "attention.k.weight"))
        plain = interleave_pairs(weight, config.head_dim) if turned else weight
        of_matrix = of_int8_kinds if kind_of(name) in INT8_KINDS else of_most
        stored = of_matrix if weight.ndim == 2 else _F32
        writer.add_tensor(gguf_name(name), quantize(plain, stored), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_shape(writer: gguf.GGUFWriter, config: ModelConfig) -> None:
    writer.add_context_length(config.context_length)
    writer.add_embedding_length(config.d_model)
    writer.add_block_count(config.n_layers)
    writer.add_feed_forward_length(config.d_ff)
    writer.add_head_count(config.n_heads)
    writer.add_head_count_kv(config.n_kv_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_vocab_size(config.vocab_size)


def _add_tokenizer(writer: gguf.GGUFWriter, config: ModelConfig, tokenizer: dict[str, Any]) -> None:
    """Our byte-level BPE; our special tokens play the parts of the fill-in-the-middle tokens."""
    text = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    special = config.special
    names = [*text, *(f"<special {i}>" for i in range(len(text), config.vocab_size))]
    kinds = [gguf.TokenType.NORMAL] * len(text) + [gguf.TokenType.CONTROL] * (config.vocab_size - len(text))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(names)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(special.eom)
    writer.add_add_bos_token(False)
    writer.add_uint32(gguf.Keys.Tokenizer.FIM_PRE_ID, special.l2r)
    writer.add_uint32(gguf.Keys.Tokenizer.FIM_SUF_ID, special.far)
    writer.add_uint32(gguf.Keys.Tokenizer.FIM_MID_ID, special.near)
