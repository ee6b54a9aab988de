"""The settings that hold at the moment, kept up with the client and with the project's file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from mim_lsp.server.settings import Settings, Source, gather
from mim_lsp.server.settings.sources import read_project

ARRIVAL_WAIT_S = 2.0
"""How long the first requests wait for the client to tell its settings."""

Listener = Callable[[Settings, Settings], None]
"""Told the settings before and after a change."""


class Configuration:
    """Gathers the settings anew whenever one of their sources changes."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """`tell` shows the user a line about a value that cannot be used; each line is told once."""
        self.settings = Settings()
        self._tell = tell
        self._told: set[str] = set()
        self._listeners: list[Listener] = []
        self.roots: tuple[Path, ...] = ()
        """The workspace's folders; the first one's project file counts."""
        self._arrived = asyncio.Event()
        self._command = Source({})
        self._initial = Source({})
        self._client = Source({})
        self._project: Source | None = None

    def on_change(self, listener: Listener) -> None:
        """Call `listener` after each change."""
        self._listeners.append(listener)

    def begin(self, initial: object, roots: tuple[Path, ...]) -> None:
        """Take `initializationOptions`, and the settings of the project in the first of the folders `roots`."""
        self._initial = Source(_section(initial))
        self.roots = roots
        self.read_project()

    def move(self, roots: tuple[Path, ...]) -> None:
        """Take other folders, and the settings of the project in the first of them."""
        self.roots, self._project = roots, None
        self.read_project()

    def update(self, section: object) -> None:
        """Take what the client's configuration says now."""
        self._client = Source(_section(section))
        self._gather()

    def arrive(self) -> None:
        """The client has told its settings, or will not."""
        self._arrived.set()

    @property
    def has_arrived(self) -> bool:
        """Whether the client's settings are known, or will not come."""
        return self._arrived.is_set()

    async def arrival(self) -> None:
        """Wait until the client has told its settings: they may say that a file must not be read."""
        if self.has_arrived:
            return
        try:
            async with asyncio.timeout(ARRIVAL_WAIT_S):
                await self._arrived.wait()
        except TimeoutError:
            self.arrive()

    def switch_model(self, model: str | None) -> None:
        """Use another model until the server ends; None: what the settings say again."""
        self._command = Source({"model": model})
        self._gather()

    def read_project(self) -> None:
        """Read the project's file again."""
        problem = None
        if self.roots:
            self._project, problem = read_project(self.roots[0])
        self._gather([problem] if problem else [])

    def _gather(self, problems: list[str] | None = None) -> None:
        before = self.settings
        sources = [self._command, self._client, self._initial] + ([self._project] if self._project else [])
        self.settings, wrong = gather(sources)
        for problem in [*(problems or []), *wrong]:
            if problem not in self._told:
                self._told.add(problem)
                self._tell(problem)
        if self.settings != before:
            for listener in self._listeners:
                listener(before, self.settings)


def _section(settings: object) -> Mapping[str, object]:
    return settings if isinstance(settings, Mapping) else {}
