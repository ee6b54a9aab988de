"""The paths in documents' URIs. Pure functions, the same on every system.

Editors write the same Windows file as `file:///c:/a.py`, `file:///C%3A/a.py` and `file://server/share/a.py`, and name
documents that are no files of this machine with `untitled:`, `vscode-remote:` and other schemes.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_DRIVE = re.compile(r"/?([A-Za-z]):(?=/|$)")
_PATH_WITH_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def path_in(uri: str) -> str:
    r"""The decoded path of a document with `/` between its parts, whatever its scheme; a plain path stays one.

    A Windows drive comes first and in lower case (`c:/a.py`), a network share as `//server/share/a.py`.
    """
    if _is_plain(uri):
        scheme, host, path = "", "", uri
    else:
        scheme, host, path = _split(uri)
    path = path.replace("\\", "/")
    if scheme == "file" and host not in ("", "localhost"):
        path = f"//{unquote(host)}{path}"
    drive = _DRIVE.match(path)
    return f"{drive[1].lower()}:{path[drive.end() :]}" if drive else path


def local_path(uri: str) -> Path | None:
    """The file of this machine that a URI names; None if it names none (another scheme, or another system's path)."""
    if _split(uri)[0] != "file":
        return None
    path = path_in(uri)
    has_drive = _DRIVE.match(path) is not None or path.startswith("//")
    if not path or "\0" in path or has_drive != (os.name == "nt"):
        return None
    return Path(path)


def _is_plain(text: str) -> bool:
    """Whether a text is a path as it stands. No URI begins with `/`, whatever else such a path has in it."""
    if text.startswith("/"):
        return True
    return "://" not in text and (_PATH_WITH_DRIVE.match(text) is not None or ":" not in text)


def _split(uri: str) -> tuple[str, str, str]:
    """Scheme, host and decoded path; of a text that is no URI all of it is the path."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "", "", uri
    return parts.scheme, parts.netloc, unquote(parts.path)
