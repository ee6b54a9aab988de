"""The folders of the workspace that a client has opened."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from mim_lsp.completion.uris import local_path


def workspace_roots(params: types.InitializeParams) -> tuple[Path, ...]:
    """The workspace's folders on this machine, the main one first."""
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    paths = [path for uri in uris if (path := local_path(uri)) is not None]
    if not uris and params.root_path:
        paths = [Path(params.root_path)]
    return tuple(paths)
