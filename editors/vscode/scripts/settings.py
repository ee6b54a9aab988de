"""Puts the server's settings into package.json, for VS Code's settings editor.

    python scripts/settings.py           write package.json
    python scripts/settings.py --check   exit with 1 if package.json does not have them as they are

Needs an environment with mim-lsp.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1] / "package.json"
TITLE = "Suggestions"


def contributed(schema: dict[str, Any]) -> dict[str, Any]:
    """The section of `contributes.configuration` for the properties of the server's schema."""
    properties = {
        f"mim.{name}": _property(entry, order) for order, (name, entry) in enumerate(schema["properties"].items())
    }
    return {"title": TITLE, "properties": properties}


def with_settings(package: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The manifest `package` with the settings of `schema` in place of those it has."""
    sections = [each for each in package["contributes"]["configuration"] if each["title"] != TITLE]
    contributes = package["contributes"] | {"configuration": [contributed(schema), *sections]}
    return package | {"contributes": contributes}


def _property(entry: dict[str, Any], order: int) -> dict[str, Any]:
    rest = {key: value for key, value in entry.items() if key != "description"}
    text = re.sub(r"\[([^]]*)\]\(#[^)]*\)", r"\1", entry["description"])  # its anchors are on another page
    return rest | {"order": order, "markdownDescription": f"{text[0].upper()}{text[1:]}."}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if it is behind")
    parser.add_argument("package", nargs="?", type=Path, default=PACKAGE, help="default: that of the extension")
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "mim_lsp", "settings", "--schema"]
    schema = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    package = json.loads(arguments.package.read_text("utf-8"))
    wanted = with_settings(package, schema)
    if wanted == package:
        return
    if arguments.check:
        sys.exit("package.json is behind the server: run scripts/settings.py")
    arguments.package.write_text(json.dumps(wanted, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
