"""hypercorn: a Config whose context rotates, and the peer in the scope."""

from __future__ import annotations

import ssl
from typing import Any, Optional

from hypercorn.config import Config

from sentinel_common.asgi import App, PlainApp, Receive, Scope, Send, connection_app
from sentinel_common.authorizers import Authorizer
from sentinel_common.config import MTLSConfig
from sentinel_common.judged import CONNECTION
from sentinel_common.runtime import Runtime, runtime_of
from sentinel_common.tls import server_context


class MtlsConfig(Config):
    """Give it to hypercorn.asyncio.serve, with the application in `with_peer`. HTTP/1.1 and HTTP/2; no QUIC.

    hypercorn lets nobody end single connections: one whose root left is refused its requests at once, and
    destroyed with the next byte after the grace.
    """

    def __init__(self, config: MTLSConfig, *, port: Optional[int] = None, authorizer: Optional[Authorizer] = None) -> None:
        super().__init__()
        self._context = server_context(config, port=port, authorizer=authorizer)
        self.mtls_runtime: Runtime = runtime_of(config)
        self.ssl_handshake_timeout = config.timing.handshake_timeout_ms / 1000

    @property
    def ssl_enabled(self) -> bool:
        return True

    def create_ssl_context(self) -> ssl.SSLContext:
        self._context.set_alpn_protocols(self.alpn_protocols)
        return self._context


def with_peer(app: Any, config: MtlsConfig) -> App:
    """The application behind a judgement of each request, with the peer in its scope."""
    current = config.mtls_runtime.source.current

    async def judged(scope: Scope, receive: Receive, send: Send) -> None:
        connection = CONNECTION.get()
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif connection is None:
            await PlainApp(app)(scope, receive, send)
        else:
            connection.has_requests()
            await connection_app(app, connection, current, "")(scope, receive, send)

    return judged
