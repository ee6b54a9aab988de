"""The settings as a JSON schema, and as the table in the docs."""

from __future__ import annotations

import json

from mim_lsp.server.settings.keys import Setting, all_settings


def json_schema() -> dict[str, object]:
    """The schema of the section `mim` of an editor's configuration."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of mim-lsp",
        "type": "object",
        "properties": {setting.name: _property(setting) for setting in all_settings()},
    }


def markdown_table() -> str:
    """The table of all settings, as docs/settings.md has it."""
    rows = ["| key | default | values | meaning |", "|---|---|---|---|"]
    for setting in all_settings():
        meaning = setting.key.about + (" (not in `pyproject.toml`)" if setting.key.machine else "")
        rows.append(f"| `{setting.name}` | {_code(setting.default)} | {_values(setting)} | {meaning} |")
    return "\n".join(rows)


def _property(setting: Setting) -> dict[str, object]:
    schema = setting.key.kind.schema()
    if setting.optional:
        if "enum" in schema:
            schema["enum"] = [*_list(schema["enum"]), None]
        schema["type"] = [schema["type"], "null"]
    # As VS Code says it: `machine` settings cannot come with the code. `window` ones can, but not for one folder of
    # several: there is one server for all of them, with one set of settings.
    scope = "machine" if setting.key.machine else "window"
    return schema | {"default": setting.default, "description": setting.key.about, "scope": scope}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _values(setting: Setting) -> str:
    expected = setting.key.kind.expected.replace('"', "`")
    return f"{expected}, or null" if setting.optional else expected


def _code(value: object) -> str:
    return f"`{json.dumps(value)}`"
