"""What the items of a parameter or argument list of Python name, and which of them stand where they must not.

Works on the items' texts, so that a list may be half typed. An item that reads as nothing known counts as right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mim_lsp.syntax.known.python import PYTHON
from mim_lsp.syntax.lists import ListKind

Form = Literal["plain", "default", "star", "slash", "args", "kwargs", "other"]
"""`plain`: a parameter without a default, or a positional argument; `default`: one with it, or a keyword argument."""

_COMMENT = re.compile(rf"(?P<comment>#[^\n]*)|{PYTHON.skipped}", re.DOTALL)
_PARAMETER = re.compile(r"(?P<stars>\*{0,2})\s*(?P<name>[^\W\d]\w*)\s*(?P<rest>[:=].*)?\Z", re.DOTALL)
_KEYWORD = re.compile(r"(?P<name>[^\W\d]\w*)\s*=(?!=)")
_SEPARATORS: dict[str, Form] = {"*": "star", "/": "slash"}
_OF_STARS: dict[str, Form] = {"*": "args", "**": "kwargs"}
_INNER = re.compile(rf"{PYTHON.skipped}|\([^()\[\]{{}}]*\)|\[[^()\[\]{{}}]*\]|\{{[^()\[\]{{}}]*\}}", re.DOTALL)
"""A string, a comment, or brackets with none in them."""
_DEFAULT = re.compile(r"(?<![=!<>:])=(?!=)")
_MAX_NESTING = 10


@dataclass(frozen=True)
class ListItem:
    """One item."""

    form: Form
    name: str
    """What must not be named twice in the list; empty if nothing."""


def items_of(pieces: Sequence[str], kind: ListKind) -> list[ListItem]:
    """The items of a list that was cut at its commas (`split_list`); blank pieces are none."""
    items = (_item(piece, kind) for piece in pieces)
    return [item for item in items if item is not None]


def repeated_names(items: Sequence[ListItem]) -> list[str]:
    """The names that are there more than once."""
    return [name for name, count in Counter(each.name for each in items).items() if name and count > 1]


def misplaced(items: Sequence[ListItem], kind: ListKind) -> int:
    """How many items stand where the kinds of those around them do not allow it."""
    if kind in ("arguments", "bases"):
        return _misplaced_arguments(items)
    if kind == "types":
        return _plain_behind_default(items)
    return _misplaced_parameters(items)


@lru_cache(maxsize=256)  # most of a list stays the same from one suggestion to the next
def _item(piece: str, kind: ListKind) -> ListItem | None:
    text = _COMMENT.sub(lambda match: "" if match["comment"] else match.group(), piece).strip()
    if not text:
        return None
    return _argument(text, kind) if kind in ("arguments", "bases") else _parameter(text, kind)


def _parameter(text: str, kind: ListKind) -> ListItem:
    if text in _SEPARATORS:
        return ListItem(_SEPARATORS[text], "")
    found = _PARAMETER.match(text)
    if found is None:
        return ListItem("other", "")
    if found["stars"]:
        return ListItem("plain" if kind == "types" else _OF_STARS[found["stars"]], found["name"])
    return ListItem("default" if _has_default(found["rest"] or "") else "plain", found["name"])


def _has_default(rest: str) -> bool:
    """Whether what stands behind a parameter's name has a default: an `=` outside of strings and brackets."""
    for _ in range(_MAX_NESTING):
        rest, n_inner = _INNER.subn("", rest)
        if not n_inner:
            break
    return _DEFAULT.search(rest) is not None


def _argument(text: str, kind: ListKind) -> ListItem:
    if text.startswith("*"):
        return ListItem("kwargs" if text.startswith("**") else "args", "")
    keyword = _KEYWORD.match(text)
    if keyword is not None:
        return ListItem("default", keyword["name"])
    return ListItem("plain", text if kind == "bases" else "")


def _misplaced_arguments(items: Sequence[ListItem]) -> int:
    """Positional arguments behind keywords or `**`, and `*` behind `**`."""
    seen: set[Form] = set()
    count = 0
    for each in items:
        count += each.form == "plain" and bool(seen & {"default", "kwargs"})
        count += each.form == "args" and "kwargs" in seen
        seen.add(each.form)
    return count


def _misplaced_parameters(items: Sequence[ListItem]) -> int:
    """What breaks the order: positional-only, `/`, those without and with a default, `*`, keyword-only, `**`."""
    seen: set[Form] = set()
    count = 0
    for n, each in enumerate(items):
        has_star = bool(seen & {"star", "args"})
        count += "kwargs" in seen
        count += each.form in ("star", "args") and has_star
        count += each.form == "slash" and (has_star or "slash" in seen or n == 0)
        count += each.form == "plain" and "default" in seen and not has_star
        following = [other.form for other in items[n + 1 : n + 2]]
        count += each.form == "star" and following in ([], ["kwargs"])
        seen.add(each.form)
    return count


def _plain_behind_default(items: Sequence[ListItem]) -> int:
    forms = [each.form for each in items]
    first = forms.index("default") if "default" in forms else len(forms)
    return forms[first:].count("plain")
