"""Failure scenarios 52 to 62: hostile peers, at a real server."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import ssl
import struct
import threading
import time
from typing import Any

import pytest
from folder import Projected, policy, until
from pki import Authority
from serving import bare_connect, bare_context, bare_get, get, opened, read_response, serving

from sentinel_common.health import HealthServer
from sentinel_common.runtime import runtime_of
from sentinel_common.tls import server_context

OK = b"HTTP/1.1 200"
HELLO_VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2}


def refused(folder: Projected, code: str) -> float:
    metrics = runtime_of(folder.config()).metrics
    return float(until(lambda: metrics.value("sentinel_mtls_handshakes_total", "server", "refused", code)))


def send_and_read(port: int, content: bytes, seconds: float = 5) -> bytes:
    with socket.create_connection(("127.0.0.1", port), seconds) as raw:
        raw.sendall(content)
        got = b""
        with contextlib.suppress(OSError):
            while part := raw.recv(4096):
                got += part
        return got


def test_52_a_caller_without_a_certificate_gets_no_byte(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy(mode="audit"))
    with serving(folder.config()) as server:
        assert get(server.ports[0], bare_context([root])) == b""
        assert refused(folder, "peer-no-certificate") == 1


def test_53_plain_http_on_the_tls_port_and_tls_on_the_plain_port_end(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config()) as server:
        assert not send_and_read(server.ports[0], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP")
        assert refused(folder, "plaintext") == 1
        health = HealthServer(runtime_of(folder.config()), 0, "127.0.0.1")
        try:
            with pytest.raises(OSError):
                bare_connect(health.port, bare_context([root], root.issue("web")))
        finally:
            health.close()


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_54_old_versions_are_refused_before_and_after_a_rotation(folder: Projected, root: Authority, version: str) -> None:
    folder.write(root.issue("api"), [root], policy())
    old = bare_context([root], root.issue("web"))
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = HELLO_VERSIONS[version]
    with serving(folder.config()) as server:
        assert get(server.ports[0], old) == b""
        folder.write(root.issue("api"), [root], policy())
        until(lambda: runtime_of(folder.config()).source.current().number == 2)
        assert get(server.ports[0], old) == b""
        assert until(lambda: refused(folder, "protocol-version") == 2)
        # An SSLv2 hello: length with the top bit, type 1, version 2.
        assert not send_and_read(server.ports[0], b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + b"\x00" * 37).startswith(b"HTTP")
        assert get(server.ports[0], bare_context([root], root.issue("web"))).startswith(OK)


def test_55_a_silent_caller_and_one_that_drips_are_dropped_at_the_deadline(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config()) as server:

        def silent() -> float:
            began = time.monotonic()
            send_and_read(server.ports[0], b"", 10)
            return time.monotonic() - began

        assert 0.9 < silent() < 4

        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.ports[0]), 10) as raw, contextlib.suppress(OSError):
            raw.settimeout(0.1)
            for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500:
                raw.sendall(bytes([byte]))
                with contextlib.suppress(socket.timeout):
                    if raw.recv(10) == b"":
                        break
        assert 0.9 < time.monotonic() - began < 4
        assert until(lambda: refused(folder, "handshake-timeout") == 2)
        assert get(server.ports[0], bare_context([root], root.issue("web"))).startswith(OK)


def test_56_a_flood_of_open_handshakes_up_to_the_limit_of_descriptors_does_not_end_the_server(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    web = bare_context([root], root.issue("web"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with serving(folder.config()) as server:
        assert get(server.ports[0], web).startswith(OK)
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
        held = []
        try:
            for _ in range(400):
                raw = socket.socket()
                held.append(raw)
                raw.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    raw.connect(("127.0.0.1", server.ports[0]))
        except OSError:
            pass
        finally:
            for raw in held:
                raw.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert len(held) > 100
        until(lambda: get(server.ports[0], web).startswith(OK), 20)


def test_57_server_names_alpn_compression_and_renegotiation_open_nothing(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    config = folder.config(min_version="TLSv1.2")
    with serving(config) as server:
        port = server.ports[0]
        for host in (None, "elsewhere.test", "127.0.0.1"):
            client = bare_context([root], root.issue("web"), check_hostname=False)
            assert get(port, client, host).startswith(OK), host
            stranger = bare_context([root], root.issue("batch"), check_hostname=False)
            assert get(port, stranger, host) == b"", host
        odd = bare_context([root], root.issue("web"))
        odd.set_alpn_protocols(["no-such-protocol"])
        assert get(port, odd).startswith(OK), "ALPN is not offered by this server, so nothing is chosen"
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with bare_connect(port, bare_context([root], root.issue("web"), maximum_version=version)) as tls:
                assert bare_get(tls).startswith(OK)
                assert tls.compression() is None
    with opened(folder.config()):
        inner = server_context(folder.config(), port=8443)._under(False)
    assert inner.options & ssl.OP_NO_RENEGOTIATION
    assert inner.options & ssl.OP_NO_TICKET
    assert inner.num_tickets == 0


def test_58_62_callers_that_close_or_reset_anywhere_do_not_end_the_process(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    web = bare_context([root], root.issue("web"))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        web.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    hello = outgoing.read()
    loops: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        loops.append(asyncio.get_running_loop())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000000")]})
        await send({"type": "http.response.body", "body": b"x" * 1_000_000})

    with serving(folder.config(), app) as server:
        for cut in (0, 1, 5, len(hello) // 2, len(hello)):
            for reset in (False, True):
                raw = socket.create_connection(("127.0.0.1", server.ports[0]))
                raw.sendall(hello[:cut])
                if reset:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raw.close()
        for _ in range(10):
            tls = bare_connect(server.ports[0], web)
            tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            tls.close()
        for garbage in (b"\x00" * 1000, b"\x16\x03\x03\xff\xff" + b"x" * 1000, hello[:50] + b"\xff" * 500):
            send_and_read(server.ports[0], garbage)
        assert get(server.ports[0], web).startswith(OK)
        assert threading.active_count() < 20


def test_59_an_identity_told_by_a_header_is_removed_and_counts_for_nothing(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config()) as server:
        with bare_connect(server.ports[0], bare_context([root], root.issue("web"))) as tls:
            answer = bare_get(tls, b"GET / HTTP/1.1\r\nHost: x\r\nX-Spiffe-Id: spiffe://sentinel.test/ns/prod/sa/admin\r\n\r\n")
        assert answer.endswith(b"/sa/web")


def test_60_in_mode_permissive_the_tls_port_is_strict_and_the_plain_one_tells_no_identity(folder: Projected, root: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        plain_port = free.getsockname()[1]
    folder.write(root.issue("api"), [root], policy(mode="permissive", plainPort=plain_port))
    with serving(folder.config()) as server:
        tls_port = next(port for port in server.ports if port != plain_port)
        metrics = runtime_of(folder.config()).metrics
        assert metrics.rows("sentinel_mtls_plain_connections_total") == {(str(plain_port),): 0}
        for context in (bare_context([root]), bare_context([root], root.issue("batch"))):
            assert get(tls_port, context) == b""
        assert get(tls_port, bare_context([root], root.issue("web"))).endswith(b"/sa/web")
        with socket.create_connection(("127.0.0.1", plain_port), 5) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Client-Cert: URI=spiffe://a/b\r\nConnection: close\r\n\r\n")
            assert read_response(raw).endswith(b"plain")
        assert metrics.rows("sentinel_mtls_plain_connections_total") == {(str(plain_port),): 1}


def test_61_probes_without_a_certificate_have_a_plain_port_of_their_own(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api", from_hours=-2, hours=4 / 3600), [root], policy())
    with opened(folder.config()) as runtime:
        health = HealthServer(runtime, 0, "127.0.0.1")
        try:

            def ask(path: str) -> bytes:
                return send_and_read(health.port, f"GET {path} HTTP/1.0\r\n\r\n".encode())

            assert b" 200 " in ask("/healthz").split(b"\r\n")[0]
            assert b" 200 " in ask("/readyz").split(b"\r\n")[0]
            assert b'"generation": 1' in ask("/readyz")
            assert b"sentinel_mtls_ready 1\n" in ask("/metrics")
            assert b" 404 " in ask("/elsewhere").split(b"\r\n")[0]
            until(lambda: b" 503 " in ask("/readyz").split(b"\r\n")[0])
            assert b'"reason": "leaf-expired"' in ask("/readyz")
            assert b" 200 " in ask("/healthz").split(b"\r\n")[0]
            assert b"sentinel_mtls_ready 0\n" in ask("/metrics")
        finally:
            health.close()
