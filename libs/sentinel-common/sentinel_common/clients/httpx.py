"""httpx: transports whose pools follow the identity."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator, Callable, Iterator, Optional

import httpx

from sentinel_common.authorizers import Authorizer
from sentinel_common.clients._calls import Calls
from sentinel_common.config import MTLSConfig
from sentinel_common.lease import Leases


def mtls_client(config: MTLSConfig, *, authorizer: Optional[Authorizer] = None, **options: Any) -> httpx.Client:
    """A client for https calls that policy.json declares. `options` are those of httpx.Client."""
    return httpx.Client(transport=MtlsTransport(config, authorizer=authorizer), trust_env=False, **options)


def mtls_async_client(config: MTLSConfig, *, authorizer: Optional[Authorizer] = None, **options: Any) -> httpx.AsyncClient:
    """The same for asyncio."""
    return httpx.AsyncClient(transport=AsyncMtlsTransport(config, authorizer=authorizer), trust_env=False, **options)


class MtlsTransport(httpx.BaseTransport):
    """`options` are those of httpx.HTTPTransport: http2, limits, retries…"""

    def __init__(self, config: MTLSConfig, *, authorizer: Optional[Authorizer] = None, **options: Any) -> None:
        self._calls = Calls(config, authorizer)
        self._options = options
        self._leases = Leases(self._calls.runtime, dict, _close_all)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        port = request.url.port or 443
        self._calls.check(request.url.scheme, request.url.host, port)
        lease = self._leases.acquire()
        try:
            pool = lease.held.get(port) or lease.held.setdefault(port, self._pool(port))
            response = pool.handle_request(request)
        except BaseException:
            lease.end()
            raise
        return _with_stream(response, _Stream(response.stream, lease.end))

    def close(self) -> None:
        self._leases.close()

    def _pool(self, port: int) -> httpx.HTTPTransport:
        return httpx.HTTPTransport(verify=self._calls.context(port), trust_env=False, **self._options)


class AsyncMtlsTransport(httpx.AsyncBaseTransport):
    """`options` are those of httpx.AsyncHTTPTransport."""

    def __init__(self, config: MTLSConfig, *, authorizer: Optional[Authorizer] = None, **options: Any) -> None:
        self._calls = Calls(config, authorizer)
        self._options = options
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._leases = Leases(self._calls.runtime, dict, self._close_soon)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._loop = asyncio.get_running_loop()
        port = request.url.port or 443
        self._calls.check(request.url.scheme, request.url.host, port)
        lease = self._leases.acquire()
        try:
            pool = lease.held.get(port) or lease.held.setdefault(port, self._pool(port))
            response = await pool.handle_async_request(request)
        except BaseException:
            lease.end()
            raise
        return _with_stream(response, _AsyncStream(response.stream, lease.end))

    async def aclose(self) -> None:
        pools = list(self._leases.current.held.values())
        self._leases.close()
        for pool in pools:
            await pool.aclose()

    def _pool(self, port: int) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(verify=self._calls.context(port), trust_env=False, **self._options)

    def _close_soon(self, pools: Any) -> None:
        """Swaps are told in the thread of the source; connections belong to their loop."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            for pool in pools.values():
                loop.call_soon_threadsafe(lambda pool=pool: loop.create_task(pool.aclose()))  # type: ignore[misc]


def _close_all(pools: Any) -> None:
    for pool in pools.values():
        pool.close()


def _with_stream(response: httpx.Response, stream: Any) -> httpx.Response:
    return httpx.Response(response.status_code, headers=response.headers, stream=stream, extensions=response.extensions)


class _Stream(httpx.SyncByteStream):
    """A body that tells of its end."""

    def __init__(self, stream: Any, end: Callable[[], None]) -> None:
        self._stream, self._end, self._ended = stream, end, False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            if not self._ended:
                self._ended = True
                self._end()


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, stream: Any, end: Callable[[], None]) -> None:
        self._stream, self._end, self._ended = stream, end, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            if not self._ended:
                self._ended = True
                self._end()
