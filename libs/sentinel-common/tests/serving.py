"""Real servers and bare peers for the tests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import tempfile
import threading
from pathlib import Path
from typing import Any, Iterator, Optional, Sequence

import pytest
from folder import until
from pki import Authority, Leaf

from sentinel_common.asgi import peer_of
from sentinel_common.config import MTLSConfig
from sentinel_common.runtime import Runtime, close_runtime, runtime_of
from sentinel_common.servers.uvicorn import MtlsServer, make_server

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def echo_peer(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the SPIFFE ID of its caller."""
    peer = peer_of(scope)
    body = (peer.name if peer is not None else "plain").encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


def needs_port(port: int) -> None:
    """For texts that are run as they stand, ports and all."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        pytest.skip(f"port {port}, which the text names, is taken on this machine")


@contextlib.contextmanager
def opened(config: MTLSConfig) -> Iterator[Runtime]:
    try:
        yield runtime_of(config)
    finally:
        close_runtime(config)


@contextlib.contextmanager
def serving(
    config: MTLSConfig, app: Any = echo_peer, policy_port: Optional[int] = 8443, run: Any = asyncio.run, **options: Any
) -> Iterator[MtlsServer]:
    """uvicorn in a thread, at a free port, which is `policy_port` of policy.json."""
    server = make_server(
        app,
        config=config,
        host="127.0.0.1",
        port=0,
        policy_port=policy_port,
        log_config=None,
        access_log=False,
        **{"lifespan": "off", **options},
    )
    thread = threading.Thread(target=lambda: run(server.serve()), daemon=True)
    thread.start()
    try:
        until(lambda: server.started and server.servers and server.ports)
        yield server
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        close_runtime(config)


def bare_context(roots: Sequence[Authority], leaf: Optional[Leaf] = None, server: bool = False, **settings: Any) -> ssl.SSLContext:
    """A peer of the standard library alone, which does what it is told."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    for name, value in settings.items():
        setattr(context, name, value)
    for root in roots:
        context.load_verify_locations(cadata=root.pem.decode())
    if leaf is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pair.pem"
            path.write_bytes(leaf.cert_pem + leaf.key_pem)
            context.load_cert_chain(path)
    return context


def bare_connect(port: int, context: ssl.SSLContext, host: Optional[str] = "localhost", **options: Any) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", port), 10)
    try:
        return context.wrap_socket(raw, server_hostname=host, **options)
    except BaseException:
        raw.close()
        raise


def bare_get(tls: ssl.SSLSocket, request: bytes = REQUEST) -> bytes:
    """One request on an open connection; empty if the server ended it."""
    try:
        tls.sendall(request)
        return read_response(tls)
    except OSError:
        return b""


def read_response(tls: Any) -> bytes:
    """Head and body of one response with a content length."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = tls.recv(65536)
        if not part:
            return got
        got += part
    head, _gap, body = got.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < lengths[0]:
        part = tls.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


def get(port: int, context: ssl.SSLContext, host: Optional[str] = "localhost") -> bytes:
    """A whole connection with one request; empty if the handshake or the server refused it."""
    try:
        with bare_connect(port, context, host) as tls:
            return bare_get(tls)
    except OSError:
        return b""


def served_serial(port: int, context: ssl.SSLContext) -> int:
    """Serial number of the certificate that a new connection is shown."""
    from cryptography import x509

    with bare_connect(port, context) as tls:
        der = tls.getpeercert(True)
        assert der is not None
        return x509.load_der_x509_certificate(der).serial_number
