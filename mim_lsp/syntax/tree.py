"""A parsed text whose public offsets are code points.

tree-sitter gives a tree for any text, with `ERROR` and `MISSING` nodes where it does not parse. All walks use a
`TreeCursor` rather than recursion, skip what lies outside the asked range, and stop after a bounded number of nodes,
so that no input, however deep or wide, can hang an editor. A text of a language without a grammar has no nodes, nor
has one that its grammar takes too long for.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from tree_sitter import Node, Parser, Point, Tree, TreeCursor

from mim_lsp.syntax.edits import edited
from mim_lsp.syntax.grammars import load_grammar
from mim_lsp.syntax.language import Language
from mim_lsp.syntax.languages import language_named
from mim_lsp.syntax.offsets import ByteOffsets, encode
from mim_lsp.syntax.operator_runs import blank_long_runs

MAX_PARSED_CHARS = 500_000
"""Longer texts are parsed only around a focus: a megabyte of list literal takes tree-sitter half a second."""
MAX_PARSE_SECONDS = 1.0
"""Parsing takes a time in proportion to the text, but for some broken texts to its square."""
MAX_VISITED_NODES = 50_000
"""Nodes that one walk looks at, at most."""

_CHUNK_BYTES = 65_536  # given to the parser at a time


class _Thread(threading.local):
    """What each thread has of its own."""

    def __init__(self) -> None:
        # tree-sitter 0.26 never lets go of an object that it was given to read, so that it always gets this one
        self.chunk = bytearray()


_thread = _Thread()


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


def window_around(text: str, start: int, end: int, max_chars: int, language: str = "python") -> tuple[int, int]:
    """A range of at most `max_chars` + (`end` - `start`) characters with [start, end) in the middle.

    It begins with an outer definition, or at least with a line, where it can, so that what is left parses alike.
    """
    if len(text) <= max_chars:
        return 0, len(text)
    half = max_chars // 2
    low, high = max(0, start - half), min(len(text), end + half)
    return _outer_line_start(text, low, start, language_named(language)), high


def _outer_line_start(text: str, low: int, high: int, language: Language) -> int:
    """The first start of an outer definition in text[low:high], else of any line there, else `low`."""
    if low == 0:
        return 0
    for opening in (*language.openings, "\n"):
        found = re.compile(opening).search(text, low, high)
        if found:
            return found.end()
    return low


def _parse(parser: Parser, data: bytes, old: Tree | None) -> Tree | None:
    """The tree of `data`, built upon `old`; None if that takes too long.

    Nodes of a tree that was read in pieces have no `text`: asking tree-sitter 0.26 for it crashes the process.
    """
    deadline = time.monotonic() + MAX_PARSE_SECONDS
    chunk = _thread.chunk

    def read(offset: int, _: Point) -> bytearray:
        chunk[:] = data[offset : offset + _CHUNK_BYTES]
        return chunk

    def is_late(offset: int, has_error: bool) -> bool:
        return time.monotonic() > deadline

    try:
        if old is None:  # which the parser does not take for an argument
            return parser.parse(read, progress_callback=is_late)
        return parser.parse(read, old, progress_callback=is_late)
    except ValueError:  # tree-sitter's word for having been stopped
        return None


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

    def __init__(
        self, text: str, tree: Tree | None, data: bytes, offsets: ByteOffsets, base: int, language: Language
    ) -> None:
        self.text = text
        self.language = language
        self._tree = tree  # None if it was not parsed
        self._data = data  # what was parsed: as long as the text, but not always the same
        self._offsets = offsets
        self._base = base  # offset in `text` of the first parsed character

    @classmethod
    def parse(cls, text: str, focus: int = 0, like: SyntaxTree | None = None, language: str = "python") -> SyntaxTree:
        """Parse `text`; of a text longer than `MAX_PARSED_CHARS`, only so much of it around offset `focus`.

        Outside of the parsed part such a text has no nodes, and none at all if there is no grammar for its `language`
        (LSP `languageId`) or if it takes longer than `MAX_PARSE_SECONDS`. The tree is the same with and without `like`,
        the tree of another text, but what both texts begin and end with costs less to parse. Never raises.
        """
        known = language_named(language)
        grammar = load_grammar(known)
        if grammar is None:
            return cls(text, None, b"", ByteOffsets("", b""), 0, known)
        start, end = window_around(text, focus, focus, MAX_PARSED_CHARS, language)
        parsed = text[start:end]
        data = blank_long_runs(encode(parsed))
        old = None
        if like is not None and like._tree is not None and like.language is known:
            old = edited(like._tree, like._data, data)
        return cls(text, _parse(Parser(grammar), data, old), data, ByteOffsets(parsed, data), start, known)

    @property
    def is_parsed(self) -> bool:
        """Whether there is a tree: where the text was not parsed it has no nodes and no errors."""
        return self._tree is not None

    @property
    def has_error(self) -> bool:
        """Whether any of the text does not parse."""
        return self._tree is not None and self._tree.root_node.has_error

    def span(self, node: Node) -> Span:
        """The range of `node` in code points."""
        to_char = self._offsets.to_char
        return Span(self._base + to_char(node.start_byte), self._base + to_char(node.end_byte), node.type)

    def text_of(self, node: Node) -> str:
        """The text of `node`. Its own `node.text` must not be asked: see `_parse`."""
        start, end, _ = self.span(node)
        return self.text[start:end]

    def node_at(self, offset: int) -> Span:
        """The smallest node that holds the character at `offset`; at the text's end, one that ends there.

        If it was not parsed, the whole text, of no type.
        """
        if self._tree is None:
            return Span(0, len(self.text), "")
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
        if self._tree is None:
            return
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

    def parse(self, text: str, focus: int = 0, language: str = "python") -> SyntaxTree:
        """The same as `SyntaxTree.parse`."""
        self._latest = SyntaxTree.parse(text, focus, like=self._latest, language=language)
        return self._latest
