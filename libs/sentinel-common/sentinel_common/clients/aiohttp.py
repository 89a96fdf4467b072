"""aiohttp: a connector whose connections follow the identity."""

from __future__ import annotations

import asyncio
from typing import Any, Optional, Set

import aiohttp

from sentinel_common.authorizers import Authorizer
from sentinel_common.clients._calls import Calls
from sentinel_common.config import MTLSConfig
from sentinel_common.errors import MtlsError
from sentinel_common.lease import Leases


def mtls_session(config: MTLSConfig, *, authorizer: Optional[Authorizer] = None, **options: Any) -> aiohttp.ClientSession:
    """A session for https calls that policy.json declares; made in a running loop. `options` are those of ClientSession."""
    return aiohttp.ClientSession(connector=MtlsConnector(config, authorizer=authorizer), trust_env=False, **options)


class MtlsConnector(aiohttp.TCPConnector):
    """`options` are those of TCPConnector; each identity and port has one of its own underneath."""

    def __init__(self, config: MTLSConfig, *, authorizer: Optional[Authorizer] = None, **options: Any) -> None:
        super().__init__(**options)
        self._mtls_calls = Calls(config, authorizer)
        self._mtls_options = options
        self._mtls_leases = Leases(self._mtls_calls.runtime, dict, self._close_soon)

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        if req.ssl is not True or req.proxy is not None:
            raise MtlsError("setting-invalid", "ssl= and proxy= have no place here; the files and policy.json say whom to trust")
        port = req.url.port or 443
        # aiohttp writes wss as ssl too.
        self._mtls_calls.check("https" if req.is_ssl() else str(req.url.scheme), str(req.url.host), port)
        lease = self._mtls_leases.acquire()
        try:
            inner = lease.held.get(port) or lease.held.setdefault(port, self._inner(port))
            connection = await inner.connect(req, traces, timeout)
        except BaseException:
            lease.end()
            raise
        connection.add_callback(lease.end)
        return connection

    def close(self, **options: Any) -> Any:
        # The base class closes itself in its constructor's failure, before there are leases.
        leases = getattr(self, "_mtls_leases", None)
        if leases is not None:
            leases.close()
        return super().close(**options)

    def _inner(self, port: int) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(**{**self._mtls_options, "ssl": self._mtls_calls.context(port)})

    def _close_soon(self, connectors: Any) -> None:
        """Swaps are told in the thread of the source; connections belong to their loop."""
        if not self._loop.is_closed():
            for connector in connectors.values():
                self._loop.call_soon_threadsafe(_close, self._loop, connector)


# A loop holds its tasks weakly.
_CLOSING: Set[Any] = set()


def _close(loop: asyncio.AbstractEventLoop, connector: aiohttp.TCPConnector) -> None:
    closing = connector.close()
    if closing is not None:
        task = asyncio.ensure_future(closing, loop=loop)
        _CLOSING.add(task)
        task.add_done_callback(_CLOSING.discard)
