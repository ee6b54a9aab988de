"""VS Code's settings editor has the server's settings, as the server describes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXTENSION = Path(__file__).parents[1] / "editors/vscode"


def check(package: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script that puts the settings into the manifest `package`."""
    command = [sys.executable, str(EXTENSION / "scripts/settings.py"), *options, str(package)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_manifest_has_the_settings_of_the_server() -> None:
    done = check(EXTENSION / "package.json", "--check")
    assert done.returncode == 0, done.stderr


def test_another_default_is_noticed_and_mended(tmp_path: Path) -> None:
    package = tmp_path / "package.json"
    manifest = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    manifest["contributes"]["configuration"][0]["properties"]["mim.eagerness"]["default"] = 0.75
    package.write_text(json.dumps(manifest), "utf-8")
    assert check(package, "--check").returncode == 1
    assert check(package).returncode == 0
    assert package.read_bytes() == (EXTENSION / "package.json").read_bytes()
