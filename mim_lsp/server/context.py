"""What completions know of other files: looked up in idle time, used as it is while typing.

The model's memory holds their texts (setting `remember`); the model reads their signatures (setting `context`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mim_lsp.completion.exclusion import Exclusions
from mim_lsp.completion.other_files import OtherFiles
from mim_lsp.completion.types import CompletionOptions
from mim_lsp.server.model_host import Place

if TYPE_CHECKING:
    from mim_lsp.completion.related import WorkspaceContext

BUDGET_TOKENS = 64
"""Of what is read of other files; docs/context.md has the numbers."""
CHARS_PER_TOKEN = 3
"""Of Python code it is more; so the budget is kept without asking the model's tokenizer."""

Given = TypeVar("Given")
Found = TypeVar("Found")


class Context:
    """The other files of all open documents; does nothing while it is switched off."""

    def __init__(self) -> None:
        self._files: WorkspaceContext | None = None
        self._remembered: OtherFiles | None = None
        # One thread for all documents: asyncio's own executor starts another whenever two rest at the same moment.
        self._thread = ThreadPoolExecutor(1, "mim-files")

    def follow(self, roots: tuple[Path, ...], exclusions: Exclusions, *, read: bool, remember: bool) -> None:
        """Look into the workspace with the folders `roots` from now on, to have it read or remembered, or neither."""
        self._remembered = OtherFiles(exclusions) if remember else None
        if read and roots:
            # Imported here, so that who does not use it does not wait for the parser.
            from mim_lsp.completion.related import WorkspaceContext

            self._files = WorkspaceContext(roots, exclusions)
        else:
            self._files = None

    def update(self, uri: str, text: str) -> None:
        """Take note of the text of an open document."""
        for each in self._both:
            each.update(uri, text)

    def close(self, uri: str) -> None:
        """Forget a document that was closed."""
        for each in self._both:
            each.close(uri)

    def added(self, options: CompletionOptions, place: Place) -> CompletionOptions:
        """The options for a completion at `place`, with what is known of other files. Reads none."""
        if self._remembered is not None:
            options = replace(options, elsewhere=self._remembered.beside(place.document))
        if self._files is None:
            return options
        related = self._files.related(place.document, place.text, place.offset, BUDGET_TOKENS, _about)
        return replace(options, related=related)

    async def refreshed(self, options: CompletionOptions, place: Place) -> CompletionOptions:
        """The same after a look into the files; for idle time."""
        await self.refresh(place.document)
        return self.added(options, place)

    async def refresh(self, uri: str) -> None:
        """Look into the files around an open document."""
        for each in self._both:
            await self.in_background(each.refresh, uri)

    async def in_background(self, look: Callable[[Given], Found], given: Given) -> Found:
        """What a function that reads files says, on the thread for that."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, look, given)

    @property
    def _both(self) -> list[WorkspaceContext | OtherFiles]:
        return [each for each in (self._remembered, self._files) if each is not None]


def _about(text: str) -> int:
    """About how many tokens a text has, rather more than it has."""
    return len(text) // CHARS_PER_TOKEN + 1
