"""The folders of the workspace that a client has opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from mim_lsp.completion.uris import local_path


def workspace_roots(params: types.InitializeParams) -> tuple[Path, ...]:
    """The workspace's folders on this machine, the main one first."""
    if params.workspace_folders:
        return _paths(params.workspace_folders)
    if params.root_uri:
        return tuple(path for path in [local_path(params.root_uri)] if path is not None)
    return (Path(params.root_path),) if params.root_path else ()


def changed_roots(roots: tuple[Path, ...], event: types.WorkspaceFoldersChangeEvent) -> tuple[Path, ...]:
    """The folders after the client has removed some and added others, which come last."""
    removed, added = _paths(event.removed), _paths(event.added)
    return tuple(dict.fromkeys([*(root for root in roots if root not in removed), *added]))


def _paths(folders: Sequence[types.WorkspaceFolder]) -> tuple[Path, ...]:
    return tuple(path for folder in folders if (path := local_path(folder.uri)) is not None)
