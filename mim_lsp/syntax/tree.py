"""A parsed Python text whose public offsets are code points.

tree-sitter gives a tree for any text, with `ERROR` and `MISSING` nodes where it does not parse. All walks use a
`TreeCursor` rather than recursion, skip what lies outside the asked range, and stop after a bounded number of nodes,
so that no input, however deep or wide, can hang an editor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Tree, TreeCursor

from mim_lsp.syntax.edits import edited
from mim_lsp.syntax.offsets import ByteOffsets, encode

MAX_PARSED_CHARS = 500_000
"""Longer texts are parsed only around a focus: a megabyte of list literal takes tree-sitter half a second."""
MAX_VISITED_NODES = 50_000
"""Nodes that one walk looks at, at most."""

_LANGUAGE = Language(tree_sitter_python.language())


class Span(NamedTuple):
    """A node as its range in code points and its type in the grammar."""

    start: int
    end: int
    type: str


class Visit(NamedTuple):
    """One step of a walk: a node, the node that holds it, and the field it fills there."""

    node: Node
    parent: Node | None
    field: str | None


def window_around(text: str, start: int, end: int, max_chars: int) -> tuple[int, int]:
    """A range of at most `max_chars` + (`end` - `start`) characters with [start, end) in the middle.

    It begins with an unindented definition, or at least with a line, where it can, so that what is left parses alike.
    """
    if len(text) <= max_chars:
        return 0, len(text)
    half = max_chars // 2
    low, high = max(0, start - half), min(len(text), end + half)
    return _outer_line_start(text, low, start), high


def _outer_line_start(text: str, low: int, high: int) -> int:
    """The first start of an unindented definition in text[low:high], else of any line there, else `low`."""
    if low == 0:
        return 0
    for header in ("\ndef ", "\nclass ", "\n@", "\n"):
        found = text.find(header, low, high)
        if found >= 0:
            return found + 1
    return low


def _starts_beyond(node: Node, last: int) -> bool:
    """Whether `node` lies behind byte `last`; a `MISSING` node right there, which has no width, does not."""
    return node.start_byte > last or node.start_byte == last < node.end_byte


def _descend(cursor: TreeCursor, node: Node, first: int) -> bool:
    """Go to the first child of `node` that reaches byte `first`, without a look at those before it."""
    if node.start_byte >= first:
        return cursor.goto_first_child()
    return cursor.goto_first_child_for_byte(first) is not None


class SyntaxTree:
    """The syntax tree of one text. Make it with `SyntaxTree.parse`."""

    def __init__(self, text: str, tree: Tree, data: bytes, offsets: ByteOffsets, base: int) -> None:
        self.text = text
        self._tree = tree
        self._data = data  # what was parsed
        self._offsets = offsets
        self._base = base  # offset in `text` of the first parsed character

    @classmethod
    def parse(cls, text: str, focus: int = 0, like: SyntaxTree | None = None) -> SyntaxTree:
        """Parse `text`; of a text longer than `MAX_PARSED_CHARS`, only so much of it around offset `focus`.

        Outside of the parsed part such a text has no nodes. The tree is the same with and without `like`, the tree of
        another text, but what both texts begin and end with costs less to parse. Never raises.
        """
        start, end = window_around(text, focus, focus, MAX_PARSED_CHARS)
        parsed = text[start:end]
        data = encode(parsed)
        parser = Parser(_LANGUAGE)
        tree = parser.parse(data, edited(like._tree, like._data, data)) if like else parser.parse(data)
        return cls(text, tree, data, ByteOffsets(parsed, data), start)

    @property
    def has_error(self) -> bool:
        """Whether any of the text does not parse."""
        return self._tree.root_node.has_error

    def span(self, node: Node) -> Span:
        """The range of `node` in code points."""
        to_char = self._offsets.to_char
        return Span(self._base + to_char(node.start_byte), self._base + to_char(node.end_byte), node.type)

    def node_at(self, offset: int) -> Span:
        """The smallest node that holds the character at `offset`; at the text's end, one that ends there."""
        byte = self._byte(offset)
        node = self._tree.root_node.descendant_for_byte_range(byte, byte)
        return self.span(node or self._tree.root_node)

    def walk(
        self,
        start: int = 0,
        end: int | None = None,
        enter: Callable[[Node], bool] = lambda _: True,
    ) -> Iterator[Visit]:
        """Visit the nodes that overlap [start, end), parents before children, in order.

        `enter(node)` says whether to go on into a node's children. Stops after `MAX_VISITED_NODES`.
        """
        first, last = self._byte(start), self._byte(len(self.text) if end is None else end)
        cursor = self._tree.walk()
        parents: list[Node] = []
        for _ in range(MAX_VISITED_NODES):
            node = cursor.node
            if node is None:
                return
            beyond = bool(parents) and _starts_beyond(node, last)
            if not beyond:
                yield Visit(node, parents[-1] if parents else None, cursor.field_name)
                if enter(node) and _descend(cursor, node, first):
                    parents.append(node)
                    continue
            while beyond or not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return
                parents.pop()
                beyond = False

    def nodes(self, types: Collection[str], start: int = 0, end: int | None = None) -> Iterator[Span]:
        """The nodes of `types` that overlap [start, end), as spans, lazily and in order."""
        return (self.span(visit.node) for visit in self.walk(start, end) if visit.node.type in types)

    def error_count(self) -> int:
        """How many `ERROR` and `MISSING` nodes the tree has (of the first `MAX_VISITED_NODES` that hold errors)."""
        visits = self.walk(enter=lambda node: node.has_error)
        return sum(visit.node.is_error or visit.node.is_missing for visit in visits)

    def _byte(self, offset: int) -> int:
        return self._offsets.to_byte(offset - self._base)


class SimilarTrees:
    """Parses texts of which each is much like the one before, as those of a file that is being edited are."""

    def __init__(self) -> None:
        self._latest: SyntaxTree | None = None

    def parse(self, text: str, focus: int = 0) -> SyntaxTree:
        """The same as `SyntaxTree.parse`."""
        self._latest = SyntaxTree.parse(text, focus, like=self._latest)
        return self._latest
