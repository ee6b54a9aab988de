"""Messages with wrong types in every place, made from the protocol's own types."""

from __future__ import annotations

import copy
import enum
import types as builtin_types
import typing
from collections.abc import Iterator
from typing import Any

import attrs
from lsprotocol import types as t
from lsprotocol.converters import get_converter

WRONG: tuple[Any, ...] = (None, True, -1, 10**12, 1.5, "", "odd", "\ud800", [], [None], {}, {"odd": {"odd": 1}})
"""What is put in place of each value."""
DEEPEST = 5
"""Levels of nested objects that are filled."""
URI = "file:///tmp/mim-tests/odd.py"

_converter = get_converter()


def good_params(method: str) -> Any:
    """Parameters that the protocol's types allow, with every optional field filled; of our own methods a guess."""
    if method not in t.METHOD_TO_TYPES:
        place = {"uri": URI, "position": {"line": 0, "character": 0}}
        return {"textDocument": {"uri": URI}, "item": {"id": "x"}, "acceptedLength": 1, **place}
    message_type = t.METHOD_TO_TYPES[method][0]
    params = next((field.type for field in attrs.fields(message_type) if field.name == "params"), None)
    return _converter.unstructure(_filled(params)) if params is not None else None


def odd_params(method: str) -> Iterator[Any]:
    """Good parameters, and these with each value replaced by each of `WRONG`, and with each key left out."""
    good = good_params(method)
    yield good
    for path in _paths(good):
        for wrong in WRONG:
            yield _changed(good, path, wrong)
        if path and isinstance(path[-1], str):
            yield _without(good, path)


def _filled(kind: Any, depth: int = 0) -> Any:
    """A value of a type of the protocol."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union or origin is builtin_types.UnionType:
        return _filled(next(each for each in inner if each is not type(None)), depth)
    if origin is typing.Literal:
        return inner[0]
    if origin is not None and issubclass(origin, typing.Mapping):
        return {}
    if origin is tuple:
        return tuple(_filled(each, depth) for each in inner)
    if origin is not None:
        return [_filled(inner[0], depth + 1)] if depth < DEEPEST else []
    if attrs.has(kind):
        return _filled_object(kind, depth)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    return {str: URI, int: 1, float: 1.0, bool: True, type(None): None}.get(kind, "any")


def _filled_object(kind: type, depth: int) -> Any:
    values = {}
    for field in attrs.fields(attrs.resolve_types(kind)):
        required = field.default is attrs.NOTHING
        if field.init and (required or depth < DEEPEST):
            values[field.name] = _filled(field.type, depth + 1)
    return kind(**values)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for step, inner in steps:
        yield from _paths(inner, (*path, step))


def _changed(value: Any, path: tuple[str | int, ...], wrong: Any) -> Any:
    if not path:
        return wrong
    changed = copy.deepcopy(value)
    _parent(changed, path)[path[-1]] = wrong
    return changed


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    changed = copy.deepcopy(value)
    del _parent(changed, path)[path[-1]]
    return changed


def _parent(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path[:-1]:
        value = value[step]
    return value
