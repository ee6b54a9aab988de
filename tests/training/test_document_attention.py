from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mim_lsp.model.network import Attend, attend_within, packed_visibility
from mim_lsp.training.document_attention import attend_in_blocks, document_attention, normalized

SEGMENTS = torch.tensor([[1] * 70 + [2] * 40 + [3] * 80 + [0] * 10, [1] * 199 + [0]])


def inputs() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(2, 200, 6, 16), torch.randn(2, 200, 2, 16), torch.randn(2, 200, 2, 16)


def reference() -> Attend:
    return attend_within(packed_visibility(SEGMENTS))


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("attend", [document_attention(SEGMENTS, compiled=True), attend_in_blocks(SEGMENTS)])
def test_documents_attend_to_themselves(attend: Attend) -> None:
    torch.testing.assert_close(attend(*inputs()), reference()(*inputs()), rtol=1e-4, atol=1e-5)


def test_normalized_queries_and_keys() -> None:
    q, k, v = inputs()
    made = normalized(reference())(100 * q, 10 * k, v)
    torch.testing.assert_close(made, reference()(F.normalize(q, dim=-1) * 4, F.normalize(k, dim=-1) * 4, v))


@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_attends_alike_and_learns_alike() -> None:
    segments = SEGMENTS.cuda()
    grads = []
    for attend in (torch.compile(attend_in_blocks(segments)), attend_within(packed_visibility(segments))):
        tensors = [tensor.cuda().requires_grad_() for tensor in inputs()]
        attend(*tensors).square().sum().backward()
        grads.append([tensor.grad for tensor in tensors])
    for ours, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-2)
