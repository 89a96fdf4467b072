"""gunicorn: settings for its file, and the peer in the WSGI environment.

Each worker follows the files by itself, so nothing has to be reloaded for a rotation. A worker of threads or the
default one; uvicorn's worker gets the context as described in `servers.uvicorn.adopt`.
"""

from __future__ import annotations

import ssl
from typing import Any, Callable, Dict, Iterable, Optional

from sentinel_common.authorizers import Authorizer
from sentinel_common.config import MTLSConfig, mtls_config_from_env
from sentinel_common.headers import is_spoofed
from sentinel_common.judged import JudgedSocket
from sentinel_common.peer import Peer
from sentinel_common.runtime import runtime_of
from sentinel_common.tls import server_context

PEER = "sentinel_mtls.peer"

WsgiApp = Callable[[Dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def gunicorn_settings(
    config: Optional[MTLSConfig] = None, *, port: Optional[int] = None, authorizer: Optional[Authorizer] = None
) -> Dict[str, Any]:
    """For gunicorn.conf.py: `globals().update(gunicorn_settings(port=8000))`."""
    found = config if config is not None else mtls_config_from_env()
    contexts: Dict[str, ssl.SSLContext] = {}

    def ssl_context(_conf: Any, _default: Any) -> ssl.SSLContext:
        # Called for each connection; made in the worker, after the fork.
        context = contexts.get("server")
        if context is None:
            context = contexts["server"] = server_context(found, port=port, authorizer=authorizer)
        return context

    return {
        "certfile": str(found.cert_path),
        "keyfile": str(found.key_path),
        "ssl_context": ssl_context,
        # With the first read, in the thread of the request: older releases shake hands in the loop that accepts, and a
        # refused caller ends the worker.
        "do_handshake_on_connect": False,
    }


def with_peer(app: WsgiApp, config: Optional[MTLSConfig] = None) -> WsgiApp:
    """The application behind a judgement of each request; the peer stands in environ["sentinel_mtls.peer"]."""
    found = config if config is not None else mtls_config_from_env()

    def judged(environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        tls = environ.get("gunicorn.socket")
        connection = tls.connection if isinstance(tls, JudgedSocket) else None
        if connection is not None:
            connection.has_requests()
        if isinstance(tls, JudgedSocket) and (connection is None or not connection.judge_again(runtime_of(found).source.current()).admits):
            start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")])
            return [b"denied\n"]
        for name in [name for name in environ if name.startswith("HTTP_") and is_spoofed(name[5:].encode())]:
            del environ[name]
        peer: Optional[Peer] = connection.peer if connection is not None else None
        environ[PEER] = peer
        return app(environ, start_response)

    return judged
