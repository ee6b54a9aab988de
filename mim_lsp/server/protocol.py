"""pygls' protocol, made to answer every request."""

from __future__ import annotations

from typing import Any

from pygls.exceptions import JsonRpcException, JsonRpcInvalidRequest
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import RPCMessage, RPCRequest
from pygls.workspace import Workspace


class Protocol(LanguageServerProtocol):
    """Answers also the requests that pygls drops: those with unusable parameters, and those after `shutdown`."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Make a typed message of a decoded one; a request that cannot be one is answered with the error.

        Raises:
            JsonRpcException: the message is not what its method asks for.
        """
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    def handle_message(self, message: RPCMessage) -> None:
        """Dispatch a message; a request after `shutdown` is answered with InvalidRequest, as the protocol asks."""
        if self._shutdown and isinstance(message, RPCRequest):
            error = JsonRpcInvalidRequest("The server is shutting down").to_response_error()
            self._send_response(message.id, error=error)
        else:
            super().handle_message(message)

    def adopt_workspace(self, workspace: Workspace) -> None:
        """Keep the documents in `workspace` instead of the one that pygls made; it has no hook for that."""
        self._workspace = workspace

    @property
    def shutdown_requested(self) -> bool:
        """Whether the client has sent `shutdown`, which makes a following `exit` a success."""
        return self._shutdown
