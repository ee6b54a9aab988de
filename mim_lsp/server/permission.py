"""Whether a document may be read and completed at this moment."""

from __future__ import annotations

from pathlib import Path

from mim_lsp.completion.exclusion import Exclusions, unfit
from mim_lsp.server.documents import Document
from mim_lsp.server.settings import Settings


class Permission:
    """Follows the settings and the commands that pause."""

    def __init__(self) -> None:
        self.exclusions = Exclusions()
        """The files that are never read."""
        self.paused = False
        """Whether everything is paused."""
        self.paused_documents: set[str] = set()
        """The documents that are paused, by their URIs."""
        self._settings = Settings()
        self._excluded: dict[str, bool] = {}

    def follow(self, settings: Settings, roots: tuple[Path, ...]) -> None:
        """Go by these settings from now on, in a workspace with the folders `roots`."""
        self._settings = settings
        self.exclusions = Exclusions(settings.exclude, roots)
        self._excluded.clear()

    def refusal(self, document: Document, *, invoked: bool) -> str | None:
        """Why a request is not to be answered, as a code; None if it is to be."""
        if not invoked and self._settings.trigger == "manual":
            return "manual_trigger"
        return self.silence(document.uri) or self.unreadable(document)

    def silence(self, uri: str) -> str | None:
        """Why nothing is to be done for a document at the moment, `disabled` or `paused`; None if it is."""
        if not self._settings.enabled:
            return "disabled"
        return "paused" if self.paused or uri in self.paused_documents else None

    def unreadable(self, document: Document) -> str | None:
        """Why nothing of an open document may be used, as a code; None if it may."""
        if not self._settings.allows_language(document.language):
            return "unsupported_language"
        if document.uri not in self._excluded:
            self._excluded[document.uri] = self.exclusions.excludes(document.uri)
        return "excluded" if self._excluded[document.uri] else unfit(document.source)

    def pause(self, uri: str | None, paused: bool) -> bool:
        """Pause a document, or everything if `uri` is None, or resume it; resuming everything resumes all documents.

        While everything is paused, nothing changes for a document. Answers whether what was named is paused now.
        """
        if uri is None:
            self.paused = paused
            if not paused:
                self.paused_documents.clear()
            return paused
        if self.paused:
            return True
        if paused:
            self.paused_documents.add(uri)
        else:
            self.paused_documents.discard(uri)
        return paused

    def forget(self, uri: str) -> None:
        """Free what is held for a document that was closed."""
        self._excluded.pop(uri, None)
        self.paused_documents.discard(uri)
