from __future__ import annotations

import pytest

from mim_lsp.errors import CorpusError
from mim_lsp.training.corpus.cross_file import MAX_MIDDLE_CHARS, draw_cross_file_holes
from mim_lsp.training.corpus.reader import Document

PRICES = "def total(items): pass\n\n\nclass Basket: pass\n"
APP = (
    "import os\n"
    "from shop.prices import total as add, Basket\n"
    "from shop import prices\n\n\n"
    "def main(basket):\n"
    "    result = add([1, 2])\n"
    "    print('add', prices.total(3))\n"
    "    return os.total\n"
)


def document(path: str, content: str, package: str = "shop") -> Document:
    return Document(content, path, package)


SHOP = [document("shop/prices.py", PRICES), document("shop/app.py", APP)]


def test_holes_use_a_name_that_another_file_of_the_package_defines() -> None:
    holes = draw_cross_file_holes(SHOP, 60, seed=1)
    assert {APP[hole.start : hole.end] for hole in holes} == {
        *("add", "dd", "d", "add([1, 2])", "dd([1, 2])", "d([1, 2])"),
        *("total", "otal", "tal", "al", "total(3)", "otal(3)", "tal(3)", "al(3)", "total(3))", "otal(3))"),
        *("tal(3))", "al(3))"),
    }
    for hole in holes:
        assert hole.document.path == "shop/app.py"
        assert hole.name == "total"
        assert hole.end - hole.start <= MAX_MIDDLE_CHARS


def test_the_same_seed_gives_the_same_holes() -> None:
    assert draw_cross_file_holes(SHOP, 5, seed=3) == draw_cross_file_holes(SHOP, 5, seed=3)


def test_every_package_is_drawn_from() -> None:
    other = [
        document("tea/a.py", "def brew(): pass\n", "tea"),
        *(document(f"tea/b{n}.py", "from .a import brew\nbrew()\n", "tea") for n in range(9)),
    ]
    packages = [hole.document.package for hole in draw_cross_file_holes([*SHOP, *other], 4, seed=0)]
    assert set(packages) == {"shop", "tea"}


@pytest.mark.parametrize(
    "content",
    [
        "from shop.prices import total\n",
        "from os import total\ntotal(1)\n",
        "total(1)\n",
        "from shop.prices import nothing\nnothing(1)\n",
        "from shop.prices import total\ntotal(\n)) broken\n",
        "from shop.prices import total\nx = '''\n{total}'''\n",
        "",
    ],
)
def test_what_is_no_such_hole_is_not_drawn(content: str) -> None:
    with pytest.raises(CorpusError, match="use another corpus"):
        draw_cross_file_holes([SHOP[0], document("shop/app.py", content)], 3, seed=0)


def test_a_corpus_without_documents_is_refused() -> None:
    with pytest.raises(CorpusError, match="use another corpus"):
        draw_cross_file_holes([], 3, seed=0)
