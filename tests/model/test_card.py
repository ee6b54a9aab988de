from __future__ import annotations

import pytest

from mim_lsp.model.card import first_sentence


@pytest.mark.parametrize(
    ("card", "summary"),
    [
        ("# nano\n\nOf 8.6 million, grown\nfrom `x`. It is slow.\n\nMore.\n", "Of 8.6 million, grown from `x`."),
        ("# nano\n\nA model.\nIt is slow.\n", "A model."),
        ("# nano\n\nno stop\n## Data\nMore.\n", "no stop"),
        ("# nano\n\n" + "word " * 100, "word " * 47 + "…"),
        ("# nano\n", ""),
        ("", ""),
    ],
    ids=["wrapped", "two sentences", "no stop", "long", "title", "empty"],
)
def test_the_first_sentence_of_a_card_stands_in_one_line(card: str, summary: str) -> None:
    assert first_sentence(card) == summary
