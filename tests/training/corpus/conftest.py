from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest


class Workshop:
    """Makes archives in a cache folder and manifests that pin them, so that no test downloads anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        self.cache.mkdir()
        self._entries: list[str] = []

    def wheel(
        self,
        name: str,
        files: Mapping[str, str | bytes],
        *,
        metadata: str = "License-Expression: MIT\n",
        license: str = "MIT",
        held_out: bool = False,
        exclude: tuple[str, ...] = (),
    ) -> Path:
        """A wheel of version 1.0 in the cache, listed in the next manifest."""
        path = self.cache / f"{name}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for inner, content in files.items():
                archive.writestr(inner, content)
            archive.writestr(
                f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}"
            )
        self._list(name, "wheel", path, license, held_out, exclude)
        return path

    def sdist(self, name: str, files: Mapping[str, str | bytes], *, held_out: bool = False) -> Path:
        """A source distribution of version 1.0, MIT, in the cache, listed in the next manifest."""
        path = self.cache / f"{name}-1.0.tar.gz"
        metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: MIT\n"
        with tarfile.open(path, "w:gz") as archive:
            for inner, content in {"PKG-INFO": metadata, **files}.items():
                data = content.encode() if isinstance(content, str) else content
                info = tarfile.TarInfo(f"{name}-1.0/{inner}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        self._list(name, "sdist", path, "MIT", held_out, ())
        return path

    def _list(self, name: str, kind: str, path: Path, license: str, held_out: bool, exclude: tuple[str, ...]) -> None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self._entries.append(
            f'[[package]]\nname = "{name}"\nversion = "1.0"\n{kind} = "{path.name}"\nsha256 = "{digest}"\n'
            f'license = "{license}"\nheld_out = {str(held_out).lower()}\n'
            + (f"exclude = {list(exclude)}\n" if exclude else "")
        )

    def manifest(self, settings: str = "") -> Path:
        """A manifest of every archive made so far."""
        head = f'name = "tiny"\n{settings}'
        path = self.folder / "tiny.toml"
        path.write_text("\n".join([head, *self._entries]), encoding="utf-8")
        return path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)
