"""ASGI: the peer of a connection in the scope of each of its requests, judged anew after a swap."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, MutableMapping, Optional

from cryptography import x509

from sentinel_common.connections import Connection
from sentinel_common.generation import Generation
from sentinel_common.headers import is_spoofed, without_spoofed
from sentinel_common.peer import Peer
from sentinel_common.pem import to_pem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

EXTENSION = "sentinel_mtls"
# Told by the first byte that a header is none of those that count, nine out of ten need no further look.
_FIRST = (b"x", b"s", b"X", b"S")
_VERSIONS = {"TLSv1.3": 0x0304, "TLSv1.2": 0x0303}


def peer_of(request: Any) -> Optional[Peer]:
    """The peer of a request: takes an ASGI scope, or what has one (a Request of Starlette or FastAPI).

    None on a plain connection. In mode audit the peer may be one that strict would have denied.
    """
    scope = request if isinstance(request, dict) else request.scope
    found = scope.get("extensions", {}).get(EXTENSION, {}).get("peer")
    return found if isinstance(found, Peer) else None


def connection_app(app: App, connection: Connection, current: Callable[[], Generation], tls_version: str) -> App:
    """An application as one connection sees it."""
    ours = {EXTENSION: {"peer": connection.peer}, "tls": _tls_extension(connection.peer, tls_version)}
    admitted_under: Optional[Generation] = None

    def call(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """No coroutine of its own: what the application returns is returned. Every request passes here, so it is short."""
        nonlocal admitted_under
        generation = current()
        if generation is not admitted_under:
            if not connection.judge_again(generation).admits:
                return _deny(scope, send)
            admitted_under = generation
        for name, _value in scope.get("headers", ()):
            if name.startswith(_FIRST) and is_spoofed(name):
                strip_headers(scope)
                break
        extensions = scope.get("extensions")
        scope["extensions"] = {**extensions, **ours} if extensions else ours.copy()
        return app(scope, receive, send if connection.draining is None else _closing(send))

    return call


class PlainApp:
    """An application as a plain connection sees it: no peer, and no header that tells of one."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        strip_headers(scope)
        await self._app(scope, receive, send)


def strip_headers(scope: Scope) -> None:
    headers = scope.get("headers")
    if headers:
        for name, _value in headers:
            if name.startswith(_FIRST) and is_spoofed(name):
                scope["headers"] = without_spoofed(headers)
                return


def _closing(send: Send) -> Send:
    async def closing(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return closing


async def _deny(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"7"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"denied\n"})


def _tls_extension(peer: Peer, version: str) -> Dict[str, Any]:
    """The TLS extension of ASGI, for applications that know it."""
    name = None
    try:
        name = x509.load_der_x509_certificate(peer.der).subject.rfc4514_string()
    except ValueError:
        pass  # a subject that does not parse is no name
    return {
        "server_cert": None,
        "client_cert_chain": [to_pem("CERTIFICATE", peer.der).decode("ascii")],
        "client_cert_name": name,
        "client_cert_error": None,
        "tls_version": _VERSIONS.get(version),
        "cipher_suite": None,
    }
