"""Every language but Python, which has tests of its own: boundaries, headers, imports, validity, broken code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from mim_lsp.syntax import grammars
from mim_lsp.syntax.boundaries import far_suffix_start, statement_line_starts
from mim_lsp.syntax.grammars import available_grammars, load_grammar
from mim_lsp.syntax.language import Grammar
from mim_lsp.syntax.languages import LANGUAGES, PLAIN, language_named, language_of
from mim_lsp.syntax.lexing import missing_closers, unbalanced_brackets
from mim_lsp.syntax.scopes import enclosing_headers, import_ranges
from mim_lsp.syntax.tree import SimilarTrees, SyntaxTree
from mim_lsp.syntax.validity import makes_syntax_worse
from tests.syntax.samples import SAMPLES

EVERY = pytest.mark.parametrize("language", SAMPLES)


def parsed(language: str) -> SyntaxTree:
    return SyntaxTree.parse(SAMPLES[language], language=language)


def headers_at(text: str, language: str, mark: str) -> list[str]:
    """The headers around `mark`, with only what is above it in view, as while a person types there."""
    offset = text.index(mark)
    tree = SyntaxTree.parse(text[:offset], language=language)
    return [" ".join(text[start:end].split()) for start, end in enclosing_headers(tree, offset)]


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "python"),
        ("A.PYI", "python"),
        ("x/y.tsx", "typescriptreact"),
        ("x.d.ts", "typescript"),
        ("a.mjs", "javascript"),
        ("a.h", "c"),
        ("a.hpp", "cpp"),
        ("lib.rs", "rust"),
        ("Main.java", "java"),
        ("main.go", "go"),
        ("README.md", "plaintext"),
        ("Makefile", "plaintext"),
        (".py", "plaintext"),
        ("", "plaintext"),
    ],
)
def test_a_files_language_is_told_by_its_suffix(path: str, language: str) -> None:
    assert language_of(path) == language
    assert language_of(PurePosixPath(path)) == language_of(PureWindowsPath(path)) == language


def test_no_suffix_is_claimed_twice() -> None:
    suffixes = [suffix for language in LANGUAGES.values() for suffix in language.suffixes]
    assert len(suffixes) == len(set(suffixes))


def test_names_of_editors_are_understood() -> None:
    assert language_named("c++") is language_named("cpp") is LANGUAGES["cpp"]
    assert language_named("markdown") is language_named("") is PLAIN


@EVERY
def test_every_node_type_is_one_of_the_grammar(language: str) -> None:
    known = language_named(language)
    grammar = load_grammar(known)
    assert grammar is not None
    names = {grammar.node_kind_for_id(kind) for kind in range(grammar.node_kind_count)} | {"ERROR"}
    named = (
        known.statement_types | known.outer_types | known.file_types | known.wrapper_types | known.comment_types
    ) | known.string_types
    assert named <= names
    assert known.import_types <= known.statement_types


@EVERY
def test_the_samples_are_correct_and_their_brackets_balanced(language: str) -> None:
    assert not parsed(language).has_error
    assert unbalanced_brackets(SAMPLES[language], language) == 0


IMPORTS = {
    "javascript": ["import { api } from './api';", 'import fs from "fs";'],
    "typescript": ["import { Api } from './api';"],
    "go": ["package store", 'import (\n\t"fmt"\n\t"os"\n)'],
    "rust": ["use std::fmt;", "use std::collections::HashMap;"],
    "java": ["package store;", "import java.util.List;", "import java.util.Map;"],
    "c": ["#include <stdio.h>", '#include "api.h"'],
    "cpp": ["#include <vector>", "using namespace std;"],
}


@pytest.mark.parametrize("language", IMPORTS)
def test_imports(language: str) -> None:
    tree = parsed(language)
    assert [tree.text[start:end] for start, end in import_ranges(tree, 9)] == IMPORTS[language]
    assert len(import_ranges(tree, 1)) == 1


OUTER = {
    "javascript": ["export class", "size = 0", "constructor", "static async", "const add", "export default"],
    "typescript": [
        *("export interface", "@Injectable", "private items", "constructor", "area(): number {"),
        *("namespace", "export type"),
    ],
    "typescriptreact": ["import React", "export function"],
    "go": ["package", "import", "type Store", "func", "const limit"],
    "rust": ["pub struct", "impl", "pub fn", "mod inner", "pub const"],
    "java": ["@Deprecated", "private int", "public Store", "@Override"],
    "c": ["#include", "struct store", "static int load", "int limit"],
    "cpp": ["namespace", "template", "explicit", "int load", "vector<T>", "int limit"],
}
INNER = ("return", "for ", "if ", "console", "fmt.", "System", "printf", "}", "let ", "super(", "this.")


@pytest.mark.parametrize("language", OUTER)
def test_outer_statements_begin_lines_and_bodies_of_functions_are_left_out(language: str) -> None:
    text = SAMPLES[language]
    lines = [text[start:].partition("\n")[0].strip() for start in statement_line_starts(parsed(language))]
    assert all(any(line.startswith(expected) for line in lines) for expected in OUTER[language])
    assert not any(line.startswith(INNER) for line in lines)


@pytest.mark.parametrize(
    ("language", "mark", "headers"),
    [
        ("javascript", "console", ["export class Store extends Base {", "static async load(path, { retries = 3, }) {"]),
        ("javascript", "return a", ["const add = (a, b) => {"]),
        ("javascriptreact", "{label}", ["export function Button({ label, onClick }) {"]),
        ("typescript", "this.items", ["export class Box<T extends Shape> implements Shape {", "area(): number {"]),
        ("typescript", "name: string", ["export interface Shape {"]),
        ("go", "fmt.Print", ["func (s *Store) Load(path string) (int, error) {"]),
        ("go", "size int", ["type Store struct {"]),
        (
            "rust",
            "return Err",
            [
                "impl<'a> Store<'a> {",
                "pub fn load(&self, path: &str) -> Result<usize, String> where 'a: 'static, {",
            ],
        ),
        (
            "java",
            "System",
            [
                "public class Store extends Base implements Shape {",
                "public <T> List<T> load(String path, Map<String, T> items) throws Error {",
            ],
        ),
        ("c", "printf", ["static int load(struct store *s, const char *path) {"]),
        ("cpp", "print(i", ["class Store : public Base {", "int load(const T& path) const {"]),
        ("cpp", "int limit", []),
    ],
)
def test_headers_around_a_place_in_unfinished_code(language: str, mark: str, headers: list[str]) -> None:
    assert headers_at(SAMPLES[language], language, mark) == headers


def test_calls_and_control_flow_are_no_headers() -> None:
    text = "run(a)\nif (a) {\n  while (b) {\n    x\n"
    assert headers_at(text, "javascript", "x\n") == []
    assert headers_at("f(1);\n{\n  x\n", "c", "x\n") == []
    assert headers_at("int f(int a) {\nagain:\n  x\n", "c", "x\n") == ["int f(int a) {"]


GOOD = [
    ("javascript", "const x = ", "f(1, {a: 2})", ";\n"),
    ("javascript", "foo(", "a, `b ${c}`", ")\n"),
    ("javascript", "function f() {\n  ", "if (a) {\n    return 1;\n  }", "\n}\n"),
    ("javascriptreact", "const a = ", "<b>{x}</b>", ";\n"),
    ("typescript", "const x: ", "Map<string, number>", " = y;\n"),
    ("typescript", "class A {\n  ", "private x: number = 1;", "\n}\n"),
    ("go", "package a\nfunc f() {\n\t", "x := 1", "\n}\n"),
    ("go", "package a\nfunc f() int {\n\treturn ", "g(1)", "\n}\n"),
    ("rust", "fn f() {\n    let x = ", "vec![1, 2]", ";\n}\n"),
    ("rust", "fn f<'a>(", "x: &'a str", ") {}\n"),
    ("java", "class A {\n    int f() {\n        return ", "x + 1", ";\n    }\n}\n"),
    ("java", "class A {\n    ", "private int x;", "\n}\n"),
    ("c", "int f(void) {\n    ", "return 1;", "\n}\n"),
    ("c", "#include ", "<stdio.h>", "\n"),
    ("cpp", "std::vector<int> x = ", "{1, 2}", ";\n"),
    ("cpp", "class A {\n public:\n  ", "int f() const;", "\n};\n"),
    ("markdown", "a (", "b", ")\n"),
    ("yaml", "a: ", "[1, 2]", "\n"),
]
WORSE = [
    ("javascript", "foo(", "a)", ");\n"),
    ("javascript", "const x = ", "f(1", ";\nlet y;\n"),
    ("javascript", "function f() {\n  ", "if (a) {", "\n}\n"),
    ("typescript", "class A {\n  ", "x: = 3;", "\n}\n"),
    ("typescriptreact", "const a = ", "<b>{x</b>", ";\n"),
    ("go", "package a\nfunc f() {\n\t", "x := }", "\n}\n"),
    ("rust", "fn f() {\n    ", "let x = vec![1;", "\n}\n"),
    ("java", "class A {\n    ", "int f() {", "\n}\n"),
    ("java", "class A {\n    int f() {\n        ", "return 1", "\n    }\n}\n"),
    ("c", "int f(void) {\n    ", "return (1;", "\n}\n"),
    ("cpp", "std::vector<int> x", "{1, 2", ";\nint y;\n"),
    ("markdown", "a (", "b)", ")\n"),
    ("yaml", "a: ", "[1, 2", "\n"),
]


@pytest.mark.parametrize(("language", "prefix", "inserted", "suffix"), GOOD)
def test_good_insertions_are_no_worse(language: str, prefix: str, inserted: str, suffix: str) -> None:
    assert not makes_syntax_worse(prefix, inserted, suffix, language)


@pytest.mark.parametrize(("language", "prefix", "inserted", "suffix"), WORSE)
def test_insertions_that_break_code_are_worse(language: str, prefix: str, inserted: str, suffix: str) -> None:
    assert makes_syntax_worse(prefix, inserted, suffix, language)


@EVERY
def test_a_file_broken_elsewhere_may_be_completed(language: str) -> None:
    text = SAMPLES[language]
    assert not makes_syntax_worse(text + "((\n", "", "\n))}")
    assert not makes_syntax_worse(text[: len(text) // 2], "", "", language)


@EVERY
def test_an_incremental_parse_gives_the_same_tree(language: str) -> None:
    text, trees = SAMPLES[language], SimilarTrees()
    for cut in range(0, len(text), 40):
        changed = text[:cut] + "(" + text[cut:]
        assert trees.parse(changed, language=language).error_count() == (
            SyntaxTree.parse(changed, language=language).error_count()
        )


def test_a_tree_of_another_language_is_not_built_upon() -> None:
    trees = SimilarTrees()
    trees.parse(SAMPLES["rust"], language="rust")
    tree = trees.parse(SAMPLES["java"], language="java")
    assert [span.type for span in tree.nodes({"program"})] == ["program"]
    assert not tree.has_error


def test_the_known_rest_of_a_line_may_be_a_template() -> None:
    assert far_suffix_start("f(`)`);\nx", 2, "javascript") == 7
    assert far_suffix_start("f(`)`);\nx", 2, "java") == 2


@pytest.mark.parametrize(
    ("language", "text", "closers"),
    [
        ("javascript", "f(/[(]/, `(`, [ // (", "])"),
        ("javascript", "a = b / (c", ")"),
        ("rust", "fn f<'a>(x: &'a [", "])"),
        ("go", "a := []rune{'(', `\n(`", "}"),
        ("java", 'f("""\n(\n""", \'(\'', ")"),
        ("c", "#define A (\nf(", ")"),
        ("cpp", 'f(R"x(()x", 1\'000', ")"),
        ("c", "/* ( never closed {", ""),
        ("toml", 'a = "(" [', "]"),
    ],
)
def test_brackets_in_strings_and_comments_do_not_count(language: str, text: str, closers: str) -> None:
    assert missing_closers(text, 0, language) == closers


def test_plain_text_has_lines_and_brackets_only() -> None:
    text = "# Title (\n\n- item\n  more\n) end\n"
    tree = SyntaxTree.parse(text, language="markdown")
    assert not tree.is_parsed
    assert not tree.has_error
    assert tree.error_count() == 0
    assert list(tree.walk()) == []
    assert tree.node_at(3).type == ""
    assert [text[start] for start in statement_line_starts(tree)] == ["#", "-"]
    assert enclosing_headers(tree, len(text)) == import_ranges(tree, 3) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is not installed"),
        ("raise ImportError('no such symbol')", "cannot be loaded (no such symbol)"),
        ("", "does not fit"),
        ("def language(): return 7", "does not fit"),
        ("def language(): return 'x'", "does not fit"),
    ],
)
def test_a_grammar_that_cannot_be_used_is_named_and_gone_without(
    content: str | None, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"tree_sitter_fake_{abs(hash(content))}"
    if content is not None:
        (tmp_path / f"{name}.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(grammars, "import_module", lambda module: __import__(name))
    grammars._load.cache_clear()
    try:
        assert load_grammar(LANGUAGES["rust"]) is None
        assert makes_syntax_worse("f(", "a)", ")\n", "rust")
        assert not makes_syntax_worse("f(", "a", ")\n", "rust")
        assert all(problem is not None and reason in problem for problem in available_grammars().values())
        assert all("\n" not in str(problem) for problem in available_grammars().values())
    finally:
        grammars._load.cache_clear()


def test_every_grammar_is_there() -> None:
    assert set(available_grammars().values()) == {None}
    assert load_grammar(PLAIN) is None
    assert Grammar("a").function == "language"


def test_completing_python_loads_no_other_grammar() -> None:
    program = (
        "import sys\n"
        "from mim_lsp.syntax.languages import language_of\n"
        "assert 'tree_sitter' not in sys.modules\n"
        "from mim_lsp.syntax.validity import makes_syntax_worse\n"
        "assert not makes_syntax_worse('f(', 'a', ')')\n"
        "print([name for name in sys.modules if name.startswith('tree_sitter_') and '.' not in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['tree_sitter_python']"
