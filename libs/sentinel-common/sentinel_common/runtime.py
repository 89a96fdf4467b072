"""What a process has one of: source, metrics, log, open connections."""

from __future__ import annotations

import threading
from typing import Dict, List, Optional, Tuple

from sentinel_common.authorizers import (
    Authorizer,
    authorize_certificate,
    authorize_policy,
    is_authorize_any,
    judge,
)
from sentinel_common.certificate import der_of
from sentinel_common.config import MTLSConfig
from sentinel_common.connections import Connections
from sentinel_common.errors import MtlsError
from sentinel_common.events import EventLog, rfc3339
from sentinel_common.generation import Generation
from sentinel_common.metrics import Metrics
from sentinel_common.peer import Peer
from sentinel_common.policy import Policy, Verdict, audited
from sentinel_common.source import FileSource

Rows = List[Tuple[Tuple[str, ...], float]]


class Runtime:
    """Opened once a process for each configuration; servers and clients share it."""

    def __init__(self, config: MTLSConfig, log: Optional[EventLog] = None, metrics: Optional[Metrics] = None) -> None:
        timing = config.timing
        self.config = config
        self.log = log if log is not None else EventLog(timing.max_log_text_length)
        self.metrics = metrics if metrics is not None else Metrics(timing.max_denial_series)
        self.connections = Connections(self.log, self.metrics, timing.drain_grace_ms)
        self.source = FileSource.open(config.paths, timing, log=self.log, metrics=self.metrics)
        self.source.on_update(self.connections.on_swap)
        self._add_gauges()

    @property
    def policy(self) -> Optional[Policy]:
        return self.source.current().policy

    def close(self) -> None:
        """Stops watching; open connections are their servers' matter."""
        self.source.close()
        self.connections.close()

    def health(self) -> Dict[str, object]:
        """The body of /readyz."""
        reason, generation = self.source.not_ready_reason(), self.source.standing
        return {
            "ready": reason is None,
            "reason": reason,
            "generation": generation.number if generation is not None else 0,
            "notAfter": rfc3339(generation.identity.not_after) if generation is not None else None,
        }

    def authorizer(self, given: Optional[Authorizer], port: Optional[int]) -> Authorizer:
        """The given one, else the policy at a port, else the development pin; there is no other default.

        :raises MtlsError: `authorizer-missing`
        """
        if given is not None:
            if is_authorize_any(given):
                self.log.write("authorizer-any", port=port)
            return self._in_mode(given)
        if self.config.policy_path is not None:
            return authorize_policy(self.source.current, port)
        if self.source.current().identity.is_own_root:
            return authorize_certificate(lambda: self._own_root_der())
        raise MtlsError(
            "authorizer-missing",
            "neither a policy.json nor an authorizer was given; set MTLS_POLICY_PATH, or pass authorizer=, for example authorize_any()",
        )

    def _own_root_der(self) -> bytes:
        identity = self.source.current().identity
        return der_of(identity.leaf) if identity.is_own_root else b""

    def _in_mode(self, authorizer: Authorizer) -> Authorizer:
        """MTLS_MODE counts where no policy does."""
        if self.config.mode != "audit":
            return authorizer

        def auditing(peer: Peer) -> Verdict:
            verdict = judge(authorizer, peer)
            return verdict if verdict.admits else audited(verdict.code)

        return auditing

    def _add_gauges(self) -> None:
        def identity(generation: Generation) -> Rows:
            return [((generation.spiffe_id, generation.serial_hash, generation.trust_fingerprint, generation.id), 1.0)]

        gauge, current = self.metrics.gauge, self.source.current
        gauge("sentinel_mtls_identity_info", lambda: identity(current()))
        gauge("sentinel_mtls_generation", lambda: [((), float(current().number))])
        gauge("sentinel_mtls_generation_timestamp_seconds", lambda: [((), current().taken_at)])
        gauge("sentinel_mtls_certificate_not_after_seconds", lambda: [((), current().identity.not_after.timestamp())])
        gauge("sentinel_mtls_certificate_not_before_seconds", lambda: [((), current().identity.not_before.timestamp())])
        gauge("sentinel_mtls_trust_roots", lambda: [((), float(len(current().identity.roots)))])
        gauge("sentinel_mtls_ready", lambda: [((), float(self.source.not_ready_reason() is None))])
        gauge("sentinel_mtls_watch_active", lambda: [((), float(self.source.watch_active))])
        gauge("sentinel_mtls_mode", lambda: [((self.policy.mode if self.policy is not None else self.config.mode,), 1.0)])


_LOCK = threading.Lock()
_RUNTIMES: Dict[MTLSConfig, Runtime] = {}


def runtime_of(config: MTLSConfig) -> Runtime:
    """The runtime of a configuration, opened at the first call: that waits for a first valid generation.

    :raises MtlsError: with the code of what is wrong with the files
    """
    with _LOCK:
        found = _RUNTIMES.get(config)
        if found is None:
            found = _RUNTIMES[config] = Runtime(config)
        return found


def close_runtime(config: MTLSConfig) -> None:
    """Ends the watch of a configuration; the next call of `runtime_of` opens it anew."""
    with _LOCK:
        found = _RUNTIMES.pop(config, None)
    if found is not None:
        found.close()
