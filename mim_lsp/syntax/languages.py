"""The languages with rules of their own, by what editors call them and by what their files are called.

Imports no parser, so that whoever only asks for a file's language pays for none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

from mim_lsp.syntax.known.c import CPP, C
from mim_lsp.syntax.known.go import GO
from mim_lsp.syntax.known.java import JAVA
from mim_lsp.syntax.known.javascript import JAVASCRIPT, JAVASCRIPT_REACT, TYPESCRIPT, TYPESCRIPT_REACT
from mim_lsp.syntax.known.python import PYTHON
from mim_lsp.syntax.known.rust import RUST
from mim_lsp.syntax.language import Language

PLAIN = Language(id="plaintext", name="Plain text")
"""Any text of which nothing is known but that it has lines and brackets."""

LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        language.id: language
        for language in (
            PYTHON,
            JAVASCRIPT,
            JAVASCRIPT_REACT,
            TYPESCRIPT,
            TYPESCRIPT_REACT,
            GO,
            RUST,
            JAVA,
            C,
            CPP,
        )
    }
)
"""The languages by their LSP `languageId`."""

_ALIASES = {"c++": "cpp", "golang": "go", "js": "javascript", "jsx": "javascriptreact", "tsx": "typescriptreact"}
_BY_SUFFIX = {suffix: language.id for language in LANGUAGES.values() for suffix in language.suffixes}


def language_named(language_id: str) -> Language:
    """The language that an editor calls `language_id`; `PLAIN` if that is none of ours. Never raises."""
    return LANGUAGES.get(_ALIASES.get(language_id, language_id), PLAIN)


def language_of(path: PurePath | str) -> str:
    """The LSP `languageId` of the file at `path`, by its suffix: "plaintext" if that says nothing."""
    return _BY_SUFFIX.get(PurePath(path).suffix.lower(), PLAIN.id)
