"""Contexts for servers and clients of any library that takes an `ssl.SSLContext`."""

from __future__ import annotations

from typing import Optional

from sentinel_common.authorizers import Authorizer
from sentinel_common.config import MTLSConfig
from sentinel_common.context import RotatingContext
from sentinel_common.errors import MtlsError
from sentinel_common.gate import ClientGate, ServerGate
from sentinel_common.runtime import runtime_of


def server_context(config: MTLSConfig, *, port: Optional[int] = None, authorizer: Optional[Authorizer] = None) -> RotatingContext:
    """For a server at one port of policy.json; who may come in is said by the policy or by the authorizer.

    :raises MtlsError: `authorizer-missing`, `setting-invalid`, or the code of what is wrong with the files
    """
    if not config.verify_client:
        raise MtlsError("setting-invalid", "verify_client is False, but a server of this library always verifies; give probes a plain port")
    runtime = runtime_of(config)
    gate = ServerGate(runtime, runtime.authorizer(authorizer, port), port)
    return RotatingContext.make(gate, config.min_version)


def client_context(config: MTLSConfig, *, port: Optional[int] = None, authorizer: Optional[Authorizer] = None) -> RotatingContext:
    """For calls: chain and host name are always checked, and the callee's identity where policy.json names it.

    :raises MtlsError: `setting-invalid`, or the code of what is wrong with the files
    """
    if not config.verify_server:
        raise MtlsError("setting-invalid", "verify_server is False, but a client of this library always verifies whom it calls")
    return RotatingContext.make(ClientGate(runtime_of(config), authorizer, port), config.min_version)
