"""Loads tree-sitter grammars, each when its language is first met. One that cannot be used is simply not there."""

from __future__ import annotations

from functools import cache
from importlib import import_module

import tree_sitter

from mim_lsp.syntax.language import Grammar, Language
from mim_lsp.syntax.languages import LANGUAGES


def load_grammar(language: Language) -> tree_sitter.Language | None:
    """The grammar of `language`; None if it has none or it cannot be used here. Never raises."""
    if language.grammar is None:
        return None
    loaded = _load(language.grammar)
    return None if isinstance(loaded, str) else loaded


def available_grammars() -> dict[str, str | None]:
    """For the name of each language None if its grammar can be used, else why it cannot. Loads them all."""
    problems: dict[str, str | None] = {}
    for language in LANGUAGES.values():
        if language.grammar is not None:
            loaded = _load(language.grammar)
            problems[language.name] = loaded if isinstance(loaded, str) else None
    return problems


@cache
def _load(grammar: Grammar) -> tree_sitter.Language | str:
    """The grammar, or in one line why it cannot be used."""
    wheel = grammar.module.replace("_", "-")
    try:
        module = import_module(grammar.module)
    except ModuleNotFoundError:
        return f"{wheel} is not installed: pip install 'mim-lsp[languages]'"
    except ImportError as error:
        return f"{wheel} cannot be loaded ({error}): install it again"
    try:
        return tree_sitter.Language(getattr(module, grammar.function)())
    except (AttributeError, TypeError, ValueError) as error:  # another version than ours, on either side
        return f"{wheel} does not fit this tree-sitter ({error}): pip install --upgrade 'mim-lsp[languages]'"
