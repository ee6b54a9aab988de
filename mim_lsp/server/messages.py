"""The parameters of our own messages (`mim/...`), which the protocol's library knows no types for."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams


def plain(params: Any) -> Any:
    """Parameters as JSON has them; pygls makes named tuples of the objects."""
    if hasattr(params, "_asdict"):
        return {key: plain(value) for key, value in params._asdict().items()}
    return [plain(value) for value in params] if isinstance(params, list | tuple) else params


def document_uri(params: Any) -> str | None:
    """The document that a message is about; None if it names none."""
    return _text_at(plain(params), "textDocument", "uri")


def position(params: Any) -> types.Position | None:
    """The position in a message; None if there is none.

    Raises:
        JsonRpcInvalidParams: it is no position.
    """
    given = plain(params)
    match given.get("position") if isinstance(given, dict) else None:
        case None:
            return None
        case {"line": int(line), "character": int(character)} if line >= 0 and character >= 0:
            return types.Position(line, character)
    raise JsonRpcInvalidParams("`position` must have a line and a character, whole numbers from 0")


def suggestion_id(params: Any) -> str | None:
    """The id of the suggestion in `item` of a message: the argument of its command; None if it has none."""
    given = plain(params)
    item = given.get("item") if isinstance(given, dict) else None
    command = item.get("command") if isinstance(item, dict) else None
    arguments = command.get("arguments") if isinstance(command, dict) else None
    return arguments[0] if isinstance(arguments, list) and arguments and isinstance(arguments[0], str) else None


def whole(params: Any, key: str) -> int:
    """A whole number in a message; 0 if there is none."""
    given = plain(params)
    value = given.get(key) if isinstance(given, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text_at(given: Any, *path: str) -> str | None:
    for key in path:
        given = given.get(key) if isinstance(given, dict) else None
    return given if isinstance(given, str) else None
