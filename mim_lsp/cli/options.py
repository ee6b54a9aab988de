"""What the shared flags ask for, in the words of the layers below; imported when a command runs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from mim_lsp.completion.document import parse_location
from mim_lsp.completion.language import document_language
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.runtime.choice import RuntimeOptions

_OPTION_FLAGS = (
    "decode",
    "candidates",
    "compare",
    "max_tokens",
    "max_ms",
    "meet_ngram",
    "verify",
    "end_bias",
    "memory",
    "eagerness",
)


def runtime_options(args: argparse.Namespace) -> RuntimeOptions:
    """What the model flags ask for."""
    return RuntimeOptions(args.device, args.threads, args.runtime)


def completion_options(args: argparse.Namespace) -> CompletionOptions:
    """What the option flags ask for; what was not given keeps its default.

    A command was typed, so everything is shown that was found, unless `--eagerness` says otherwise.
    """
    return CompletionOptions(**{"eagerness": 1.0, **given_options(args)})


def options_at(location: str, args: argparse.Namespace) -> CompletionOptions:
    """What the option flags ask for at `PATH:LINE:COLUMN`: the name of the file there tells its language.

    Raises:
        SettingsError: `location` does not have that form.
    """
    language = document_language(None, parse_location(location).path.absolute().as_uri())
    return replace(completion_options(args), language=language)


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """The option flags that were given, by the names that `CompletionOptions` has for them."""
    return {name: getattr(args, name) for name in _OPTION_FLAGS if name in args}
