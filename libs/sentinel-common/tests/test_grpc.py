from __future__ import annotations

import contextlib
import threading
from typing import Any, Iterator

import grpc
import pytest
from folder import Projected, policy, until
from pki import Authority, Leaf, spiffe_id
from serving import opened

from sentinel_common.config import MTLSConfig
from sentinel_common.errors import MtlsError
from sentinel_common.mtls import (
    create_grpc_server_credentials,
    create_secure_grpc_channel,
    create_secure_grpc_server,
)
from sentinel_common.rpc.judge import peer_of_call
from sentinel_common.runtime import runtime_of


class Echo(grpc.GenericRpcHandler):
    """One method of each kind; /echo/wait holds until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.seen: list[Any] = []

    def service(self, details: Any) -> Any:
        name = details.method.rpartition("/")[2]
        return {
            "who": grpc.unary_unary_rpc_method_handler(self._who),
            "wait": grpc.unary_unary_rpc_method_handler(self._wait),
            "endless": grpc.unary_stream_rpc_method_handler(self._endless),
            "join": grpc.stream_unary_rpc_method_handler(lambda requests, _context: b"".join(requests)),
            "each": grpc.stream_stream_rpc_method_handler(lambda requests, _context: requests),
            "parse": grpc.unary_unary_rpc_method_handler(self._who, request_deserializer=self._parse),
            "metadata": grpc.unary_unary_rpc_method_handler(self._metadata),
        }.get(name)

    def _parse(self, content: bytes) -> bytes:
        self.seen.append(content)
        if content == b"bad":
            raise ValueError("bad")
        return content

    def _who(self, _request: bytes, context: Any) -> bytes:
        peer = peer_of_call(context)
        return peer.name.encode() if peer is not None else b"nobody"

    def _wait(self, _request: bytes, _context: Any) -> bytes:
        assert self.go.wait(20)
        return b"done"

    def _endless(self, _request: bytes, context: Any) -> Iterator[bytes]:
        yield b"first"
        while context.is_active() and not self.go.wait(0.05):
            yield b"more"

    def _metadata(self, _request: bytes, context: Any) -> bytes:
        return ",".join(sorted(name for name, _value in context.invocation_metadata())).encode()


@contextlib.contextmanager
def grpc_serving(config: MTLSConfig, echo: Echo, **options: Any) -> Iterator[int]:
    with opened(config):
        server, credentials = create_secure_grpc_server(config, port=8443, **options)
        server.add_generic_rpc_handlers((echo,))
        port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        try:
            yield port
        finally:
            server.stop(0).wait()


def bare_channel(port: int, root: Authority, leaf: Leaf) -> Any:
    credentials = grpc.ssl_channel_credentials(root.pem, leaf.key_pem, leaf.cert_pem)
    # A pool of its own each: grpcio shares connections of equal channels.
    return grpc.secure_channel(f"localhost:{port}", credentials, [("grpc.use_local_subchannel_pool", 1)])


def call(channel: Any, method: str = "who", request: bytes = b"x", **options: Any) -> bytes:
    return bytes(channel.unary_unary(f"/echo/{method}")(request, timeout=10, **options))


def code_of(run: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        run()
    return caught.value.code()  # type: ignore[no-any-return]


def test_the_handler_sees_the_spiffe_id_of_its_caller(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    with grpc_serving(folder.config(), Echo()) as port, bare_channel(port, root, root.issue("web")) as channel:
        assert call(channel) == spiffe_id("web").encode()
        assert bytes(channel.stream_unary("/echo/join")(iter([b"a", b"b"]), timeout=10)) == b"ab"
        assert list(channel.stream_stream("/echo/each")(iter([b"a", b"b"]), timeout=10)) == [b"a", b"b"]
        assert runtime_of(folder.config()).metrics.value("sentinel_mtls_handshakes_total", "server", "accepted", "ok") == 1


def test_a_caller_that_is_not_listed_is_denied_before_its_request_is_read(folder: Projected, root: Authority) -> None:
    echo = Echo()
    folder.write(root.issue("api"), [root], policy())
    with grpc_serving(folder.config(), echo) as port, bare_channel(port, root, root.issue("batch")) as channel:
        for method in ("who", "parse", "wait"):
            assert code_of(lambda method=method: call(channel, method)) == grpc.StatusCode.PERMISSION_DENIED
        assert code_of(lambda: list(channel.unary_stream("/echo/endless")(b""))) == grpc.StatusCode.PERMISSION_DENIED
        assert code_of(lambda: channel.stream_unary("/echo/join")(iter([b"a"]))) == grpc.StatusCode.PERMISSION_DENIED
        assert code_of(lambda: list(channel.stream_stream("/echo/each")(iter([b"a"])))) == grpc.StatusCode.PERMISSION_DENIED
        assert code_of(lambda: call(channel, "no-such-method")) == grpc.StatusCode.PERMISSION_DENIED
    assert echo.seen == []


def test_deserialisers_and_unknown_methods_work_as_without_the_interceptor(folder: Projected, root: Authority) -> None:
    echo = Echo()
    folder.write(root.issue("api"), [root], policy())
    with grpc_serving(folder.config(), echo) as port, bare_channel(port, root, root.issue("web")) as channel:
        assert call(channel, "parse", b"good") == spiffe_id("web").encode()
        assert code_of(lambda: call(channel, "parse", b"bad")) == grpc.StatusCode.INTERNAL
        assert code_of(lambda: call(channel, "no-such-method")) == grpc.StatusCode.UNIMPLEMENTED
        assert b"x-spiffe-id" not in call(channel, "metadata", metadata=(("x-spiffe-id", "spiffe://a/b"), ("kept", "1")))
        assert b"kept" in call(channel, "metadata", metadata=(("x-spiffe-id", "spiffe://a/b"), ("kept", "1")))


def test_certificate_key_and_roots_rotate_for_new_connections(folder: Projected, root: Authority, other_root: Authority) -> None:
    web, new_web = root.issue("web"), other_root.issue("web")
    folder.write(root.issue("api"), [root], policy())
    with grpc_serving(folder.config(), Echo()) as port:
        with bare_channel(port, root, web) as channel:
            assert call(channel)
        with bare_channel(port, root, new_web) as channel:
            assert code_of(lambda: call(channel)) == grpc.StatusCode.UNAVAILABLE
        folder.write(other_root.issue("api"), [other_root], policy())
        until(lambda: runtime_of(folder.config()).source.current().number == 2)
        with bare_channel(port, other_root, new_web) as channel:
            assert call(channel)
        with bare_channel(port, other_root, web) as channel:
            assert code_of(lambda: call(channel)) == grpc.StatusCode.UNAVAILABLE


def test_after_its_root_left_an_open_connection_gets_no_further_call_and_its_stream_ends(
    folder: Projected, root: Authority, other_root: Authority
) -> None:
    folder.write(other_root.issue("api"), [root, other_root], policy())
    with grpc_serving(folder.config(), Echo()) as port, bare_channel(port, other_root, root.issue("web")) as channel:
        stream = channel.unary_stream("/echo/endless")(b"")
        assert next(stream) == b"first"
        folder.write(other_root.issue("api"), [other_root], policy())
        runtime = runtime_of(folder.config())
        until(lambda: runtime.metrics.value("sentinel_mtls_drained_connections_total", "server", "root-removed"))
        assert code_of(lambda: call(channel)) == grpc.StatusCode.PERMISSION_DENIED
        assert code_of(lambda: list(stream)) in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN)


def test_a_channel_of_ours_follows_its_identity_and_lets_running_calls_end(
    folder: Projected, peer_folder: Projected, root: Authority, other_root: Authority
) -> None:
    echo = Echo()
    folder.write(root.issue("api"), [root, other_root], policy())
    calls = [("api", "localhost", 8443)]
    peer_folder.write(root.issue("web"), [root], policy("web", calls=calls))
    config = peer_folder.config()
    with grpc_serving(folder.config(), echo) as port, opened(config) as runtime:
        channel = create_secure_grpc_channel(config, "localhost:8443", address=f"localhost:{port}")
        with channel:
            assert call(channel) == spiffe_id("web").encode()
            waiting = channel.unary_unary("/echo/wait").future(b"", timeout=20)
            callable_of_before = channel.unary_unary("/echo/who")
            peer_folder.write(other_root.issue("web"), [root], policy("web", calls=calls), **{"ca.crt": root.pem + other_root.pem})
            until(lambda: runtime.source.current().number == 2)
            assert callable_of_before(b"", timeout=10) == spiffe_id("web").encode()
            served = runtime_of(folder.config()).metrics
            until(lambda: served.value("sentinel_mtls_handshakes_total", "server", "accepted", "ok") == 2)
            echo.go.set()
            assert waiting.result() == b"done"
            peer_folder.write(other_root.issue("web"), [other_root, root], policy("web"))
            until(lambda: runtime.source.current().number == 3)
            with pytest.raises(MtlsError, match="call-not-declared"):
                call(channel)


def test_a_call_that_is_not_declared_makes_no_channel(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("web"), [root], policy("web"))
    config = folder.config()
    with opened(config):
        with pytest.raises(MtlsError, match="call-not-declared"):
            create_secure_grpc_channel(config, "elsewhere:8443")
        with pytest.raises(MtlsError, match="setting-invalid"):
            create_secure_grpc_channel(config, "elsewhere")


def test_without_policy_and_authorizer_there_is_no_server(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root])
    config = folder.config(policy=False)
    with opened(config), pytest.raises(MtlsError, match="authorizer-missing"):
        create_secure_grpc_server(config)
    with pytest.raises(MtlsError, match="verify_client"):
        create_grpc_server_credentials(folder.config(policy=False, verify_client=False))
