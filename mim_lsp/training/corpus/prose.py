"""Natural language that packages ship: documentation files, and the docstrings of a module taken by themselves."""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Iterator, Sequence

from mim_lsp.training.corpus.filters import DropReason, has_copyleft_notice, name_share, says_generated

MIN_WORD_SHARE = 0.4  # words among words and punctuation: tables and lists of directives have fewer
MIN_COMMON_SHARE = 0.1  # of the words that are the commonest of English: running text has 0.2 and more
MIN_ASCII_SHARE = 0.95
MAX_LINE_LENGTH = 5_000  # characters; Markdown often has a paragraph on one line
MIN_DOCSTRINGS_CHARS = 600  # of a module's docstrings together
_HEAD_LENGTH = 500

_COMMON = re.compile(
    r"\b(the|of|to|and|a|in|is|for|that|with|this|be|are|as|it|on|or|by|an|if|from|you|can|not)\b", re.IGNORECASE
)
_DOCUMENT = re.compile(r"\.(rst|md)$|(^|/)docs?/([^/]+/)*[^/]+\.txt$|(^|/)README[^/]*\.txt$", re.IGNORECASE)
# Licences, lists of people, changes and files: no running text, or the same in every package.
_NO_DOCUMENT = re.compile(
    r"(^|/)((un)?licen[cs]es?|copying|notices?|authors|contributors|credits|thanks|maintainers|governance|security"
    r"|code[_-]of[_-]conduct|conduct|change(s|log)|history|news|release[_-]?notes|what'?s[_-]?new|requirements"
    r"|cmakelists|sources|entry_points|top_level)\b[^/]*$"
    r"|\.(egg|dist)-info/|(^|/)(licen[cs]es?|release[_-]?notes?|releases?|what'?s[_-]?new|changes|changelogs?(\.d)?"
    r"|newsfragments|news)/",
    re.IGNORECASE,
)


def is_document_path(path: str) -> bool:
    """Whether the file at this path is documentation, by its name."""
    return bool(_DOCUMENT.search(path)) and not _NO_DOCUMENT.search(path)


def prose_reason(text: str, words: Sequence[str]) -> DropReason | None:
    """Why a document with this text, which splits into these words, is left out, or None."""
    if says_generated(text[:_HEAD_LENGTH]):
        return DropReason.GENERATED
    if max(map(len, text.split("\n"))) > MAX_LINE_LENGTH:
        return DropReason.LONG_LINES
    if not _is_english(text, words):
        return DropReason.NOT_PROSE
    if has_copyleft_notice(text):
        return DropReason.COPYLEFT
    return None


def _is_english(text: str, words: Sequence[str]) -> bool:
    if name_share(words) < MIN_WORD_SHARE or sum(map(str.isascii, text)) < MIN_ASCII_SHARE * len(text):
        return False
    n_names = sum(word[0].isalpha() for word in words)
    return len(_COMMON.findall(text)) >= MIN_COMMON_SHARE * max(1, n_names)


def is_chosen(key: str, share: float) -> bool:
    """Whether a file is among the `share` that is taken: decided by its name, so alike in every build."""
    return int.from_bytes(hashlib.sha256(f"docstrings {key}".encode()).digest()[:4], "little") < share * 2**32


def docstrings_of(text: str) -> str | None:
    """A module's docstrings as one text, in their order; None where there is little, or Python cannot parse it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escapes that Python dislikes
            found = [docstring.strip() for docstring in _docstrings(ast.parse(text))]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    whole = "\n\n".join(dict.fromkeys(docstring for docstring in found if docstring)) + "\n"
    return whole if len(whole) >= MIN_DOCSTRINGS_CHARS else None


def _docstrings(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    yield ast.get_docstring(node) or ""
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _docstrings(child)
