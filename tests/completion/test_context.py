from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mim_lsp.completion import outline
from mim_lsp.completion.context import Budget, Context, build_context
from mim_lsp.syntax.tree import SyntaxTree

BUDGET = Budget(200, 80)
HEAD = "import os\nimport a, b\nfrom typing import (\n    Any,\n)\n\n\n"


def count_tokens(text: str) -> int:
    """As a tokenizer does: a line break with its indentation is one token, a word takes the blank before it."""
    return len(re.findall(r"\n[ \t]*| ?[^\W\d]+| ?\d| ?[^\w\s]+|\s|\w", text))


def context_at(marked: str, budget: Budget = BUDGET) -> Context:
    """The context at the `|` of a text."""
    offset = marked.index("|")
    return build_context(marked[:offset] + marked[offset + 1 :], offset, budget, count_tokens)


def method(name: str, n_lines: int = 6) -> str:
    return f"    def {name}(self, x):\n" + "".join(f"        y{i} = foo(x, {i})\n" for i in range(n_lines)) + "\n"


def big_file(n_classes: int = 25) -> str:
    """A file of about 1,000 lines: imports, then classes of methods."""
    classes = (f"class C{i}:\n{''.join(method(f'm{i}_{j}') for j in range(5))}\n" for i in range(n_classes))
    return HEAD + "".join(classes)


def test_a_small_file_is_read_whole() -> None:
    context = context_at("import os\n\ndef f(a|):\n    return 1\n")
    assert context == Context("import os\n\ndef f(a", "):\n    return 1\n", 10, 2)


@pytest.mark.parametrize(
    ("marked", "prefix", "suffix", "far_prefix_end", "far_suffix_start"),
    [
        ("|", "", "", 0, 0),
        ("|x = 1\n", "", "x = 1\n", 0, 0),
        ("x = 1\n|", "x = 1\n", "", 5, 0),
        ("x = |\n", "x = ", "\n", 0, 0),
        ("\n|\n", "\n", "\n", 0, 0),
        ("a\n\tfoo(|'])\nb", "a\n\tfoo(", "'])\nb", 1, 3),
        ("a\n漢('😀|) + 1\n", "a\n漢('😀", ") + 1\n", 1, 0),
        ("\0\n\0|\0", "\0\n\0", "\0", 1, 0),
        ("a\rb|", "a\rb", "", 0, 0),
    ],
)
def test_edges_and_far_sides(marked: str, prefix: str, suffix: str, far_prefix_end: int, far_suffix_start: int) -> None:
    assert context_at(marked) == Context(prefix, suffix, far_prefix_end, far_suffix_start)


