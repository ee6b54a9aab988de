from __future__ import annotations

import random

import pytest

from benchmarks.typist import Passage, Typist, choose_passages

PASSAGE = Passage("m.py", "import os\n", "x = f(a[0], {1: 2})\nif x:\n    call(\n        x,\n    )", "\nend\n")


@pytest.mark.parametrize("seed", range(20))
def test_typing_everything_gives_the_file(seed: int) -> None:
    typist = Typist(PASSAGE, random.Random(seed))
    text = typist.text
    assert text == "import os\n\nend\n"
    while not typist.done:
        edit = typist.press()
        if edit:
            text = text[: edit.start] + edit.text + text[edit.end :]
        assert text == typist.text
        assert typist.gap_s() > 0
    typist.leave()
    assert typist.text == "import os\n" + PASSAGE.target + "\nend\n"


def test_closers_come_by_themselves_and_are_typed_over() -> None:
    typist = Typist(Passage("m.py", "", "f(a)", "\n"), random.Random(1))
    typist.press()
    typist.press()
    assert (typist.text, typist.cursor) == ("f()\n", 2)
    typist.press()
    assert typist.press() is None
    assert (typist.text, typist.cursor, typist.done) == ("f(a)\n", 4, True)


def test_what_is_accepted_takes_the_place_of_closers() -> None:
    typist = Typist(Passage("m.py", "", "f(a[0])", "\n"), random.Random(1))
    for _ in range(4):
        typist.press()
    assert typist.text == "f(a[])\n"
    typist.accept("0])", replaces=2)
    assert (typist.text, typist.done, typist.leave()) == ("f(a[0])\n", True, None)


def test_passages_come_from_the_middle_and_are_the_same_for_the_same_seed() -> None:
    text = "\n".join(f"line {number}" for number in range(90))
    passages = choose_passages([("a", text)], n=5, lines=4)
    assert passages == choose_passages([("a", text)], n=5, lines=4)
    for passage in passages:
        assert passage.before + passage.target + passage.after == text
        assert 30 <= int(passage.target.split()[1]) < 60
    with pytest.raises(ValueError, match="no file has more than 24 lines"):
        choose_passages([("a", "short")], n=1, lines=4)
