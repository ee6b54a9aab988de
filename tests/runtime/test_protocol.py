from __future__ import annotations

import pytest

from mim_lsp.errors import Cancelled
from mim_lsp.runtime.protocol import CancelFlag


def test_a_flag_stays_set_and_native_code_sees_it_in_its_byte() -> None:
    cancel = CancelFlag()
    byte = memoryview(cancel.buffer)
    assert (cancel.is_set(), byte.tolist()) == (False, [0])
    cancel.check()
    cancel.set()
    cancel.set()
    assert (cancel.is_set(), byte.tolist()) == (True, [1])
    with pytest.raises(Cancelled):
        cancel.check()
