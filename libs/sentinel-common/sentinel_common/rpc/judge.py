"""Judges calls of gRPC by the certificate that grpcio shows with each of them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from functools import partial
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Set, Tuple

from cryptography import x509

from sentinel_common.authorizers import Authorizer, judge
from sentinel_common.certificate import der_of
from sentinel_common.connections import Connection
from sentinel_common.gate import ServerGate
from sentinel_common.generation import Generation
from sentinel_common.headers import is_spoofed
from sentinel_common.peer import Peer, read_peer
from sentinel_common.policy import Verdict, denied
from sentinel_common.runtime import Runtime

# Connections whose verdict is remembered; the oldest one is judged again when it calls.
_REMEMBERED = 4096

_Key = Tuple[str, bytes]


class CallJudge:
    """One a server. A verdict holds for a connection until the generation is another."""

    def __init__(self, runtime: Runtime, authorizer: Authorizer, port: Optional[int]) -> None:
        self._runtime = runtime
        self._authorizer = authorizer
        self._gate = ServerGate(runtime, authorizer, port)
        self._lock = threading.Lock()
        self._known: "OrderedDict[_Key, Connection]" = OrderedDict()
        self._running: Dict[Connection, Set[Callable[[], None]]] = {}
        runtime.source.on_update(self._on_swap)

    def verdict(self, auth_context: Mapping[str, Iterable[bytes]], address: str) -> Tuple[Optional[Connection], Verdict]:
        """Of one call; allowed, audited, or denied with a code."""
        certificate = next(iter(auth_context.get("x509_pem_cert", ())), None)
        if certificate is None:
            return None, denied("peer-no-certificate")
        with self._lock:
            connection = self._known.get((address, certificate))
        if connection is None:
            return self._first(auth_context, address, certificate)
        verdict = connection.judge_again(self._runtime.source.current())
        if not verdict.admits:
            self._gate.tell(connection.peer, verdict, self._gate.port)
        return connection, verdict

    def start(self, connection: Connection, cancel: Callable[[], None]) -> Callable[[], None]:
        """A call runs on the connection; returns what is to be called at its end."""
        with self._lock:
            self._running.setdefault(connection, set()).add(cancel)

        def end() -> None:
            with self._lock:
                calls = self._running.get(connection, set())
                calls.discard(cancel)
                if not calls:
                    self._running.pop(connection, None)

        return end

    def _first(self, auth: Mapping[str, Iterable[bytes]], address: str, pem: bytes) -> Tuple[Optional[Connection], Verdict]:
        current, metrics = self._runtime.source.current(), self._runtime.metrics
        chain = _certificates(next(iter(auth.get("x509_pem_cert_chain", ())), b""))
        leaf = _certificates(pem)
        peer = read_peer(leaf[0] if leaf else pem)
        connection = Connection("server", current, peer, lambda: chain, denied("peer-not-listed"), partial(judge, self._authorizer))
        version = next(iter(auth.get("ssl_tls_version", ())), b"unknown").decode("ascii", "replace")
        problem = self._problem(connection, current, version)
        connection.verdict = denied(problem) if problem is not None else judge(self._authorizer, peer)
        verdict = connection.verdict
        self._gate.tell(peer, verdict, self._gate.port)
        if not verdict.admits:
            metrics.count("sentinel_mtls_handshakes_total", "server", "refused", verdict.code)
        else:
            result = "accepted" if verdict.outcome == "allowed" else "audited"
            group = next(iter(auth.get("ssl_negotiated_key_exchange_group", ())), b"unknown").decode("ascii", "replace")
            metrics.count_accepted("server", result, verdict.code, version, group)
            with self._lock:
                self._known[(address, pem)] = connection
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return connection, verdict

    def _problem(self, connection: Connection, current: Generation, version: str) -> Optional[str]:
        # grpcio takes TLS 1.2 and has no setting for it; newer releases tell the version with the call.
        if version == "TLSv1.2" and self._runtime.config.min_version == "TLSv1.3":
            return "protocol-version"
        problem = connection.peer.time_problem(time.time())
        # A session that was resumed, or a handshake across a swap: the trust set of now counts.
        return problem if problem is not None or connection.chains_to(current) else "peer-chain-untrusted"

    def _on_swap(self, new: Generation, old: Optional[Generation]) -> None:
        with self._lock:
            running = list(self._running)
        removed = old is not None and bool(set(old.identity.roots) - set(new.identity.roots))
        found: Dict[str, List[Connection]] = {}
        for connection in running:
            if connection.draining is None and not connection.judge_again(new).admits:
                reason = "root-removed" if removed and not connection.trusted_by(new) else "policy-changed"
                connection.attach(lambda _reason: None, lambda connection=connection: self._cancel(connection))  # type: ignore[misc]
                found.setdefault(reason, []).append(connection)
        for reason, connections in found.items():
            self._runtime.connections.drain("server", reason, connections)

    def _cancel(self, connection: Connection) -> None:
        with self._lock:
            calls = tuple(self._running.get(connection, ()))
        for cancel in calls:
            cancel()


def peer_of_call(context: Any) -> Optional[Peer]:
    """The peer of a call, from the context of its handler; None without a certificate."""
    certificates = _certificates(next(iter(context.auth_context().get("x509_pem_cert", ())), b""))
    return read_peer(certificates[0]) if certificates else None


def _certificates(pem: bytes) -> List[bytes]:
    try:
        return [der_of(certificate) for certificate in x509.load_pem_x509_certificates(pem)] if pem else []
    except ValueError:
        return []


class StrippedContext:
    """A context without the metadata by which proxies tell an identity."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def invocation_metadata(self) -> Any:
        return tuple(item for item in self._context.invocation_metadata() or () if not is_spoofed(item[0].encode()))


def stripped(context: Any) -> Any:
    metadata = context.invocation_metadata() or ()
    return StrippedContext(context) if any(is_spoofed(item[0].encode()) for item in metadata) else context
