"""What pygls' protocol would keep for ever."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from mim_lsp.completion.types import Completer
from mim_lsp.server.app import MimLanguageServer
from mim_lsp.server.settings import RuntimeChoice


def _load(choice: RuntimeChoice) -> Completer:
    raise NotImplementedError


def test_a_handler_that_is_done_is_forgotten() -> None:
    """The handlers of edits are generators, called with an id that no client knows."""
    done: list[object] = []

    def handler() -> Generator[Any, Any, None]:
        done.append("ran")
        yield from ()

    protocol = MimLanguageServer(_load).protocol
    protocol._execute_handler("some id", handler, done.append)
    assert done[0] == "ran"
    assert len(done) == 2
    assert protocol._request_futures == {}
