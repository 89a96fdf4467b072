from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any, Iterator

import aiohttp
import httpx
import pytest
import requests
import urllib3
from folder import Projected, policy, until
from pki import Authority, spiffe_id
from serving import opened, serving

from sentinel_common.clients.aiohttp import mtls_session as aiohttp_session
from sentinel_common.clients.httpx import AsyncMtlsTransport, mtls_async_client, mtls_client
from sentinel_common.clients.requests import MtlsPoolManager, mtls_session
from sentinel_common.clients.sockets import connect
from sentinel_common.errors import MtlsError, PeerRefusedError
from sentinel_common.mtls import create_ssl_context
from sentinel_common.runtime import Runtime, runtime_of

WEB = spiffe_id("web")


class Case:
    """A server "api", and a client "web" whose files are at hand."""

    def __init__(self, folder: Projected, peer_folder: Projected, roots: tuple[Authority, Authority], port: int, runtime: Runtime) -> None:
        self.server_folder, self.folder, self.roots, self.port, self.runtime = folder, peer_folder, roots, port, runtime
        self.url = f"https://localhost:{port}/"
        self.config = peer_folder.config()

    def write(self, leaf_root: Authority, calls: bool = True, server: str = "api") -> None:
        number = self.runtime.source.current().number if self.runtime is not None else 0
        declared = [(server, "localhost", self.port)] if calls else []
        self.folder.write(leaf_root.issue("web"), self.roots, policy("web", calls=declared))
        until(lambda: self.runtime.source.current().number > number)

    def accepted(self) -> float:
        return runtime_of(self.server_folder.config()).metrics.value("sentinel_mtls_handshakes_total", "server", "accepted", "ok")


@pytest.fixture()
def case(folder: Projected, peer_folder: Projected, root: Authority, other_root: Authority) -> Iterator[Case]:
    folder.write(root.issue("api"), [root, other_root], policy())
    with serving(folder.config()) as server, contextlib.ExitStack() as stack:
        port = server.ports[0]
        peer_folder.write(root.issue("web"), [root, other_root], policy("web", calls=[("api", "localhost", port)]))
        runtime = stack.enter_context(opened(peer_folder.config()))
        yield Case(folder, peer_folder, (root, other_root), port, runtime)


def sync_clients(case: Case) -> dict[str, Any]:
    pools = MtlsPoolManager(case.config)
    session = mtls_session(case.config)
    client = mtls_client(case.config)
    return {
        "httpx": (lambda url: client.get(url).text, client.close),
        "requests": (lambda url: session.get(url, timeout=10).text, session.close),
        "urllib3": (lambda url: pools.request("GET", url, retries=False).data.decode(), pools.close),
    }


@pytest.mark.parametrize("name", ["httpx", "requests", "urllib3"])
def test_a_blocking_client_keeps_its_connection_and_makes_a_new_one_after_a_swap(case: Case, name: str) -> None:
    get, close = sync_clients(case)[name]
    assert get(case.url) == WEB
    assert get(case.url) == WEB
    assert case.accepted() == 1
    case.write(case.roots[1])
    assert get(case.url) == WEB
    assert case.accepted() == 2
    close()


@pytest.mark.parametrize("name", ["httpx", "requests", "urllib3"])
def test_a_blocking_client_calls_only_what_is_declared_and_never_in_plain_text(case: Case, name: str) -> None:
    get, close = sync_clients(case)[name]
    with pytest.raises(MtlsError, match="call-not-declared"):
        get(f"https://127.0.0.1:{case.port}/")
    with pytest.raises((MtlsError, requests.exceptions.InvalidSchema)):
        get(f"http://localhost:{case.port}/")
    case.write(case.roots[0], calls=False)
    with pytest.raises(MtlsError, match="call-not-declared"):
        get(case.url)
    close()


@pytest.mark.parametrize("name", ["httpx", "requests", "urllib3"])
def test_a_blocking_client_refuses_a_server_of_another_identity(case: Case, name: str) -> None:
    case.write(case.roots[0], server="billing")
    get, close = sync_clients(case)[name]
    with pytest.raises((httpx.ConnectError, requests.exceptions.SSLError, urllib3.exceptions.SSLError)):
        get(case.url)
    assert until(lambda: case.runtime.metrics.value("sentinel_mtls_handshakes_total", "client", "refused", "peer-not-expected")) >= 1
    close()


def test_requests_can_not_be_told_to_trust_anybody(case: Case) -> None:
    with mtls_session(case.config) as session:
        with pytest.raises(MtlsError, match="verify=False"):
            session.get(case.url, verify=False)
        context = create_ssl_context(case.config)
        assert context is not None
        for weaken in (
            lambda: context.load_default_certs(),
            lambda: setattr(context, "check_hostname", False),
            lambda: context.load_verify_locations("x"),
        ):
            with pytest.raises(MtlsError, match="setting-invalid"):
                weaken()


def test_httpx_async_follows_its_identity(case: Case) -> None:
    async def run() -> None:
        async with mtls_async_client(case.config) as client:
            assert (await client.get(case.url)).text == WEB
            assert (await client.get(case.url)).text == WEB
            assert case.accepted() == 1
            await asyncio.to_thread(case.write, case.roots[1])
            assert (await client.get(case.url)).text == WEB
            assert case.accepted() == 2
            with pytest.raises(MtlsError, match="call-not-declared"):
                await client.get("https://elsewhere.test/")
        async with httpx.AsyncClient(transport=AsyncMtlsTransport(case.config, http2=True)) as client:
            assert (await client.get(case.url)).text == WEB

    asyncio.run(run())


def test_aiohttp_follows_its_identity(case: Case) -> None:
    async def get(session: aiohttp.ClientSession, url: str, **options: Any) -> str:
        async with session.get(url, **options) as response:
            return await response.text()

    async def run() -> None:
        async with aiohttp_session(case.config) as session:
            assert await get(session, case.url) == WEB
            assert await get(session, case.url) == WEB
            assert case.accepted() == 1
            await asyncio.to_thread(case.write, case.roots[1])
            assert await get(session, case.url) == WEB
            assert case.accepted() == 2
            for url, options in (("https://elsewhere.test/", {}), (f"http://localhost:{case.port}/", {}), (case.url, {"ssl": False})):
                with pytest.raises(MtlsError):
                    await get(session, url, **options)

    asyncio.run(run())


def test_a_stream_of_before_the_swap_is_read_to_its_end(case: Case) -> None:
    with mtls_client(case.config) as client, client.stream("GET", case.url) as response:
        case.write(case.roots[1])
        assert response.read() == WEB.encode()


def test_the_plain_context_works_with_clients_that_take_one(case: Case) -> None:
    context = create_ssl_context(case.config)
    assert context is not None
    with httpx.Client(verify=context) as client:
        assert client.get(case.url).text == WEB
    with urllib3.PoolManager(ssl_context=context) as pools:
        assert pools.request("GET", case.url).data.decode() == WEB


def test_a_socket_is_refused_before_it_connects_when_the_call_is_not_declared(case: Case) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    with pytest.raises(MtlsError, match="call-not-declared"):
        connect(case.config, "elsewhere.test", 443, address=listener.getsockname())
    with pytest.raises(socket.timeout):
        listener.accept()
    listener.close()
    case.write(case.roots[0], server="billing")
    with pytest.raises(PeerRefusedError, match="peer-not-expected"):
        connect(case.config, "localhost", case.port)
