"""Attention within the documents of packed rows, with what each device does best.

Every function here gives what `attend_within(packed_visibility(...))` gives.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

from mim_lsp.model.network import Attend, attend_in_pieces, attend_within, packed_visibility, piece_lengths

_BLOCK = 128


def document_attention(segments_RT: Tensor, *, compiled: bool) -> Attend:
    """What suits the device: on a CPU piece by piece, on a GPU FlexAttention, which is of use only when compiled."""
    if segments_RT.device.type == "cpu":
        return attend_in_pieces(piece_lengths(segments_RT))
    return attend_in_blocks(segments_RT) if compiled else attend_within(packed_visibility(segments_RT))


def attend_in_blocks(segments_RT: Tensor) -> Attend:
    """FlexAttention with a mask of documents: blocks that nobody sees are left out."""
    R, T = segments_RT.shape

    def sees(row: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (query >= key) & (segments_RT[row, query] == segments_RT[row, key])

    device = str(segments_RT.device)
    mask = create_block_mask(sees, R, None, T, T, device=device, BLOCK_SIZE=_BLOCK)

    def attend(q_RTHE: Tensor, k_RTKE: Tensor, v_RTKE: Tensor) -> Tensor:
        q, k, v = (t.transpose(1, 2) for t in (q_RTHE, k_RTKE, v_RTKE))
        out = flex_attention(q, k, v.to(q.dtype), block_mask=mask, enable_gqa=q.shape[1] != k.shape[1])
        assert isinstance(out, Tensor)
        return out.transpose(1, 2)

    return attend


def normalized(attend: Attend) -> Attend:
    """Attention of queries and keys of unit mean square (QK-norm), which turning by their positions does not change."""

    def attend_normalized(q_RTHE: Tensor, k_RTKE: Tensor, v_RTKE: Tensor) -> Tensor:
        q, k = (F.rms_norm(t, t.shape[-1:]).to(t.dtype) for t in (q_RTHE, k_RTKE))
        return attend(q, k, v_RTKE)

    return attend_normalized
