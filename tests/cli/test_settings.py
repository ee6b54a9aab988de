from __future__ import annotations

import json

import pytest

from mim_lsp.cli import main


def test_settings_prints_the_table_of_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    assert capsys.readouterr().out.startswith("| key | default | values | meaning |\n")


def test_settings_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["properties"]["eagerness"] | {"description": ""} == {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.5,
        "description": "",
        "scope": "window",
    }
