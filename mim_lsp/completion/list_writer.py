"""Writes what is suggested inside a parameter or argument list with the separators and blanks that the list has."""

from __future__ import annotations

from collections.abc import Sequence
from keyword import iskeyword

from mim_lsp.completion.cursor_line import joins_word
from mim_lsp.completion.list_style import ends_with_comma, leading_blanks, style_of
from mim_lsp.completion.place import Place
from mim_lsp.syntax.lists import ListKind, ListPlace
from mim_lsp.syntax.tree import SyntaxTree

_AROUND: dict[ListKind, tuple[str, str]] = {
    "parameters": ("def _(", "): pass"),
    "lambda": ("lambda ", ": 0"),
    "types": ("def _[", "](): pass"),
    "arguments": ("_(", ")"),
    "bases": ("_(", ")"),
}


class ListWriter:
    """Writes the pieces of a suggestion, which was cut at its commas, with the separators that the list needs."""

    def __init__(self, found: ListPlace, place: Place, rest: str) -> None:
        self.found, self.place, self.rest = found, place, rest
        self.style = style_of(found)

    def write(self, pieces: Sequence[str]) -> str:
        """The suggestion, or an empty text if it has no item."""
        if not any(piece.strip() for piece in pieces):
            return self._comma_alone(pieces)
        pieces = [piece for n, piece in enumerate(pieces) if piece.strip() or n in (0, len(pieces) - 1)]
        lead, items = self._lead(pieces)
        has_comma = len(items) > 1 and not items[-1].strip()
        if has_comma and self.rest:
            return lead + self._joined(items[:-1]) + "," + items[-1] + self.rest
        items = items[:-1] if has_comma else items
        text = lead + self._joined(items)
        return text + self.rest if self.rest else text.rstrip() + self._end(text, items[-1], has_comma=has_comma)

    def _comma_alone(self, pieces: Sequence[str]) -> str:
        """A comma and no item is of use only as the last one of a list with its closer in a line of its own."""
        ends_line = len(pieces) > 1 and self.found.head.strip() and "\n" in self.found.tail and not self.found.after
        return "," + self.rest if ends_line and not self.found.tail.strip() else self.rest

    def _lead(self, pieces: Sequence[str]) -> tuple[str, Sequence[str]]:
        """What stands before the first item of `pieces`, and the items."""
        first = next(n for n, piece in enumerate(pieces) if piece.strip())
        opener = pieces[first]
        items = [opener.lstrip(), *pieces[first + 1 :]]
        head = self.found.head
        if not head.strip():
            return self._gap_before(leading_blanks(opener)), items
        if first > 0 or self._begins_item(opener):
            return "," + (self._gap_before(leading_blanks(opener), head="")), items
        return "", pieces

    def _begins_item(self, piece: str) -> bool:
        """Whether `piece`, set off by blanks, is an item of its own, and no more of the one before the cursor."""
        head, kind = self.found.head, self.found.kind
        if not piece[:1].isspace() or _is_item(head + piece, kind):
            return False
        return _is_item(head, kind) and _is_item(piece, kind)

    def _gap_before(self, written: str, head: str | None = None) -> str:
        """The blanks before a new item, of which `head` is there already and `written` was suggested."""
        found, gap = self.found, self.style.gap
        head = found.head if head is None else head
        if "\n" in head:
            return ""
        if "\n" in written:
            return gap if self.style.is_one_per_line else written
        if head:
            return ""
        is_first = not found.before and not found.head.strip()
        if is_first and "\n" not in leading_blanks(found.tail):
            return " " if found.kind == "lambda" else ""
        return gap

    def _joined(self, items: Sequence[str]) -> str:
        """The items with commas between them; what was written over several lines stays so."""
        text = items[0]
        for item in items[1:]:
            blanks = leading_blanks(item)
            keeps = item.lstrip().startswith("#") or ("\n" in blanks and not self.style.is_one_per_line)
            text = text.rstrip() + "," + (item if keeps else self.style.gap + item.lstrip())
        return text

    def _end(self, text: str, last: str, *, has_comma: bool) -> str:
        """What stands behind the last item: a separator if an item follows, the list's trailing comma, or blanks."""
        found, tail = self.found, self.found.tail
        if tail.strip():
            if has_comma or self._is_apart_from_tail(text, last):
                return "," + ("" if tail[0].isspace() else self.style.gap)
            return text[len(text.rstrip()) :]
        if found.after:
            return ""
        if not found.is_closed:
            return "," if has_comma else ""
        return "," if "\n" in tail and self._takes_last_comma(last, has_comma=has_comma) else ""

    def _is_apart_from_tail(self, text: str, last: str) -> bool:
        """Whether the last item and what follows the cursor are two items, rather than one."""
        found = self.found
        if found.head.strip() and text == last:  # the cursor is within an item
            return False
        if joins_word(last, found.tail):
            return True
        return not _awaits_more(last, found.kind) and _is_item(last, found.kind) and _is_item(found.tail, found.kind)

    def _takes_last_comma(self, last: str, *, has_comma: bool) -> bool:
        """Whether the list, whose closer has a line of its own, ends with a comma."""
        if self.found.kind == "lambda" or not _is_item(last.rstrip() + ",", self.found.kind):
            return False
        if self.style.is_one_per_line:
            return ends_with_comma(self.place)
        return has_comma and any("\n" in item for item in self.found.before[1:])


def _is_item(text: str, kind: ListKind) -> bool:
    """Whether `text` parses as what such a list holds."""
    opening, closing = _AROUND[kind]
    return bool(text.strip()) and not SyntaxTree.parse(opening + text + closing).has_error


def _awaits_more(item: str, kind: ListKind) -> bool:
    """Whether an item that may be complete is rather the start of one: `await`, or `*` where it is no separator."""
    if item.strip() in ("*", "**"):
        return item.strip() == "**" or kind not in ("parameters", "lambda")
    word = item.split()[-1]
    return iskeyword(word) and word[0].islower()
