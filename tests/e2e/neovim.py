"""A real Neovim with the plugin of this repository, driven over its API."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pynvim
import pytest

from tests.e2e.programs import neovim_program

PLUGIN = Path(__file__).parents[2] / "editors" / "nvim"
SERVER = [sys.executable, str(Path(__file__).parents[1] / "server" / "scripted_server.py"), "--stdio"]
CODE = "def f(a, b):\n    \n\nprint(f(1, 2))\n"
PATIENCE_S = 15.0
EXIT_S = 10.0
WIDTH, HEIGHT = 80, 20


VERSIONS = ("0.10", "0.11", "0.12")
"""The versions that the plugin is for."""


class Editor:
    """One Neovim process with a screen that can be read."""

    def __init__(self, nvim: pynvim.Nvim, folder: Path) -> None:
        self.nvim = nvim
        self._folder = folder
        self._files = 0

    def lua(self, code: str, *args: object) -> Any:
        return self.nvim.exec_lua(code, *args)

    def setup(self, **options: object) -> None:
        """Call the plugin's setup()."""
        self.lua("require('mim').setup(...)", options)

    def edit(self, text: str, line: int, name: str = "m{}.py", newline: str = "\n") -> None:
        """Open a new file and start typing at the end of a line (from 1)."""
        self.nvim.input("<Esc>")
        self._files += 1
        path = self._folder / name.format(self._files)
        path.write_text(text, encoding="utf-8", newline=newline)
        self.nvim.command(f"edit! {path}")
        self.nvim.call("cursor", line, 1)
        self.nvim.input("A")

    def until_told(self, message: str) -> None:
        """Wait until the user was shown a message."""
        self.until(lambda: message in self.messages)

    def until_attached(self) -> None:
        self.until(lambda: self.lua("return require('mim.client').get(0) ~= nil"))

    def type(self, keys: str) -> None:
        self.nvim.input(keys)

    @property
    def lines(self) -> list[str]:
        return list(self.nvim.current.buffer)

    @property
    def cursor(self) -> tuple[int, int]:
        row, column = self.nvim.current.window.cursor
        return row, column

    @property
    def screen(self) -> list[str]:
        """What a person sees: the screen's lines, without blanks at their ends."""
        code = """
            vim.cmd.redraw()
            local rows = {}
            for row = 1, vim.o.lines do
              local cells = {}
              for column = 1, vim.o.columns do
                table.insert(cells, vim.fn.screenstring(row, column))
              end
              table.insert(rows, table.concat(cells))
            end
            return rows"""
        return [row.rstrip() for row in self.lua(code)]

    @property
    def ghost(self) -> str:
        """The ghost text in the current buffer, empty if there is none."""
        code = """
            local marks = vim.api.nvim_buf_get_extmarks(
              0, vim.api.nvim_create_namespace('mim'), 0, -1, { details = true })
            local lines = { '' }
            for _, mark in ipairs(marks) do
              lines[1] = lines[1] .. mark[4].virt_text[1][1]
              for _, line in ipairs(mark[4].virt_lines or {}) do table.insert(lines, line[1][1]) end
            end
            return lines"""
        return "\n".join(self.lua(code))

    def until(self, fact: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Wait until `fact()` holds."""
        deadline = time.monotonic() + patience_s
        while not fact():
            assert time.monotonic() < deadline, f"waited in vain; the screen: {self.screen}"
            time.sleep(0.01)

    def show(self, typed: str, expected: str) -> None:
        """Type, and wait for the ghost text."""
        self.type(typed)
        self.until_ghost(expected)

    def until_ghost(self, expected: str) -> None:
        self.until(lambda: self.ghost == expected)

    def ask_server(self, method: str) -> dict[str, Any]:
        """The server's answer to a request of its own."""
        code = """
            local answers = vim.lsp.buf_request_sync(0, ..., vim.empty_dict(), 10000)
            return select(2, next(answers)).result"""
        answer = self.lua(code, method)
        return answer if isinstance(answer, dict) else {}

    @property
    def messages(self) -> str:
        """What was shown to the user so far."""
        return str(self.lua("return vim.fn.execute('messages')"))


@contextmanager
def neovim(folder: Path, version: str = "0.11", plugin: bool = True) -> Iterator[Editor]:
    """An editor whose every file, settings and logs too, is in `folder`; with our plugin, unless told otherwise."""
    program = neovim_program(version)
    places = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")
    with pytest.MonkeyPatch.context() as patch:
        for place in places:
            (folder / place).mkdir()
            patch.setenv(place, str(folder / place))
        # Room for messages: a message that does not fit would wait for Enter.
        settings = "set cmdheight=4" + (f" runtimepath^={PLUGIN}" if plugin else "")
        arguments = ["--embed", "--headless", "--clean", "--cmd", settings]
        nvim = pynvim.attach("child", argv=[program, *arguments])
    nvim.ui_attach(WIDTH, HEIGHT)
    process = nvim.funcs.getpid()
    try:
        yield Editor(nvim, folder)
    finally:
        _end(nvim, process)


def _end(nvim: pynvim.Nvim, process: int) -> None:
    """Let Neovim quit, as a user would; one that does not is killed."""
    watchdog = threading.Timer(EXIT_S, os.kill, (process, signal.SIGKILL))
    watchdog.start()
    # It is gone before it can answer.
    with suppress(EOFError, OSError):
        nvim.input("<Esc>")
        nvim.command("qall!")
    nvim.close()
    watchdog.cancel()
