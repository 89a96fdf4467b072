from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator

import grpc
import pytest
from folder import Projected, policy
from pki import Authority, spiffe_id
from serving import opened

from sentinel_common.errors import MtlsError
from sentinel_common.mtls import create_secure_grpc_aio_channel, create_secure_grpc_aio_server
from sentinel_common.rpc.judge import peer_of_call


class Echo(grpc.GenericRpcHandler):
    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def service(self, details: Any) -> Any:
        return {
            "who": grpc.unary_unary_rpc_method_handler(self._who, request_deserializer=self._parse),
            "plain": grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"plain"),
            "endless": grpc.unary_stream_rpc_method_handler(self._endless),
            "each": grpc.stream_stream_rpc_method_handler(self._each),
            "read": grpc.stream_unary_rpc_method_handler(self._read),
        }.get(details.method.rpartition("/")[2])

    def _parse(self, content: bytes) -> bytes:
        self.seen.append(content)
        return content

    async def _who(self, _request: bytes, context: Any) -> bytes:
        peer = peer_of_call(context)
        return peer.name.encode() if peer is not None else b"nobody"

    async def _endless(self, _request: bytes, context: Any) -> None:
        while True:
            await context.write(b"more")
            await asyncio.sleep(0.02)

    async def _each(self, requests: Any, _context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request

    async def _read(self, _requests: Any, context: Any) -> bytes:
        return bytes(await context.read())


async def eventually(condition: Any) -> None:
    async def poll() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(poll(), 10)


async def denied(call: Any) -> bool:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return bool(error.code() == grpc.StatusCode.PERMISSION_DENIED)
    return False


def test_an_aio_server_judges_each_call_and_follows_its_files(folder: Projected, root: Authority, other_root: Authority) -> None:
    echo, config = Echo(), folder.config()
    folder.write(other_root.issue("api"), [root, other_root], policy())

    async def run() -> None:
        server, credentials = create_secure_grpc_aio_server(config, port=8443)
        server.add_generic_rpc_handlers((echo,))
        port = server.add_secure_port("127.0.0.1:0", credentials)
        await server.start()

        def channel(name: str) -> Any:
            leaf = root.issue(name)
            made = grpc.ssl_channel_credentials(other_root.pem, leaf.key_pem, leaf.cert_pem)
            return grpc.aio.secure_channel(f"localhost:{port}", made, [("grpc.use_local_subchannel_pool", 1)])

        async with channel("web") as web, channel("batch") as batch:
            assert await web.unary_unary("/e/who")(b"x") == spiffe_id("web").encode()
            assert await web.unary_unary("/e/plain")(b"x") == b"plain"
            assert await web.stream_unary("/e/read")(iter([b"a"])) == b"a"
            assert [part async for part in web.stream_stream("/e/each")(iter([b"a", b"b"]))] == [b"a", b"b"]
            echo.seen.clear()
            assert await denied(batch.unary_unary("/e/who")(b"x"))
            assert await denied(batch.unary_unary("/e/plain")(b"x"))
            assert await denied(batch.unary_unary("/e/no-such-method")(b"x"))
            assert await denied(batch.stream_unary("/e/read")(iter([b"a"])))
            assert echo.seen == []
            stream = web.unary_stream("/e/endless")(b"x")
            assert await stream.read() == b"more"
            folder.write(other_root.issue("api"), [other_root], policy())
            await eventually(lambda: runtime.source.current().number == 2)
            assert await denied(web.unary_unary("/e/who")(b"x"))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                while await stream.read() is not grpc.aio.EOF:
                    pass
            assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
        await server.stop(0)

    with opened(config) as runtime:
        asyncio.run(asyncio.wait_for(run(), 30))


def test_an_aio_channel_follows_its_identity(folder: Projected, peer_folder: Projected, root: Authority, other_root: Authority) -> None:
    calls = [("api", "localhost", 8443)]
    folder.write(root.issue("api"), [root, other_root], policy())
    peer_folder.write(root.issue("web"), [root], policy("web", calls=calls))

    async def run() -> None:
        server, credentials = create_secure_grpc_aio_server(folder.config(), port=8443)
        server.add_generic_rpc_handlers((Echo(),))
        port = server.add_secure_port("127.0.0.1:0", credentials)
        await server.start()
        async with create_secure_grpc_aio_channel(peer_folder.config(), "localhost:8443", address=f"localhost:{port}") as channel:
            who = channel.unary_unary("/e/who")
            assert await who(b"x") == spiffe_id("web").encode()
            peer_folder.write(other_root.issue("web"), [root, other_root], policy("web", calls=calls))
            await eventually(lambda: client.source.current().number == 2)
            assert await who(b"x") == spiffe_id("web").encode()
            await eventually(lambda: served.metrics.value("sentinel_mtls_handshakes_total", "server", "accepted", "ok") == 2)
            peer_folder.write(other_root.issue("web"), [root, other_root], policy("web"))
            await eventually(lambda: client.source.current().number == 3)
            with pytest.raises(MtlsError, match="call-not-declared"):
                await who(b"x")
        await server.stop(0)

    with opened(folder.config()) as served, opened(peer_folder.config()) as client:
        asyncio.run(asyncio.wait_for(run(), 30))