def test_in_a_long_file_both_sides_are_cut_between_lines() -> None:
    text = big_file()
    offset = text.index("y3 = foo", len(text) // 2)
    context = build_context(text, offset, BUDGET, count_tokens)
    assert context.prefix.startswith("import os\nimport a, b\nfrom typing import (\n    Any,\n)\nclass C12:\n")
    assert context.prefix.endswith("\n        ")
    assert text[offset:].startswith(context.suffix)
    assert text[offset + len(context.suffix)] == "\n"
    assert BUDGET.prefix_tokens // 2 < count_tokens(context.prefix) <= BUDGET.prefix_tokens
    assert BUDGET.suffix_tokens // 2 < count_tokens(context.suffix) <= BUDGET.suffix_tokens


def test_a_part_from_the_middle_of_a_file_begins_with_a_line_break() -> None:
    lines = "".join(f"v{i} = {i}\n" for i in range(300))
    assert re.match(r"\nv\d+ = ", context_at(lines + "|").prefix)
    assert context_at("# licence\nimport os\n" + lines + "|").prefix.startswith("\nimport os\nv")


def test_cuts_are_made_before_statements_rather_than_inside_them() -> None:
    text = "".join(f"foo(\n    {i},\n    {i},\n)\n" for i in range(200))
    offset = text.index("foo(", len(text) // 2)
    context = build_context(text, offset, BUDGET, count_tokens)
    assert context.prefix.startswith("\nfoo(\n")
    assert context.suffix.endswith(",\n)")


def test_headers_around_the_first_line_stay_in_view() -> None:
    body = "".join(f"        a{i} = {i}\n" for i in range(200))
    marked = (
        f"import os\n\n\nclass A(B):\n    def other(self): pass\n\n    def f(\n        self,\n    ):\n{body}        |"
    )
    expected = "import os\nclass A(B):\n    def f(\n        self,\n    ):\n        a"
    assert context_at(marked).prefix.startswith(expected)


def test_imports_and_headers_keep_to_their_shares() -> None:
    imports = "".join(f"import module_{i}\n" for i in range(100))
    body = "".join(f"        a{i} = {i}\n" for i in range(200))
    long_header = f"    def f(self, {', '.join(f'p{i}' for i in range(40))}):\n"
    prefix = context_at(f"{imports}class A:\n{long_header}{body}        |").prefix
    above = prefix[: prefix.index("\n        a")]
    assert above.startswith("import module_0\nimport module_1\n")
    assert above.endswith("\nclass A:")
    assert 20 <= count_tokens(above.partition("\nclass")[0]) <= BUDGET.prefix_tokens * outline.IMPORTS_SHARE


def test_imports_are_not_read_twice() -> None:
    text = HEAD + "x = 1\n" * 20
    assert build_context(text, len(text), BUDGET, count_tokens).prefix == text
    imports = "".join(f"import m{i}\n" for i in range(100))
    assert context_at(imports + "|").prefix.count("import m99\n") == 1


def typed_at(text: str, offset: int, typed: str, budget: Budget) -> list[Context]:
    """The contexts after each character of `typed`."""
    texts = ((text[:offset] + typed[:n] + text[offset:], offset + n) for n in range(len(typed) + 1))
    return [build_context(document, cursor, budget, count_tokens) for document, cursor in texts]


def moves_of_the_start(contexts: list[Context]) -> int:
    """How often a prefix is not the one before and more."""
    return sum(not after.prefix.startswith(before.prefix) for before, after in pairwise(contexts))


@pytest.mark.parametrize("line", [150, 500, 777, 1000])
def test_typing_extends_the_prefix_and_leaves_the_suffix(line: int) -> None:
    text = big_file()
    offset = sum(map(len, text.splitlines(keepends=True)[:line]))
    typed = "        value = foo(x, [self.y, {'key': \"v\"\n        if value: return (\n" * 3
    contexts = typed_at(text, offset, typed[:200], Budget(1024, 384))
    assert moves_of_the_start(contexts) <= 2
    assert {context.suffix for context in contexts} == {contexts[0].suffix}


def test_the_start_moves_on_at_last() -> None:
    text = big_file()
    contexts = typed_at(text, len(text), "x = 1\n" * 100, BUDGET)
    assert 2 <= moves_of_the_start(contexts) <= 8


@pytest.mark.parametrize("edited", ["", "\n", "'''", "((((", "class X:\n    import y\n" * 50])
def test_what_follows_the_cursor_never_moves_the_prefix(edited: str) -> None:
    text = big_file()
    offset = text.index("y3 = foo", len(text) // 2)
    before = build_context(text, offset, BUDGET, count_tokens)
    after = build_context(text[:offset] + edited + text[offset + 300 :], offset, BUDGET, count_tokens)
    assert after.prefix == before.prefix


def test_walking_down_moves_the_suffixs_end_once_in_a_block() -> None:
    text = big_file()
    start = text.index("y3 = foo", len(text) // 2)
    ends = {
        offset + len(build_context(text, offset, BUDGET, count_tokens).suffix) for offset in range(start, start + 400)
    }
    assert len(ends) <= 400 // (BUDGET.suffix_tokens // 2) + 2


def test_a_line_longer_than_the_budget_is_cut() -> None:
    line = "x = [" + "1, " * 1_000
    context = context_at(f"import os\n{line}|{line}")
    assert line.endswith(context.prefix)
    assert line.startswith(context.suffix)
    assert min(count_tokens(context.prefix), count_tokens(context.suffix)) > 40
    assert (context.far_prefix_end, context.far_suffix_start) == (0, 0)


def test_a_long_line_elsewhere_keeps_short_lines_whole() -> None:
    long_line = "x = [" + "1, " * 1_000 + "]\n"
    context = context_at(f"import os\n{long_line}y = 2\n|\nz = 3\n{long_line}")
    assert context.prefix == "import os\ny = 2\n"
    assert context.suffix == "\nz = 3"


@pytest.mark.parametrize("text", ["x" * 5_000_000, "漢1, " * 1_250_000, ")" * 5_000_000, "\n" * 5_000_000])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_work_on_a_huge_text_is_bounded(text: str, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    parse = SyntaxTree.parse

    def recorded(text: str, focus: int = 0, *, language: str = "python") -> SyntaxTree:
        seen.append(len(text))
        return parse(text, focus, language=language)

    def counted(text: str) -> int:
        seen.append(len(text))
        return count_tokens(text)

    monkeypatch.setattr(SyntaxTree, "parse", recorded)
    start = time.perf_counter()
    context = build_context(text, int(len(text) * share), Budget(1024, 384), counted)
    assert time.perf_counter() - start < 2
    assert max(seen) <= outline.MAX_PARSED_CHARS
    assert sum(seen) < 200_000
    assert len(context.prefix) + len(context.suffix) < 20_000


def test_a_file_of_many_lines() -> None:
    text = HEAD + "class A:\n" + "".join(method(f"m{i}") for i in range(20_000))
    offset = text.index("y3 = foo", len(text) // 2)
    context = build_context(text, offset, BUDGET, count_tokens)
    assert context.prefix.startswith("import os\nimport a, b\n")
    assert context.prefix.endswith("y2 = foo(x, 2)\n        ")
    assert count_tokens(context.prefix) > BUDGET.prefix_tokens // 2


def test_a_class_longer_than_what_is_parsed_does_not_confuse() -> None:
    text = "class A:\n" + "".join(method(f"m{i}") for i in range(1_000))
    offset = text.index("y3 = foo", len(text) - 300)
    prefix = build_context(text, offset, BUDGET, count_tokens).prefix
    assert prefix.startswith("\n    def m")


PIECES = [
    "class A:\n",
    "    ",
    "\t",
    "def f(a,\n",
    "):",
    "import os\n",
    "x = 1\n",
    "'''",
    "#",
    "\r\n",
    "漢😀",
    "\0",
    "\n",
]


@given(
    st.one_of(
        st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
        st.text(st.characters(codec=None, exclude_categories=[]), max_size=60),
    ),
    st.builds(Budget, st.integers(0, 40), st.integers(0, 40)),
    st.data(),
)
def test_invariants_on_any_text(text: str, budget: Budget, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    context = build_context(text, offset, budget, count_tokens)
    assert count_tokens(context.prefix) <= budget.prefix_tokens
    assert count_tokens(context.suffix) <= budget.suffix_tokens
    assert text[offset:].startswith(context.suffix)
    assert is_made_of(context.prefix, text[:offset])
    assert 0 <= context.far_prefix_end <= len(context.prefix)
    assert 0 <= context.far_suffix_start <= len(context.suffix)
    assert "\n" not in context.prefix[context.far_prefix_end + 1 :]
    assert "\n" not in context.suffix[: context.far_suffix_start]


def is_made_of(prefix: str, before: str) -> bool:
    """Whether `prefix` ends as `before` does, and what it has before that are starts of lines of it, in order."""
    own = next(n for n in range(len(prefix), -1, -1) if before.endswith(prefix[len(prefix) - n :]))
    at = 0
    for line in prefix[: len(prefix) - own].split("\n"):
        found = re.compile(r"^" + re.escape(line), re.MULTILINE).search(before, at)
        if found is None:
            return False
        at = found.end()
    return True
