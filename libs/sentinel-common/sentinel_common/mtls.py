"""The API of the guide: certificates from environment or default paths, contexts and credentials that rotate."""

from __future__ import annotations

import ssl
import sys
from typing import Optional

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
    "create_ssl_context",
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
