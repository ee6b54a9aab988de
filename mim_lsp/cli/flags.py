"""What the commands have in common: help pages that end with an example, shared flags, and types of values."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

DEFAULT_CORPUS = Path(".cache/corpora/py-nano")

Run = Callable[[argparse.Namespace], int]
"""Carries out a parsed command; returns the exit code."""
# What `add_subparsers` returns; argparse has no public name for it.
Commands = Any


def add_command(commands: Commands, name: str, run: Run | None, summary: str, example: str) -> argparse.ArgumentParser:
    """Add a command with a help page that ends with an example; `run` is None for a group of commands."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if run is not None:
        command.set_defaults(run=run)
    return command


def add_model_flags(parser: argparse.ArgumentParser) -> None:
    """Add what says which model runs, and on what; without defaults, a command keeps what stood before its name."""
    parser.add_argument(
        "--model",
        default=argparse.SUPPRESS,
        metavar="NAME|DIR",
        help="a model that `mim-lsp models` lists, or a model folder",
    )
    add_device_flag(parser)
    add_flag(parser, "--threads", whole, "N", "threads that compute on a CPU (default: as many as are worth it)")
    parser.add_argument(
        "--runtime",
        default=argparse.SUPPRESS,
        choices=("auto", "native", "torch"),
        help="what runs the model (default: the native core on a CPU, PyTorch on a GPU)",
    )


def add_device_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--device`."""
    parser.add_argument(
        "--device",
        default=argparse.SUPPRESS,
        choices=("auto", "cpu", "cuda"),
        help="where the model runs (default: auto)",
    )


def add_json_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_settings_flag(command: argparse.ArgumentParser, summary: str) -> None:
    """Settings of a recipe."""
    command.add_argument("--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", help=summary)


def add_option_flags(command: argparse.ArgumentParser, eagerness: str = "1") -> None:
    """Add the options of decoding that all commands that complete take.

    `eagerness` is what the help page calls the default of `--eagerness`; the command itself sees to it.
    """
    command.add_argument(
        "--decode",
        choices=("infill", "streams", "forward"),
        default=argparse.SUPPRESS,
        help="infill: each direction reads the far side first; streams: the paper's way; "
        "forward: one direction alone, as fim models do (default: infill)",
    )
    add_flag(command, "--meet-ngram", whole, "N", "tokens that must coincide where the sides meet (default: 2)")
    _add_off_flag(command, "verify", "take the first place where the sides meet at its word; else both check it")
    add_flag(command, "--compare", whole, "N", "texts to write and choose from, with a small model (default: 6)")
    add_flag(
        command, "--end-bias", float, "NATS", "more ends the text sooner, less later (default: what suits the model)"
    )
    _add_off_flag(
        command, "memory", "leave all to the model; else what the document itself says of the next token counts too"
    )
    add_flag(
        command,
        "--eagerness",
        fraction,
        "E",
        f"0: only what is almost certain, 0.5: as while typing, 1: all (default: {eagerness})",
    )


def _add_off_flag(command: argparse.ArgumentParser, option: str, summary: str) -> None:
    """Add `--no-OPTION`."""
    command.add_argument(f"--no-{option}", dest=option, action="store_false", default=argparse.SUPPRESS, help=summary)


def add_flag(
    command: argparse.ArgumentParser, flag: str, convert: Callable[[str], object], metavar: str, summary: str
) -> None:
    """Add a flag whose default stays where it is defined, in `CompletionOptions`."""
    command.add_argument(flag, type=convert, metavar=metavar, default=argparse.SUPPRESS, help=summary)


def whole(text: str) -> int:
    """A whole number of at least 1.

    Raises:
        ArgumentTypeError: it is not.
    """
    if not (text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def natural(text: str) -> int:
    """A whole number of at least 0.

    Raises:
        ArgumentTypeError: it is not.
    """
    return 0 if text == "0" else whole(text)


def positive(text: str) -> float:
    """A finite number above 0.

    Raises:
        ArgumentTypeError: it is not.
    """
    with suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")


def fraction(text: str) -> float:
    """A number from 0 to 1.

    Raises:
        ArgumentTypeError: it is not.
    """
    with suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
