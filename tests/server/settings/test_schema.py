from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mim_lsp.completion.deny_list import DENY_LIST
from mim_lsp.server.settings.keys import all_settings
from mim_lsp.server.settings.schema import json_schema, markdown_table
from tests.server.settings.test_keys import OTHER

PAGE = (Path(__file__).parents[3] / "docs/settings.md").read_text("utf-8")
TYPES = {"boolean": bool, "string": str, "integer": int, "number": int | float, "array": list}


def test_the_page_has_the_table_of_these_settings() -> None:
    assert f"\n{markdown_table()}\n" in PAGE, "put the output of `mim-lsp settings` into docs/settings.md"


def test_the_page_lists_every_file_that_is_never_read() -> None:
    assert all(f"`{pattern}`" in PAGE for _, patterns in DENY_LIST for pattern in patterns)


def fits(value: object, schema: dict[str, Any]) -> bool:
    """Whether a value fits one property of the schema, as far as we use the language of schemas."""
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None:
        return "null" in names
    if not any(isinstance(value, TYPES[name]) for name in names if name != "null"):
        return False
    if isinstance(value, list):
        return all(fits(each, schema["items"]) for each in value)
    if "minimum" in schema and not schema["minimum"] <= value <= schema["maximum"]:  # type: ignore[operator]
        return False
    return "enum" not in schema or value in schema["enum"]


def test_the_schema_takes_every_setting_and_its_default() -> None:
    schema: Any = json.loads(json.dumps(json_schema()))
    assert list(schema["properties"]) == [setting.name for setting in all_settings()]
    for name, described in schema["properties"].items():
        assert fits(described["default"], described)
        assert fits(json.loads(json.dumps(OTHER[name])), described)
        assert not fits({}, described)
        assert described["description"]


def test_no_setting_is_offered_for_one_folder_of_several() -> None:
    # VS Code offers `resource` settings for each folder; the server asks for one set, for all of them.
    schema: Any = json_schema()
    scopes = {name: entry["scope"] for name, entry in schema["properties"].items()}
    assert scopes == {each.name: "machine" if each.key.machine else "window" for each in all_settings()}
    assert {scopes["eagerness"], scopes["enabled"], scopes["languages"]} == {"window"}
    assert {scopes["model"], scopes["device"], scopes["stats"]} == {"machine"}
