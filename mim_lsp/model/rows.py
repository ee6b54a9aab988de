"""The one place that says how a text, or a text with a hole, becomes the row of tokens that a direction reads.

Whole texts (the paper's pre-training, Sec. 3.1):

    forward    <l2r> x_1 .. x_n                backward   <r2l> x_n .. x_1

Infilling, with prefix P, middle M, suffix S:

    forward    <l2r> <far> S <near> P M <eom>
    backward   <r2l> <far> rev(P) <near> rev(S) rev(M) <eom>

The backward row is the forward row of the reversed text, so both are built by the same lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from mim_lsp.model.config import SpecialTokens


class Direction(Enum):
    """Which way a row reads the text."""

    FORWARD = "forward"
    BACKWARD = "backward"


def build_row(
    special: SpecialTokens,
    direction: Direction,
    own: Sequence[int],
    far: Sequence[int] | None = None,
    *,
    finished: bool = False,
) -> list[int]:
    """The row in which `direction` reads `own`.

    Args:
        special: the model's special tokens.
        direction: which way to read.
        own: near side and what is known of the middle, one contiguous stretch of tokens in text order.
        far: the tokens on the other side of the hole, in text order; None for a whole text. An empty far side is not
            the same as None: it says that the file ends there.
        finished: whether `own` holds the whole middle, so that `<eom>` follows.
    """
    step = 1 if direction is Direction.FORWARD else -1
    row = [special.l2r if direction is Direction.FORWARD else special.r2l]
    if far is not None:
        row += [special.far, *far[::step], special.near]
    row += own[::step]
    if finished:
        row.append(special.eom)
    return row
