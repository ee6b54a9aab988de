"""Holes that take a node of the tree: a statement, a block, an argument, a parameter, an expression."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable

from tree_sitter import Node

from mim_lsp.syntax.grammar import EXPRESSION_PLACES, STATEMENT_TYPES
from mim_lsp.syntax.hole_window import HoleWindow
from mim_lsp.syntax.tree import Visit

_SEPARATOR_BEFORE = re.compile(r",\s*$")
_SEPARATOR_AFTER = re.compile(r",\s*")
_SEPARATOR_REACH = 40  # characters in which a neighbouring separator is looked for
_MAX_BLOCK_STATEMENTS = 20


def statement(window: HoleWindow, rng: random.Random) -> tuple[int, int] | None:
    """One statement."""
    return _pick(_spans(window, lambda visit: visit.node.type in STATEMENT_TYPES), rng)


def expression(window: HoleWindow, rng: random.Random) -> tuple[int, int] | None:
    """A right-hand side, condition, index, attribute, operand or returned value."""
    places = _spans(window, _is_expression)
    return rng.choice(places) if places else None


def _is_expression(visit: Visit) -> bool:
    if visit.parent is None or not visit.node.is_named:
        return False
    return visit.field in EXPRESSION_PLACES.get(visit.parent.type, ())


def argument(window: HoleWindow, rng: random.Random) -> tuple[int, int] | None:
    """One argument of a call, perhaps with the comma next to it, or all arguments."""
    return _item(window, rng, {"argument_list"})


def parameter(window: HoleWindow, rng: random.Random) -> tuple[int, int] | None:
    """One parameter of a definition, perhaps with the comma next to it, or all parameters."""
    return _item(window, rng, {"parameters"})


def _item(window: HoleWindow, rng: random.Random, list_types: set[str]) -> tuple[int, int] | None:
    if rng.random() < 0.2:
        everything = _pick(_insides(window, list_types), rng)
        if everything is not None:
            return everything
    one = _pick(_spans(window, lambda visit: _is_item(visit, list_types)), rng)
    if one is None or rng.random() < 0.7:
        return one
    with_separator = _with_separator(window.text, *one)
    return with_separator if window.admits(*with_separator) else one


def _is_item(visit: Visit, list_types: set[str]) -> bool:
    inside = visit.parent is not None and visit.parent.type in list_types
    return inside and visit.node.is_named and visit.node.type != "comment"


def _insides(window: HoleWindow, list_types: set[str]) -> list[tuple[int, int]]:
    """The ranges between the parentheses of the lists in the window."""
    lists = window.tree.nodes(list_types, window.start, window.end)
    return [(start + 1, end - 1) for start, end, _ in lists if window.admits(start + 1, end - 1)]


def _with_separator(text: str, start: int, end: int) -> tuple[int, int]:
    """[start, end) grown over the comma before it or, where there is none, over the one after it."""
    before = _SEPARATOR_BEFORE.search(text[max(0, start - _SEPARATOR_REACH) : start])
    if before:
        return start - len(before.group()), end
    after = _SEPARATOR_AFTER.match(text, end, end + _SEPARATOR_REACH)
    return start, after.end() if after else end


def block(window: HoleWindow, rng: random.Random) -> tuple[int, int] | None:
    """A body or its first statements, from the end of the header's line or from after the first indentation."""
    bodies: list[tuple[int, int]] = []
    for visit in window.tree.walk(window.start, window.end):
        if visit.node.type == "block":
            bodies.extend(_body_parts(window, visit.node))
    body = _pick(bodies, rng)
    if body is None or rng.random() < 0.5:
        return body
    return _from_header(window, *body)


def _body_parts(window: HoleWindow, node: Node) -> list[tuple[int, int]]:
    """The longest head of a block's statements that fits, and one of about half as many."""
    if window.tree.span(node).start < window.start:
        return []
    statements = [window.tree.span(child) for child in node.named_children[:_MAX_BLOCK_STATEMENTS]]
    ends = [end for _, end, kind in statements if kind != "comment" and window.admits(statements[0].start, end)]
    return [(statements[0].start, end) for end in dict.fromkeys((ends[-1], ends[(len(ends) - 1) // 2]))] if ends else []


def _from_header(window: HoleWindow, start: int, end: int) -> tuple[int, int]:
    """[start, end) from the end of the line before it, if the block begins a line."""
    break_at = window.text.rfind("\n", window.start, start)
    begins_line = break_at >= 0 and window.text[break_at:start].isspace()
    return (break_at, end) if begins_line and window.admits(break_at, end) else (start, end)


def _spans(window: HoleWindow, accept: Callable[[Visit], bool]) -> list[tuple[int, int]]:
    """The accepted nodes that are holes of the window."""
    found = []
    for visit in window.tree.walk(window.start, window.end):
        if accept(visit):
            start, end, _ = window.tree.span(visit.node)
            if window.admits(start, end):
                found.append((start, end))
    return found


def _pick(spans: Iterable[tuple[int, int]], rng: random.Random) -> tuple[int, int] | None:
    """The shorter of two random spans, since most of what a person completes is short."""
    choices = list(spans)
    if not choices:
        return None
    return min(rng.choice(choices), rng.choice(choices), key=lambda chosen: chosen[1] - chosen[0])
