"""Patterns that languages with blocks in braces share."""

from __future__ import annotations

SLASH_COMMENTS = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
DOUBLE_QUOTED = r'"(?:\\.|[^"\\\n])*"'
SINGLE_QUOTED = r"'(?:\\.|[^'\\\n])*'"
SEPARATORS = ";\n"
OPENINGS = (r"\n\}[;,)]*[ \t\r]*\n",)
"""The line after a brace that stands at the start of one, as most outer definitions end."""
NO_STATEMENT = r"[)\]}{/*#@]|\w+\s*:\s*$"
"""Closers, comments, directives, annotations and labels."""

_CONTROL = "if|else|for|while|do|switch|case|default|try|catch|finally|return|throw|new|with|match|loop|unsafe|defer|go"


def header(keywords: str) -> str:
    """The pattern of a line that begins a definition: one that has one of `keywords`, or looks like a method's head.

    `keywords` are separated by `|`.
    """
    method = r"(?:[\w$~<>\[\],.*&:?#]+[ \t]+)*[\w$~*&:#]+[ \t]*(?:<[^;=(){}]*>)?\([^;]*$"
    return rf"(?!(?:{_CONTROL})\b)(?:[^;={{}}()]*\b(?:{keywords})\b|{method})"
