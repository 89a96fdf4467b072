"""The API of the guide: certificates from environment or default paths, contexts and credentials that rotate."""

from __future__ import annotations

import ssl
import sys
from typing import TYPE_CHECKING, Any, Optional, Sequence, Tuple

from sentinel_common.asgi import peer_of
from sentinel_common.authorizers import (
    Authorizer,
    all_of,
    any_of,
    authorize_any,
    authorize_dns_name,
    authorize_spiffe_id,
    authorize_trust_domain,
)
from sentinel_common.config import MTLSConfig, mtls_config_from_env
from sentinel_common.disabled import say_disabled
from sentinel_common.errors import MtlsError, PeerRefusedError
from sentinel_common.health import HealthServer
from sentinel_common.peer import Peer
from sentinel_common.policy import Verdict
from sentinel_common.runtime import Runtime, close_runtime, runtime_of
from sentinel_common.settings import (
    DEFAULT_CA_CERT_PATH,
    DEFAULT_CERT_DIR,
    DEFAULT_CERT_PATH,
    DEFAULT_KEY_PATH,
    DEFAULT_POLICY_PATH,
    Timing,
)
from sentinel_common.tls import client_context, server_context

if TYPE_CHECKING:
    import grpc

__all__ = [
    "Authorizer",
    "DEFAULT_CA_CERT_PATH",
    "DEFAULT_CERT_DIR",
    "DEFAULT_CERT_PATH",
    "DEFAULT_KEY_PATH",
    "DEFAULT_POLICY_PATH",
    "HealthServer",
    "MTLSConfig",
    "MtlsError",
    "Peer",
    "PeerRefusedError",
    "Runtime",
    "Timing",
    "Verdict",
    "all_of",
    "any_of",
    "authorize_any",
    "authorize_dns_name",
    "authorize_spiffe_id",
    "authorize_trust_domain",
    "close_runtime",
    "create_grpc_channel_credentials",
    "create_grpc_server_credentials",
    "create_secure_grpc_aio_channel",
    "create_secure_grpc_aio_server",
    "create_secure_grpc_channel",
    "create_secure_grpc_server",
    "create_ssl_context",
    "grpc_server_interceptor",
    "mtls_config_from_env",
    "peer_of",
    "runtime_of",
]


def create_ssl_context(
    mtls_config: MTLSConfig,
    server_side: bool = False,
    *,
    port: Optional[int] = None,
    authorizer: Optional[Authorizer] = None,
    adopt_uvicorn: bool = True,
) -> Optional[ssl.SSLContext]:
    """A context that follows the files: each handshake is made with the certificate, roots and policy of its moment.

    Server side: client certificates are demanded, and who may come in is said by policy.json (at `port`, or at its
    one port) or by `authorizer`. Where uvicorn is loaded and is then told to serve these files, it serves with this
    context (`adopt_uvicorn`). Client side: chain, host name, and the identity that policy.json names for the host.

    None with MTLS_ENABLED=false, which servers and clients of the standard library take for plain text.

    :raises MtlsError: `authorizer-missing`, `setting-invalid`, or the code of what is wrong with the files
    """
    if not mtls_config.enabled:
        say_disabled()
        return None
    if not server_side:
        return client_context(mtls_config, port=port, authorizer=authorizer)
    context = server_context(mtls_config, port=port, authorizer=authorizer)
    if adopt_uvicorn and "uvicorn" in sys.modules:
        from sentinel_common.servers.uvicorn import adopt

        adopt(mtls_config, context, runtime_of(mtls_config))
    return context


def create_grpc_server_credentials(mtls_config: MTLSConfig) -> "grpc.ServerCredentials":
    """Credentials that take certificate, key and roots of the moment for each new connection.

    They demand a client certificate of the trust set; who may call has to be judged besides: pass
    `grpc_server_interceptor` to the server, or make it with `create_secure_grpc_server`.

    :raises MtlsError: `setting-invalid`, or the code of what is wrong with the files
    :raises ImportError: without grpcio (extra `grpc`)
    """
    from sentinel_common.rpc.credentials import server_credentials

    return server_credentials(_enabled(mtls_config))


def create_grpc_channel_credentials(mtls_config: MTLSConfig) -> "grpc.ChannelCredentials":
    """Credentials of the moment. They can't rotate in grpcio: `create_secure_grpc_channel` makes a channel that does."""
    from sentinel_common.rpc.credentials import channel_credentials

    return channel_credentials(_enabled(mtls_config))


def grpc_server_interceptor(mtls_config: MTLSConfig, *, port: Optional[int] = None, authorizer: Optional[Authorizer] = None) -> Any:
    """Judges each call by policy.json or by the authorizer, before its request is read. Put it first.

    :raises MtlsError: `authorizer-missing`
    """
    from sentinel_common.rpc.interceptor import JudgingInterceptor
    from sentinel_common.rpc.server import call_judge

    return JudgingInterceptor(call_judge(_enabled(mtls_config), port, authorizer))


def create_secure_grpc_server(
    mtls_config: MTLSConfig,
    max_workers: int = 10,
    *,
    port: Optional[int] = None,
    authorizer: Optional[Authorizer] = None,
    interceptors: Sequence[Any] = (),
    options: Sequence[Tuple[str, Any]] = (),
) -> Tuple[Any, "grpc.ServerCredentials"]:
    """A server that judges its calls, and the credentials for its `add_secure_port`."""
    from sentinel_common.rpc.server import secure_server

    return secure_server(_enabled(mtls_config), max_workers, port, authorizer, interceptors, options)


def create_secure_grpc_aio_server(
    mtls_config: MTLSConfig,
    *,
    port: Optional[int] = None,
    authorizer: Optional[Authorizer] = None,
    interceptors: Sequence[Any] = (),
    options: Sequence[Tuple[str, Any]] = (),
) -> Tuple[Any, "grpc.ServerCredentials"]:
    """The same in asyncio."""
    from sentinel_common.rpc.server import secure_aio_server

    return secure_aio_server(_enabled(mtls_config), port, authorizer, interceptors, options)


def create_secure_grpc_channel(
    mtls_config: MTLSConfig, target: str, *, options: Sequence[Tuple[str, Any]] = (), address: Optional[str] = None
) -> Any:
    """A channel to `host:port` that follows the identity: chain and host name are checked by grpcio.

    The call has to be declared by policy.json, where there is one. `address` is where to connect to, if elsewhere.

    :raises MtlsError: `call-not-declared`, `call-disabled`, `setting-invalid`
    """
    from sentinel_common.rpc.channel import RotatingChannel

    return RotatingChannel(_enabled(mtls_config), target, options, address)


def create_secure_grpc_aio_channel(
    mtls_config: MTLSConfig, target: str, *, options: Sequence[Tuple[str, Any]] = (), address: Optional[str] = None
) -> Any:
    """The same in asyncio; made in a running loop."""
    from sentinel_common.rpc.aio_channel import RotatingAioChannel

    return RotatingAioChannel(_enabled(mtls_config), target, options, address)


def _enabled(mtls_config: MTLSConfig) -> MTLSConfig:
    if not mtls_config.enabled:
        raise MtlsError("setting-invalid", "MTLS_ENABLED is false: use grpc.insecure_channel or add_insecure_port in so many words")
    return mtls_config
