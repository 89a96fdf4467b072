"""Credentials of grpcio from the standing generation."""

from __future__ import annotations

import threading
from typing import Any, Optional

import grpc

from sentinel_common.config import MTLSConfig
from sentinel_common.errors import MtlsError
from sentinel_common.generation import Generation
from sentinel_common.runtime import Runtime, runtime_of


def server_credentials(config: MTLSConfig) -> grpc.ServerCredentials:
    """Certificate, key and roots of the moment for each new connection; a client certificate is demanded.

    Who may call is judged by the interceptor of `server_interceptor`: grpcio has no place for it in the handshake.

    :raises MtlsError: `setting-invalid`, or the code of what is wrong with the files
    """
    if not config.verify_client:
        raise MtlsError("setting-invalid", "verify_client is False, but a server of this library always verifies")
    fetcher = _Fetcher(runtime_of(config))
    return grpc.dynamic_ssl_server_credentials(fetcher.first(), fetcher, require_client_authentication=True)


def channel_credentials(config: MTLSConfig) -> grpc.ChannelCredentials:
    """The identity and roots of the moment. grpcio can't change them in a channel: `RotatingChannel` makes a new one.

    :raises MtlsError: `setting-invalid`, or the code of what is wrong with the files
    """
    if not config.verify_server:
        raise MtlsError("setting-invalid", "verify_server is False, but a client of this library always verifies")
    identity = runtime_of(config).source.current().identity
    return grpc.ssl_channel_credentials(identity.roots_pem(), identity.key.pem(), identity.chain_pem())


class _Fetcher:
    """Called by grpcio before each handshake; None means that nothing changed."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._given: Optional[Generation] = None

    def first(self) -> Any:
        self._given = self._runtime.source.current()
        return _configuration(self._given)

    def __call__(self) -> Any:
        current = self._runtime.source.current()
        with self._lock:
            if current is self._given:
                return None
            configuration = _configuration(current)
            self._given = current
            return configuration


def _configuration(generation: Generation) -> Any:
    identity = generation.identity
    pairs = [(identity.key.pem(), identity.chain_pem())]
    return grpc.ssl_server_certificate_configuration(pairs, root_certificates=identity.roots_pem())
