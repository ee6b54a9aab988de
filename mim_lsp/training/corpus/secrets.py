"""Secrets and personal data in source text.

A file with what looks like a key is refused as a whole; e-mail addresses are masked.
"""

from __future__ import annotations

import math
import re
from collections import Counter

MASKED_ADDRESS = "user@example.com"
MIN_SECRET_LENGTH = 20  # characters of a literal that may be a key
MIN_SECRET_ENTROPY = 3.5  # bits per character: 32 random hexadecimal digits have about 3.7, "x" * 20 has none

# Fixed beginnings, found much faster than the expression below, which then decides.
_KEY_MARKS = (
    *("PRIVATE KEY", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    *("xox", "AIza", "sk_live_", "glpat-", "eyJ"),
)
_KNOWN_KEYS = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[0-9A-Za-z]{36}"
    r"|\bgithub_pat_\w{40,}"
    r"|\bxox[abprs]-[0-9A-Za-z-]{20,}"
    r"|\bAIza[0-9A-Za-z_-]{35}\b"
    r"|\bsk_live_[0-9A-Za-z]{20,}"
    r"|\bglpat-[0-9A-Za-z_-]{20}"
    r"|\beyJ[0-9A-Za-z_-]{15,}\.eyJ[0-9A-Za-z_-]{15,}\.[0-9A-Za-z_-]{20,}"
)
_LITERAL = re.compile(rf"""["']([A-Za-z0-9+/=_.~-]{{{MIN_SECRET_LENGTH},}})["']""")
# What stands before the literal: `API_KEY = `, `"token": `, `secrets["x_password"] = `, `password: str = b`.
_SECRET_NAME = re.compile(
    r"(?:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|credential)\w*"
    r"""["']?\]?\s*(?::\s*[\w.]+\s*)?[=:]\s*[rbuf]*$""",
    re.IGNORECASE,
)
_NAME_REACH = 80  # characters before a literal in which its name is looked for
# Only endings that are hardly ever attributes: `a@b.T` and `x@y.conj` multiply matrices.
_ADDRESS = re.compile(
    r"\b[A-Za-z0-9][\w.+-]*@(?:[A-Za-z0-9-]+\.)+"
    r"(?:com|org|net|edu|gov|mil|int|info|io|ai|me|eu|uk|us|ca|au|nz|za|in|jp|cn|tw|hk|sg|kr|br|mx|ar|cl|ru|ua|by|il|tr"
    r"|de|fr|ch|at|nl|be|lu|it|es|pt|ie|gr|se|no|fi|dk|is|pl|cz|sk|hu|ro|bg|rs|hr|si|ee|lv|lt)\b"
)
_RESERVED_DOMAIN = re.compile(r"@(?:[\w-]+\.)*example\.(?:com|org|net|edu)$", re.IGNORECASE)


def has_secret(text: str) -> bool:
    """Whether the text holds a private key, a token of a known form, or a random literal under a telling name."""
    if any(mark in text for mark in _KEY_MARKS) and _KNOWN_KEYS.search(text):
        return True
    return any(_looks_random(match[1]) and _is_named_secret(text, match.start()) for match in _LITERAL.finditer(text))


def _is_named_secret(text: str, start: int) -> bool:
    return _SECRET_NAME.search(text[max(0, start - _NAME_REACH) : start]) is not None


def _looks_random(literal: str) -> bool:
    has_digit = any(character.isdigit() for character in literal)
    has_letter = any(character.isalpha() for character in literal)
    return has_digit and has_letter and entropy(literal) >= MIN_SECRET_ENTROPY


def entropy(text: str) -> float:
    """Shannon entropy of a text's own character frequencies, in bits per character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def mask_addresses(text: str) -> tuple[str, int]:
    """The text with e-mail addresses replaced by `MASKED_ADDRESS`, and how many were; reserved domains stay."""
    masked = 0

    def mask(match: re.Match[str]) -> str:
        nonlocal masked
        if _RESERVED_DOMAIN.search(match[0]):
            return match[0]
        masked += 1
        return MASKED_ADDRESS

    return _ADDRESS.sub(mask, text), masked
