"""uvicorn: `serve` in place of `uvicorn.run`, and what makes a plain `uvicorn.run` of the guide do the same."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import socket
import sys
from typing import Any, Callable, List, Optional

import uvicorn
from uvicorn.server import Server

from sentinel_common.asgi import PlainApp, connection_app
from sentinel_common.authorizers import Authorizer
from sentinel_common.config import MTLSConfig, mtls_config_from_env
from sentinel_common.context import RotatingContext
from sentinel_common.errors import MtlsError
from sentinel_common.health import HealthServer
from sentinel_common.judged import JudgedObject
from sentinel_common.runtime import Runtime, runtime_of
from sentinel_common.tls import server_context

_LOGGER = logging.getLogger("sentinel_common.mtls")

# uvicorn's own exit code when it can't start.
_STARTUP_FAILURE = 3


class MtlsServer(Server):
    """A uvicorn server whose listeners are this library's; everything else of uvicorn stays as it is."""

    def __init__(self, config: uvicorn.Config, context: RotatingContext, runtime: Runtime, policy_port: Optional[int] = None) -> None:
        super().__init__(config)
        self._context = context
        self._runtime = runtime
        self._policy_port = policy_port

    @property
    def ports(self) -> List[int]:
        """Ports that are listened on, once `started`."""
        return [listener.getsockname()[1] for server in self.servers for listener in server.sockets]

    async def startup(self, sockets: Optional[List[socket.socket]] = None) -> None:
        # Without sockets uvicorn runs the lifespan only.
        await super().startup(sockets=[])
        await _listen(self, self._context, self._runtime, self._policy_port, sockets)


def serve(
    app: Any,
    *,
    config: Optional[MTLSConfig] = None,
    host: str = "0.0.0.0",  # noqa: S104 - a service in a pod listens on the pod's address
    port: int = 8000,
    policy_port: Optional[int] = None,
    authorizer: Optional[Authorizer] = None,
    health_port: Optional[int] = None,
    **options: Any,
) -> None:
    """Serves until it is told to stop; certificate, key, roots and policy are followed meanwhile.

    `port` is the one that policy.json names, unless `policy_port` says another. `options` are those of uvicorn.Config.

    :raises MtlsError: `authorizer-missing`, `setting-invalid`, or the code of what is wrong with the files
    """
    found = config if config is not None else mtls_config_from_env()
    if not found.enabled:
        from sentinel_common.disabled import say_disabled

        say_disabled()
        uvicorn.run(app, host=host, port=port, **options)
        return
    server = make_server(app, config=found, host=host, port=port, policy_port=policy_port, authorizer=authorizer, **options)
    health = HealthServer(runtime_of(found), health_port) if health_port is not None else None
    try:
        server.run()
    finally:
        if health is not None:
            health.close()


def make_server(
    app: Any,
    *,
    config: MTLSConfig,
    host: str = "0.0.0.0",  # noqa: S104 - see serve
    port: int = 8000,
    policy_port: Optional[int] = None,
    authorizer: Optional[Authorizer] = None,
    **options: Any,
) -> MtlsServer:
    """A server that is not running yet, for who has an event loop of their own: `await server.serve()`."""
    forbidden = sorted(name for name in options if name.startswith("ssl") or name in ("uds", "fd", "workers", "reload"))
    if forbidden:
        raise MtlsError("setting-invalid", f"{', '.join(forbidden)}: this library makes the listeners, one process each")
    named = policy_port if policy_port is not None else port
    context = server_context(config, port=named, authorizer=authorizer)
    return MtlsServer(uvicorn.Config(app, host=host, port=port, **options), context, runtime_of(config), named)


