"""The server over standard input and output."""

from __future__ import annotations

import io
import os
import signal
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mim_lsp.completion import Completer, RuntimeOptions, open_completer
from mim_lsp.server.app import Loader, MimLanguageServer
from mim_lsp.server.handlers import register
from mim_lsp.server.heap import return_large_blocks
from mim_lsp.server.logs import log_to_file, logging_to_stderr
from mim_lsp.server.model_host import HANG_S
from mim_lsp.server.reading import run_io
from mim_lsp.server.settings import RuntimeChoice

if TYPE_CHECKING:
    from typing_extensions import Buffer

EXIT_WAIT_S = 1.0
"""How long leaving waits for the model's thread, which sees the end within a pass over the weights."""


def create_server(load: Loader, hang_s: float = HANG_S) -> MimLanguageServer:
    """A server that gets its completer from `load`, called on the model's thread after `initialized`, and again when
    the settings ask for another model, or when a job does not come back in `hang_s` seconds."""
    server = MimLanguageServer(load, hang_s)
    register(server)
    return server


def run_stdio(model: str | None, options: RuntimeOptions) -> int:
    """Serve on stdin and stdout until the client ends it or goes away.

    The model is `model` (a name or a folder, None for the default), run as `options` say. Returns the exit code that
    the protocol asks for: 0 after `shutdown`, else 1.
    """
    # Python's own answer to Ctrl-C would wait for the thread that reads stdin.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return_large_blocks()
    return serve(create_server(partial(_open, model, options)))


def _open(model: str | None, options: RuntimeOptions, choice: RuntimeChoice) -> Completer:
    """The completer that the settings ask for; what they leave open is as the command says."""
    device, threads = choice.device or options.device, choice.threads or options.threads
    return open_completer(choice.model or model, replace(options, device=device, threads=threads))


def serve(server: MimLanguageServer) -> int:
    """Run `server` on stdin and stdout; returns its exit code."""
    with logging_to_stderr():
        log_to_file()
        run_io(server, sys.stdin.buffer, _claim_stdout())
        server.feedback.flush()
        code = 0 if server.protocol.shutdown_requested else 1
        if not server.model.close(EXIT_WAIT_S):
            # Loading, or a step that hangs, cannot be interrupted, and the interpreter would wait for its thread.
            sys.stderr.flush()
            os._exit(code)
    return code


class _ToClient(io.BufferedWriter):
    """The stream to the client; what is written after `exit` has closed it has no reader and is dropped."""

    def write(self, data: Buffer, /) -> int:
        return 0 if self.closed else super().write(data)

    def flush(self) -> None:
        if not self.closed:
            super().flush()


def _claim_stdout() -> _ToClient:
    """A stream to the client; what anything else in the process prints to stdout goes to stderr from now on."""
    to_client = _ToClient(io.FileIO(os.dup(sys.stdout.fileno()), "w"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return to_client
