"""pygls' protocol, made to answer every request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsprotocol.types import EXIT, INITIALIZE, TEXT_DOCUMENT_INLINE_COMPLETION
from pygls.exceptions import JsonRpcException, JsonRpcInvalidRequest, JsonRpcServerNotInitialized
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import RPCMessage, RPCRequest
from pygls.workspace import Workspace

from mim_lsp.server.inline_params import with_extras


class Protocol(LanguageServerProtocol):
    """Answers also the requests that pygls drops: those with unusable parameters, and those after `shutdown`."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Make a typed message of a decoded one; a request that cannot be one is answered with the error.

        Raises:
            JsonRpcException: the message is not what its method asks for.
        """
        try:
            message = super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self.refuse(data["id"], error)
            raise
        if data.get("method") == TEXT_DOCUMENT_INLINE_COMPLETION:
            message.params = with_extras(message.params, data.get("params"))
        return message

    def refuse(self, id: int | str | None, error: JsonRpcException) -> None:
        """Answer a request with an error; its id is None if it could not be read."""
        # Not `_send_response`, which leaves out the id where JSON-RPC wants null.
        self._send_data({"jsonrpc": self.VERSION, "id": id, "error": error.to_response_error()})

    def handle_message(self, message: RPCMessage) -> None:
        """Dispatch a message; as the protocol asks, requests too early or after `shutdown` are refused."""
        method = getattr(message, "method", None)
        if self._shutdown and isinstance(message, RPCRequest):
            self.refuse(message.id, JsonRpcInvalidRequest("The server is shutting down"))
        elif self._workspace is not None or method in (None, INITIALIZE, EXIT):
            super().handle_message(message)
        elif isinstance(message, RPCRequest):
            self.refuse(message.id, JsonRpcServerNotInitialized("The server has not been initialized"))

    def _execute_handler(
        self,
        msg_id: int | str,
        handler: Any,
        callback: Callable[[Any], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Run a handler, and forget it when it is done: pygls would remember that of each notification for ever."""

        def done(future: Any) -> None:
            callback(future)
            if self._request_futures.get(msg_id) is future:
                del self._request_futures[msg_id]

        super()._execute_handler(msg_id, handler, done, args, kwargs)

    def adopt_workspace(self, workspace: Workspace) -> None:
        """Keep the documents in `workspace` instead of the one that pygls made; it has no hook for that."""
        self._workspace = workspace

    @property
    def shutdown_requested(self) -> bool:
        """Whether the client has sent `shutdown`, which makes a following `exit` a success."""
        return self._shutdown
