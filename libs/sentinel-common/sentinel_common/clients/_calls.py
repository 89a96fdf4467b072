"""What HTTP clients share: each call is held to policy.json before a connection is made."""

from __future__ import annotations

import threading
from typing import Dict, Optional

from sentinel_common.authorizers import Authorizer
from sentinel_common.clients.sockets import check_call
from sentinel_common.config import MTLSConfig
from sentinel_common.context import RotatingContext
from sentinel_common.errors import MtlsError
from sentinel_common.gate import ClientGate
from sentinel_common.runtime import runtime_of
from sentinel_common.tls import client_context


class Calls:
    """Contexts by port, so that two ports of one host can expect two identities."""

    def __init__(self, config: MTLSConfig, authorizer: Optional[Authorizer]) -> None:
        if not config.enabled:
            raise MtlsError("setting-invalid", "MTLS_ENABLED is false: use a plain client in so many words")
        self.config = config
        self.runtime = runtime_of(config)
        self._authorizer = authorizer
        self._lock = threading.Lock()
        self._contexts: Dict[int, RotatingContext] = {}

    def check(self, scheme: str, host: str, port: int) -> None:
        """:raises MtlsError: `call-not-declared`, `call-disabled`, or `setting-invalid` for plain text"""
        if scheme != "https":
            raise MtlsError("setting-invalid", f"{scheme[:20]}://{host[:100]}: this client calls https only")
        check_call(ClientGate(self.runtime, self._authorizer, port), host)

    def context(self, port: int) -> RotatingContext:
        with self._lock:
            found = self._contexts.get(port)
            if found is None:
                found = self._contexts[port] = client_context(self.config, port=port, authorizer=self._authorizer)
            return found
