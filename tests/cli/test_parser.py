from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mim_lsp.cli import build_parser, main
from mim_lsp.completion.types import CompletionOptions


def every_parser(
    parser: argparse.ArgumentParser, name: str = "mim-lsp"
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command, child in action.choices.items():
                yield from every_parser(child, f"{name} {command}")


PARSERS = dict(every_parser(build_parser()))


@pytest.mark.parametrize("name", PARSERS)
def test_every_command_helps_with_an_example_that_parses(name: str) -> None:
    page = PARSERS[name].format_help()
    assert "example:\n" in page
    example = page.rpartition("\n  ")[2].strip()
    assert example.startswith(name)
    build_parser().parse_args(example.split()[1:])


@pytest.mark.parametrize("name", ["decode", "meet_ngram", "candidates", "max_tokens"])
def test_defaults_in_the_help_are_the_real_ones(name: str) -> None:
    (flag,) = (action for action in PARSERS["mim-lsp complete"]._actions if action.dest == name)
    (field,) = (field for field in dataclasses.fields(CompletionOptions) if field.name == name)
    assert str(flag.help).endswith(f"(default: {field.default})")


@pytest.mark.parametrize(("command", "default"), [("complete", "1"), ("explain", str(CompletionOptions.eagerness))])
def test_the_help_tells_each_command_s_own_eagerness(command: str, default: str) -> None:
    (flag,) = (action for action in PARSERS[f"mim-lsp {command}"]._actions if action.dest == "eagerness")
    assert str(flag.help).endswith(f"(default: {default})")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["--stdio", "doctor"],
        ["complete"],
        ["complete", "a:1:1", "--json", "--show"],
        ["complete", "a:1:1", "--candidates", "0"],
        ["complete", "a:1:1", "--candidates", "two"],
        ["complete", "a:1:1", "--max-ms", "inf"],
        ["complete", "a:1:1", "--decode", "psm"],
        ["complete", "a:1:1", "--device", "tpu"],
        ["train", "nano", "--minutes", "1", "--steps", "1"],
        ["eval"],
        ["corpus"],
    ],
)
def test_unusable_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert ": error: " in output.err.splitlines()[-1]


def loaded_by(program: str) -> set[str]:
    """The modules that are there after `program`."""
    program += "\nimport sys; print(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_parsing_imports_nothing_heavier_than_argparse() -> None:
    ours = loaded_by("from mim_lsp.cli import build_parser; build_parser().format_help()")
    ours -= loaded_by(
        "import __future__, argparse, gc, json, math, pathlib, typing; argparse.ArgumentParser().format_help()"
    )
    # How an editable package is found is the installer's business: it may take more of importlib.
    others = {name for name in ours if name.split(".")[0] not in ("importlib", "_mim_lsp_editable")}
    assert {name for name in others if not name.startswith("mim_lsp.cli")} == {"mim_lsp", "mim_lsp.errors"}
