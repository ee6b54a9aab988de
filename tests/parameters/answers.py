"""A model whose answers are known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mim_lsp.completion.types import Candidate

WRITTEN = {
    "timeout": ": float = 10, more=1",
    "height=": "b + 1",
    "limit": ", unknown=3",
}
"""By what stands before the cursor, what is written behind it; elsewhere a text that is of no use."""


def answering(written: dict[str, str] | None = None) -> Callable[[str, int], Sequence[Candidate]]:
    """Answers as `written` says for the longest end of the text before the cursor; else with text that parses not."""
    known = WRITTEN if written is None else written

    def ask(text: str, offset: int) -> Sequence[Candidate]:
        ends = sorted((end for end in known if text[:offset].endswith(end)), key=len)
        return [Candidate(known[ends[-1]] if ends else "=)(", 0.5, "met")]

    return ask
