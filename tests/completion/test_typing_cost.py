"""What a key costs with the model in the box: its own tokens, wherever the cursor stands and whatever is behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from mim_lsp.completion import Completer, CompletionOptions, CompletionResult, open_completer
from tests.tiny import SOURCE

FILE = [line for n in range(22) for line in SOURCE.replace("Circle", f"Circle{n}").splitlines()][:1000]
INDENT = "    "
LINE = (
    "total = [circle.scaled(factor).area() for circle in self.circles(names, sizes[0]) if circle.radius > 0], "
    "sorted(names.items(), key=lambda item: (item[1], item[0])) + [self.largest(circles, best=None)][1:]"
)
LINES = (
    "best = self.largest(circles)\nif best is None:\n    raise ValueError(names[0])\nfor circle in circles:\n"
    "    total += circle.scaled(scale).area()\nreturn Circle(radius=total, name=f'{best}', scale=(1, 2))\nx = [y]"
)
pytestmark = pytest.mark.slow
OPTIONS = CompletionOptions(max_tokens=16)


@dataclass
class Editor:
    """An editor that closes brackets and quotes, asks after each key, and keeps what it was answered."""

    completer: Completer
    text: str
    cursor: int
    answers: list[CompletionResult] = field(default_factory=list)

    def type(self, keys: str) -> None:
        for key in keys:
            before, behind = self.text[: self.cursor], self.text[self.cursor :]
            if behind.startswith(key) and key in ")]}'\"":
                before, behind = before + key, behind[1:]
            else:
                closer = {"(": ")", "[": "]", "{": "}", "'": "'", '"': '"'}.get(key, "")
                before, behind = before + key + (INDENT if key == "\n" else ""), closer + behind
            self.text, self.cursor = before + behind, len(before)
            self.answers.append(self.completer.complete(self.text, self.cursor, OPTIONS, document="doc"))

    @property
    def tokens_per_key(self) -> float:
        return sum(answer.encoded_tokens for answer in self.answers) / len(self.answers)


@pytest.fixture(scope="module")
def completer() -> Completer:
    return open_completer()


@pytest.fixture(params=[0, 30, 600], ids=lambda n: f"{n}-lines-below")
def editor(request: pytest.FixtureRequest, completer: Completer) -> Iterator[Editor]:
    """A cursor on an empty line, at which the editor has had the time to warm up."""
    n_below = request.param
    above = "".join(line + "\n" for line in FILE[: 1000 - n_below]) + INDENT
    text = above + "".join("\n" + line for line in FILE[1000 - n_below :])
    assert completer.warm(text, len(above), OPTIONS, document="doc") > 100
    yield Editor(completer, text, len(above))
    completer.forget("doc")


def test_200_characters_within_a_line(editor: Editor) -> None:
    assert len(LINE) >= 200
    editor.type(LINE)
    assert editor.tokens_per_key < 4
    assert sum(answer.refreshed_tokens for answer in editor.answers) == 0


def test_200_characters_in_several_lines(editor: Editor) -> None:
    assert len(LINES) >= 200
    editor.type(LINES)
    assert editor.tokens_per_key < 4
    assert sum(answer.refreshed_tokens for answer in editor.answers) == 0


def test_a_suggestion_that_is_accepted_is_not_read_again(editor: Editor) -> None:
    editor.type("for circle in circles:\n    tot")
    suggested = editor.answers[-1].insert_text or "al += circle.radius"
    text = editor.text[: editor.cursor] + suggested + editor.text[editor.cursor :]
    answer = editor.completer.complete(text, editor.cursor + len(suggested), OPTIONS, document="doc")
    assert answer.refreshed_tokens == 0
    assert answer.encoded_tokens < 16
