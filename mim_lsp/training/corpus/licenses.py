"""Which licences a package may carry to enter a corpus: permissive ones only, on the package's own word.

A wheel's METADATA can state its licence in three places. `License-Expression` (SPDX, PEP 639) is the most precise and
stands alone when it is there. Else every `Classifier: License ::` counts, and so does a one-line `License`; a `License`
field of many lines is a copied licence text, which names no licence that a program could check.
"""

from __future__ import annotations

import re
from email.message import Message

from mim_lsp.errors import CorpusError

PERMISSIVE_FAMILIES = ("MIT", "BSD", "Apache-2.0", "ISC", "PSF", "Unlicense")

_SPDX_FAMILIES = {
    "MIT": "MIT",
    "MIT-0": "MIT",
    "BSD-2-Clause": "BSD",
    "BSD-3-Clause": "BSD",
    "0BSD": "BSD",
    "Apache-2.0": "Apache-2.0",
    "ISC": "ISC",
    "PSF-2.0": "PSF",
    "Python-2.0": "PSF",
    "Unlicense": "Unlicense",
}
_CLASSIFIER_FAMILIES = {
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT",
    "BSD License": "BSD",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF",
    "The Unlicense (Unlicense)": "Unlicense",
}
# How packages without an SPDX expression spell their licence in one line, in lower case without "the" and "license".
_FREE_TEXT_FAMILIES = {
    "mit": "MIT",
    "bsd": "BSD",
    "new bsd": "BSD",
    "modified bsd": "BSD",
    "bsd 2-clause": "BSD",
    "bsd 3-clause": "BSD",
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache version 2.0": "Apache-2.0",
    "apache software": "Apache-2.0",
    "apache software 2.0": "Apache-2.0",
    "isc": "ISC",
    "psf": "PSF",
    "unlicense": "Unlicense",
}
_SPDX_BY_LOWER = {identifier.lower(): family for identifier, family in _SPDX_FAMILIES.items()}


def check_license(package: str, pinned: str, metadata: Message) -> None:
    """Compare the licence that a manifest pins with what the package's METADATA says.

    Raises:
        CorpusError: either is not permissive, METADATA states no licence, or the two do not name the same licences.
    """
    expected = expression_families(pinned)
    if expected is None:
        raise CorpusError(f"{package}: licence {pinned!r} of the manifest is not allowed; {_allowed()}")
    stated: set[str] = set()
    statements = license_statements(metadata)
    for statement, families in statements:
        if families is None:
            raise CorpusError(f"{package}: licence {statement!r} is not allowed; {_allowed()}")
        stated |= families
    if not statements:
        raise CorpusError(f"{package}: its METADATA states no licence; remove it from the manifest")
    if stated != expected:
        raise CorpusError(f"{package}: the manifest says {pinned}, its METADATA says {', '.join(sorted(stated))}")


def license_statements(metadata: Message) -> list[tuple[str, frozenset[str] | None]]:
    """Every licence that METADATA states, with the permissive families it means, or None when it is not permissive."""
    expression = metadata.get("License-Expression")
    if expression:
        return [(expression, expression_families(expression))]
    statements = [(value, _classifier_families(value)) for value in _license_classifiers(metadata)]
    text = (metadata.get("License") or "").strip()
    if text and "\n" not in text:
        statements.append((text, _free_text_families(text)))
    return statements


def _license_classifiers(metadata: Message) -> list[str]:
    values = [str(value) for value in metadata.get_all("Classifier", [])]
    # The bare "OSI Approved" says nothing beyond the classifiers next to it.
    return [value for value in values if value.startswith("License ::") and value != "License :: OSI Approved"]


def _classifier_families(classifier: str) -> frozenset[str] | None:
    family = _CLASSIFIER_FAMILIES.get(classifier.rsplit(" :: ", 1)[-1])
    return frozenset({family}) if family else None


def _free_text_families(text: str) -> frozenset[str] | None:
    families = expression_families(text)
    if families:
        return families
    plain = re.sub(r"\b(the|licen[sc]e)\b|,", " ", text.lower())
    family = _FREE_TEXT_FAMILIES.get(" ".join(plain.split()))
    return frozenset({family}) if family else None


def expression_families(expression: str) -> frozenset[str] | None:
    """Families of an SPDX expression; None unless every licence in it is permissive, so that OR needs no choice."""
    names = [name for name in re.split(r"[()\s]+", expression) if name and name.upper() not in {"AND", "OR"}]
    families = [_SPDX_BY_LOWER.get(name.lower()) for name in names]
    if not families or None in families:
        return None
    return frozenset(family for family in families if family)


def _allowed() -> str:
    return f"allowed are {', '.join(PERMISSIVE_FAMILIES)}"