async def _listen(
    server: Server, context: RotatingContext, runtime: Runtime, policy_port: Optional[int], sockets: Optional[List[socket.socket]]
) -> None:
    config, loop = server.config, asyncio.get_running_loop()
    if "zttp" in config.http_protocol_class.__module__:
        # It hands its connections to classes of its own, which would pass by the judgement of requests.
        raise MtlsError("setting-invalid", "uvicorn's zttp is not supported; for HTTP/2 take hypercorn")
    http, websocket = _judging(config.http_protocol_class, runtime), _judging(config.ws_protocol_class, runtime)
    # The HTTP protocol takes the class for an upgrade from here.
    config.ws_protocol_class = websocket

    def create_protocol() -> Any:
        return http(config=config, server_state=server.server_state, app_state=server.lifespan.state, _loop=loop)

    def count_plain(number: int, by: int) -> None:
        runtime.metrics.count("sentinel_mtls_plain_connections_total", str(number), by=by)

    def counted(number: int) -> Any:
        count_plain(number, 1)
        return create_protocol()

    timeout = runtime.config.timing.handshake_timeout_ms / 1000
    tls: Any = {"ssl": context, "ssl_handshake_timeout": timeout, "backlog": config.backlog}
    try:
        if sockets:
            server.servers = [await loop.create_server(create_protocol, sock=sock, **tls) for sock in sockets]
        else:
            server.servers = [await loop.create_server(create_protocol, host=config.host, port=config.port, **tls)]
        for number in _plain_ports(runtime, policy_port):
            runtime.log.write("plain-listener", port=number)
            # A row of 0 tells a silent port from a library that does not count.
            count_plain(number, 0)
            counting = functools.partial(counted, number)
            server.servers.append(await loop.create_server(counting, host=config.host, port=number, backlog=config.backlog))
    except OSError as error:
        _LOGGER.error("%s", error)
        await server.lifespan.shutdown()
        sys.exit(_STARTUP_FAILURE)
    _LOGGER.info("mTLS: Enabled on %s", ", ".join(str(listener.getsockname()) for each in server.servers for listener in each.sockets))


def _plain_ports(runtime: Runtime, policy_port: Optional[int]) -> List[int]:
    policy = runtime.policy
    entries = policy.server if policy is not None else ()
    return [
        entry.plain_port for entry in entries if entry.port == policy_port and entry.mode == "permissive" and entry.plain_port is not None
    ]


def _judging(base: Any, runtime: Runtime) -> Any:
    """A protocol class whose connections are known to the runtime, and whose application sees the peer."""
    if base is None or getattr(base, "judges_for", None) is runtime:
        return base

    class JudgingProtocol(base):  # type: ignore[misc]
        judges_for = runtime
        app: Any

        def connection_made(self, transport: Any) -> None:
            tls = transport.get_extra_info("ssl_object")
            self._judged = tls.connection if isinstance(tls, JudgedObject) else None
            if self._judged is None:
                # Only a listener without TLS gets here: an object of ours has a connection, or no protocol.
                self.app = PlainApp(self.app)
            else:
                drain, destroy = _in_loop(self._end_requests), _in_loop(transport.abort)
                self._judged.attach(lambda _reason: drain(), destroy)
                self.app = connection_app(self.app, self._judged, runtime.source.current, tls.tls_version())
            super().connection_made(transport)

        def connection_lost(self, exc: Optional[BaseException]) -> None:
            if self._judged is not None:
                self._judged.closed = True
            super().connection_lost(exc)

        def _end_requests(self) -> None:
            """A running request is the last one; an idle connection answers once more, its client may be sending."""
            if self.transport.is_closing():
                return
            if not hasattr(self, "cycle"):
                self.shutdown()  # a WebSocket, which has no requests
            elif self.cycle is not None and not self.cycle.response_complete:
                self.cycle.keep_alive = False

    return JudgingProtocol


def _in_loop(run: Callable[[], None]) -> Callable[[], None]:
    """Swaps are told in the thread of the source; a transport belongs to its loop."""
    loop = asyncio.get_running_loop()

    def soon() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(run)

    return soon


_ADOPTED: List[Any] = []


def adopt(config: MTLSConfig, context: RotatingContext, runtime: Runtime) -> None:
    """Makes `uvicorn.run` of this process serve with `context` where it was told to serve with the files of `config`.

    uvicorn reads its files once and asks for no client certificate unless it is told to, so the guide's call would
    neither rotate nor be mutual. Told to serve an import string without any TLS setting, as by `python -m uvicorn
    app.main:app`, it gets the context too: MTLS_ENABLED says that this process does not serve in plain text.
    """
    _ADOPTED.append((config, context, runtime))
    if getattr(Server.startup, "adopts", False):
        return
    original = Server.startup

    @functools.wraps(original)
    async def startup(self: Server, sockets: Optional[List[socket.socket]] = None) -> None:
        adopted = None if isinstance(self, MtlsServer) else _adopted(self.config)
        if adopted is None:
            await original(self, sockets=sockets)
            return
        await original(self, sockets=[])
        await _listen(self, adopted[1], adopted[2], self.config.port, sockets)

    startup.adopts = True  # type: ignore[attr-defined]
    Server.startup = startup  # type: ignore[method-assign]


def _adopted(config: uvicorn.Config) -> Any:
    certificate = config.ssl_certfile
    for found in reversed(_ADOPTED):
        if certificate is not None and os.path.abspath(certificate) == os.path.abspath(found[0].cert_path):
            return found
        if certificate is None and getattr(config, "ssl", None) is None and isinstance(config.app, str):
            return found
    return None
