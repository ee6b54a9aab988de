"""Long runs of punctuation are blanked where no program has them, and only there."""

import time

import pytest

from mim_lsp.syntax.operator_runs import MAX_RUN_BYTES, blank_long_runs
from mim_lsp.syntax.tree import SyntaxTree

BANNER = "#" * (MAX_RUN_BYTES - 1)


@pytest.mark.parametrize("text", ["", "x = 1\n", f"{BANNER}\n", "()" * 1000, "'' " * 1000, "é" * 1000])
def test_a_program_is_left_alone(text: str) -> None:
    assert blank_long_runs(text.encode()) == text.encode()


def test_lines_and_length_stay() -> None:
    data = b"x = 1\n" + b"-,\n" * 1000 + b"y = 2\n"
    blanked = blank_long_runs(data)
    assert len(blanked) == len(data)
    assert [at for at, byte in enumerate(blanked) if byte == 10] == [at for at, byte in enumerate(data) if byte == 10]
    assert blanked.count(b"-") < 100
    assert blanked.startswith(b"x = 1\n-,\n")
    assert blanked.endswith(b"-,\ny = 2\n")


@pytest.mark.parametrize(
    ("language", "comment"),
    [("python", f"{'#' * 3000}\n"), ("python", f'"""{"-=" * 2000}"""\n'), ("c", f"/*{'*' * 3000}*/\n")],
)
def test_the_tree_of_a_banner_is_the_same(language: str, comment: str) -> None:
    tree = SyntaxTree.parse(f"{comment}x;\n", language=language)
    assert not tree.has_error
    assert tree.span(next(tree.walk(len(comment))).node).end == len(comment) + 3
    assert tree.text_of(list(tree.walk(len(comment)))[1].node).startswith("x")


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["-,", "/*", "~;\n", "--> "])
def test_operators_without_an_operand_do_not_hang(piece: str) -> None:
    half = piece * 2500  # seconds if it reached the parser whole, more than a minute with four times as many
    started = time.perf_counter()
    SyntaxTree.parse(f"{half}x){half}")
    assert time.perf_counter() - started < 5
