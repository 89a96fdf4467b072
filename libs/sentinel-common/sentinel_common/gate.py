"""Judges handshakes: who came in at a port, and whom a call reached."""

from __future__ import annotations

import time
import weakref
from functools import partial
from typing import Callable, Optional, Tuple

from sentinel_common.authorizers import Authorizer, judge
from sentinel_common.connections import Connection
from sentinel_common.errors import MtlsError, PeerRefusedError
from sentinel_common.generation import Generation
from sentinel_common.judged import Judged
from sentinel_common.peer import Peer, matches_host, read_peer
from sentinel_common.policy import Call, Verdict, denied, find_call, judge_server
from sentinel_common.runtime import Runtime

_VerdictOf = Callable[[Peer], Verdict]

_NOT_JUDGED = denied("peer-not-listed")


class _Gate:
    side: str

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.handshake_timeout = runtime.config.timing.handshake_timeout_ms / 1000
        self.current: Callable[[], Generation] = runtime.source.current

    def settled(self, tls: Judged, connection: Connection) -> None:
        """The handshake is over for both sides: it is counted now."""
        verdict = connection.verdict
        result = "accepted" if verdict.outcome == "allowed" else "audited"
        self._runtime.metrics.count_accepted(self.side, result, verdict.code, tls.version() or "unknown", "unknown")

    def failed(self, code: str, remote: str, peer: str = "none") -> None:
        self._runtime.metrics.count("sentinel_mtls_handshakes_total", self.side, "refused", code)
        self._runtime.log.write("handshake-refused", side=self.side, code=code, peer=peer, remote=remote)

    def _admit(self, tls: Judged, generation: Generation, port: str, verdict_of: _VerdictOf) -> Connection:
        """Every handshake passes here, with cold caches after its signatures: each call less is some microseconds."""
        der = tls._sslobj.getpeercert(True)
        if der is None:
            self.failed("peer-no-certificate", "")
            raise PeerRefusedError("peer-no-certificate", "the peer showed no certificate")
        peer = read_peer(der)
        connection = Connection(self.side, generation, peer, tls.peer_chain(), _NOT_JUDGED, verdict_of, weakref.ref(tls))
        problem, current = peer.time_problem(time.time()), self.current()
        if problem is None and current is not generation and not connection.trusted_by(current):
            problem = "peer-chain-untrusted"
        if problem is not None:
            self.failed(problem, "", peer.name)
            raise PeerRefusedError(problem, f"of {peer.name}")
        connection.verdict = verdict = verdict_of(peer)
        if verdict.outcome != "allowed":
            self.tell(peer, verdict, port)
            if not verdict.admits:
                self._runtime.metrics.count("sentinel_mtls_handshakes_total", self.side, "refused", verdict.code)
                raise PeerRefusedError(verdict.code, f"{peer.name} at {port}")
        self._runtime.connections.add(connection)
        return connection

    def tell(self, peer: Peer, verdict: Verdict, port: str) -> None:
        """Logs and counts a denial, or what would have been one."""
        if verdict.outcome == "allowed":
            return
        enforced = verdict.outcome == "denied"
        self._runtime.metrics.count_denial(port, peer.name, verdict.code, enforced)
        self._runtime.log.write(
            "peer-denied" if enforced else "peer-audited", side=self.side, port=port, code=verdict.code, peer=peer.name, remote=""
        )


class ServerGate(_Gate):
    """At one port."""

    side = "server"

    def __init__(self, runtime: Runtime, authorizer: Authorizer, port: Optional[int]) -> None:
        super().__init__(runtime)
        self._verdict_of: _VerdictOf = partial(judge, authorizer)
        self.port = str(port) if port is not None else "none"

    def checks_name(self, _host: Optional[str]) -> bool:
        return False

    def begin(self, _host: Optional[str]) -> None:
        return None

    def admit(self, tls: Judged, generation: Generation) -> Connection:
        connection = self._admit(tls, generation, self.port, self._verdict_of)
        self.settled(tls, connection)
        return connection


class ClientGate(_Gate):
    """For calls; to one port if that is given, else to the ports that the policy has for a host."""

    side = "client"

    def __init__(self, runtime: Runtime, authorizer: Optional[Authorizer] = None, port: Optional[int] = None) -> None:
        super().__init__(runtime)
        self._authorizer = authorizer
        self._port = port

    def calls(self, host: str) -> Tuple[Call, ...]:
        """The declared calls; none where there is no policy.

        :raises MtlsError: `call-not-declared` or `call-disabled`
        """
        policy = self._runtime.policy
        return find_call(policy, host, self._port) if policy is not None and self._authorizer is None else ()

    def checks_name(self, host: Optional[str]) -> bool:
        """False where the policy audits: then the name is judged with the identity, and the call goes on."""
        try:
            calls = self.calls(host or "")
        except MtlsError:
            return True
        return not calls or any(call.mode != "audit" for call in calls)

    def begin(self, host: Optional[str]) -> None:
        try:
            self.calls(host or "")
        except MtlsError as error:
            self.failed(error.code, self._label(host))
            raise PeerRefusedError(error.code, error.detail) from None

    def admit(self, tls: Judged, generation: Generation) -> Connection:
        host = tls.server_hostname or ""
        return self._admit(tls, generation, self._label(host), lambda peer: self._verdict(peer, host))

    def _verdict(self, peer: Peer, host: str) -> Verdict:
        matches = matches_host(peer, host)
        try:
            calls = self.calls(host)
        except MtlsError as error:
            return denied(error.code)
        if calls:
            return judge_server(calls, peer, matches)
        if not matches:
            return denied("peer-name-mismatch")
        return judge(self._authorizer, peer) if self._authorizer is not None else Verdict("allowed", "ok")

    def _label(self, host: Optional[str]) -> str:
        return f"{host}:{self._port}" if self._port is not None else str(host)
