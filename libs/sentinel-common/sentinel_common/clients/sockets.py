"""A TLS connection as a blocking socket: for protocols without a client of their own here."""

from __future__ import annotations

import socket
from typing import Optional, Tuple, cast

from sentinel_common.authorizers import Authorizer
from sentinel_common.config import MTLSConfig
from sentinel_common.errors import MtlsError
from sentinel_common.gate import ClientGate
from sentinel_common.judged import JudgedSocket
from sentinel_common.runtime import runtime_of
from sentinel_common.tls import client_context


def connect(
    config: MTLSConfig,
    host: str,
    port: int,
    *,
    address: Optional[Tuple[str, int]] = None,
    authorizer: Optional[Authorizer] = None,
    timeout: Optional[float] = None,
) -> JudgedSocket:
    """Calls `host`:`port` of policy.json; `address` is where to connect to, if that is elsewhere.

    :raises MtlsError: `call-not-declared` or `call-disabled`, before connecting
    :raises PeerRefusedError: the server is not the one that was called
    :raises OSError: the connection or the handshake failed
    """
    gate = ClientGate(runtime_of(config), authorizer, port)
    check_call(gate, host)
    context = client_context(config, port=port, authorizer=authorizer)
    try:
        raw = socket.create_connection(address or (host, port), timeout)
    except OSError:
        gate.failed("connect-failed", f"{host}:{port}")
        raise
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cast(JudgedSocket, context.wrap_socket(raw, server_hostname=host))
    except BaseException:
        raw.close()
        raise


def check_call(gate: ClientGate, host: str) -> None:
    """Refuses, counts and logs a call that policy.json does not declare, before a connection is made."""
    try:
        gate.calls(host)
    except MtlsError as error:
        gate.failed(error.code, host)
        raise
