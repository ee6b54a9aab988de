"""From what the client and the project say to the settings that hold.

Precedence, highest first: the editor's configuration (`workspace/configuration`), `initializationOptions`,
`[tool.mim-lsp]` of the workspace's `pyproject.toml`, the default. Editors send the defaults of what a user has not set:
null, or a value that equals the default, counts as not set, so that it does not hide what the project says.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from mim_lsp.completion.exclusion import MOST_BYTES
from mim_lsp.server.settings.keys import Setting, Settings, all_settings, camel_case

PROJECT_FILE = "pyproject.toml"
_SECTION = "mim-lsp"


@dataclass(frozen=True)
class Source:
    """One place that settings come from."""

    values: Mapping[str, object]
    """By the keys of an editor's configuration."""
    label: str = "mim."
    """What stands before a key in a message."""
    is_project: bool = False
    """Whether it came with the code: it cannot set what concerns the machine, and unknown keys in it are mistakes."""


def gather(sources: Sequence[Source]) -> tuple[Settings, list[str]]:
    """The settings that hold, and a line for the user about every value that cannot be used.

    `sources` come highest first. A value that cannot be used counts as not set. Unknown keys of a client are ignored,
    since editors keep their own settings in the same section.
    """
    chosen: dict[str, object] = {}
    wrong: list[tuple[str, str]] = []
    for setting in all_settings():
        given, complaints = _given(setting, sources)
        wrong += [(setting.field, complaint) for complaint in complaints]
        if given:
            chosen[setting.field] = _joined(given) if setting.key.adds_up else given[0]
    settings = replace(Settings(), **chosen)  # type: ignore[arg-type]  # each was taken by its kind
    problems = [f"{complaint}: {_shown(getattr(settings, field))} is used" for field, complaint in wrong]
    return settings, problems + [line for source in sources if source.is_project for line in _unknown(source)]


def read_project(root: Path) -> tuple[Source | None, str | None]:
    """What the project in the folder `root` sets, None if it sets nothing; and a line if its file cannot be read."""
    path = root / PROJECT_FILE
    try:
        if not path.is_file():
            return None, None
        if path.stat().st_size > MOST_BYTES:
            return None, f"the settings in {path} are not used: it is larger than {MOST_BYTES / 1e6:.0f} MB"
        tool = tomllib.loads(path.read_text("utf-8")).get("tool")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        return None, f"the settings in {path} are not used: {error}"
    section = tool.get(_SECTION) if isinstance(tool, dict) else None
    if section is None:
        return None, None
    if not isinstance(section, dict):
        return None, f"[tool.{_SECTION}] in {path} must be a table"
    values = {_from_toml(key): value for key, value in section.items()}
    return Source(values, f"[tool.{_SECTION}] ", is_project=True), None


def _given(setting: Setting, sources: Sequence[Source]) -> tuple[list[object], list[str]]:
    """What the sources say of a setting, highest first, and what is wrong with what they say."""
    given, wrong = [], []
    for source in sources:
        try:
            value = _taken(setting, source)
        except ValueError as error:
            wrong.append(str(error))
            continue
        if value is not None and value != setting.default:
            given.append(value)
    return given, wrong


def _taken(setting: Setting, source: Source) -> object:
    """What a source says of a setting; None if it says nothing.

    Raises:
        ValueError: it cannot be used; the message says why.
    """
    given = source.values.get(setting.name)
    if given is None:
        return None
    name = f"{source.label}{setting.name}"
    if source.is_project and setting.key.machine:
        raise ValueError(f"{name} concerns your machine and can only be set in the editor")
    try:
        return setting.key.kind.take(given)
    except ValueError as error:
        raise ValueError(f"{name} must be {error}, not {_shown(given)}") from error


def _joined(lists: Sequence[object]) -> tuple[object, ...]:
    """The entries of all lists, those of the highest source last: in patterns the last one that fits decides."""
    return tuple(entry for each in reversed(lists) if isinstance(each, tuple) for entry in each)


def _unknown(source: Source) -> list[str]:
    """A line about each key that is no setting."""
    names = [setting.name for setting in all_settings()]
    lines = []
    for key in source.values:
        if key not in names:
            close = get_close_matches(key, names, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            lines.append(f"{source.label}{key} is not a setting{hint}")
    return lines


def _from_toml(key: str) -> str:
    """`max-tokens` -> `maxTokens`; camelCase stays."""
    return camel_case(key.replace("-", "_"))


def _shown(value: object) -> str:
    """A value for a message, in one short line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"
