"""Open connections: under which generation they were made, and which of them a swap drains."""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Sequence, Set, Tuple

from cryptography import x509

from sentinel_common.certificate import chains_to
from sentinel_common.events import EventLog
from sentinel_common.generation import Generation
from sentinel_common.metrics import Metrics
from sentinel_common.peer import Peer
from sentinel_common.policy import Verdict

if TYPE_CHECKING:
    from sentinel_common.judged import Judged

Judge = Callable[[Peer], Verdict]


class Connection:
    """One connection with a peer that was let in. `on_drain` is told the reason once, `on_destroy` comes after the grace.

    With nothing attached it is a bare one of `tls`, which has no requests to refuse: a policy that denies it kills it at once,
    and the grace does so in any case. What a server that has requests attaches instead is kinder.
    """

    __slots__ = (
        "__weakref__",
        "_chain",
        "_judge",
        "_judged_under",
        "_on_destroy",
        "_on_drain",
        "_tls",
        "_verified_by",
        "_waits",
        "closed",
        "draining",
        "generation",
        "peer",
        "side",
        "verdict",
    )

    def __init__(
        self,
        side: str,
        generation: Generation,
        peer: Peer,
        chain: Callable[[], Sequence[bytes]],
        verdict: Verdict,
        judge: Judge,
        tls: "Optional[weakref.ref[Judged]]" = None,
    ) -> None:
        self.side = side
        self.generation = generation.number
        self.peer = peer
        self.verdict = verdict
        self.draining: Optional[str] = None
        self.closed = False
        self._chain = chain
        self._judge = judge
        self._judged_under = generation
        self._verified_by = generation
        self._tls = tls
        self._on_drain: Optional[Callable[[str], None]] = None
        self._on_destroy: Optional[Callable[[], None]] = None
        self._waits = False

    def attach(self, on_drain: Callable[[str], None], on_destroy: Callable[[], None]) -> None:
        """What a server or a client does with it: no further request; end now."""
        self._on_drain, self._on_destroy = on_drain, on_destroy

    def has_requests(self) -> None:
        """For servers that judge each request, but can't end single connections before the grace."""
        self._waits = True

    def judge_again(self, generation: Generation) -> Verdict:
        """The verdict under a generation; asked for anew once it is another than that of the last judgement."""
        if generation is not self._judged_under:
            self.verdict = self._judge(self.peer) if self.trusted_by(generation) else Verdict("denied", "peer-chain-untrusted")
            self._judged_under = generation
        return self.verdict

    def trusted_by(self, generation: Generation) -> bool:
        """Whether the peer still chains to the trust set. As long as no root has left, the handshake's answer holds."""
        roots, now = self._verified_by.identity.roots, generation.identity.roots
        return roots is now or set(roots) <= set(now) or self.chains_to(generation)

    def chains_to(self, generation: Generation) -> bool:
        """By names and signatures; TLS judged the rest before."""
        try:
            certificates = [x509.load_der_x509_certificate(der) for der in (self.peer.der, *self._chain())]
            return chains_to(certificates[0], certificates[1:], generation.identity.roots)
        except ValueError:
            return False  # what a peer sent does not parse all through

    def drain(self, reason: str) -> None:
        self.draining = reason
        if self._on_drain is not None:
            self._on_drain(reason)
        elif reason == "policy-changed" and not self._waits:
            self._kill()

    def destroy(self) -> None:
        if not self.closed:
            self.closed = True
            if self._on_destroy is not None:
                self._on_destroy()
            else:
                self._kill()

    def _kill(self) -> None:
        tls = self._tls() if self._tls is not None else None
        if tls is not None:
            tls.kill()


class Connections:
    """All connections of a process. Holds none of them alive: who closes one need not tell."""

    def __init__(self, log: EventLog, metrics: Metrics, grace_ms: int) -> None:
        self._log = log
        self._metrics = metrics
        self._grace = grace_ms / 1000
        # Built-in calls alone add and take away, so that no lock is needed, and a handshake pays for none.
        self._open: "Set[weakref.ref[Connection]]" = set()
        self._timers: Set[threading.Timer] = set()
        metrics.gauge("sentinel_mtls_connections", self._rows)

    def add(self, connection: Connection) -> None:
        self._open.add(weakref.ref(connection, self._open.discard))

    def open(self) -> List[Connection]:
        alive = [reference() for reference in self._open.copy()]
        return [connection for connection in alive if connection is not None and not connection.closed]

    def on_swap(self, new: Generation, old: Optional[Generation]) -> None:
        """Drains those whose root has left, and those that the new policy denies."""
        if old is None:
            return
        removed = set(old.identity.roots) - set(new.identity.roots)
        found: Dict[Tuple[str, str], List[Connection]] = {}
        for connection in self.open():
            reason = self._reason(connection, new, bool(removed), new.policy_bytes != old.policy_bytes)
            if reason is not None and connection.draining is None:
                found.setdefault((connection.side, reason), []).append(connection)
        for (side, reason), connections in found.items():
            self.drain(side, reason, connections)

    def drain(self, side: str, reason: str, connections: Sequence[Connection]) -> None:
        """No further request on these; those that are open after the grace are destroyed."""
        if not connections:
            return
        self._metrics.count("sentinel_mtls_drained_connections_total", side, reason, by=len(connections))
        self._log.write("drain-started", side=side, reason=reason, connections=len(connections))
        references = [weakref.ref(connection) for connection in connections]
        for connection in connections:
            connection.drain(reason)
        timer = threading.Timer(self._grace, lambda: self._end_drain(side, reason, references, timer))
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    def close(self) -> None:
        for timer in tuple(self._timers):
            timer.cancel()
        self._timers.clear()

    def _end_drain(self, side: str, reason: str, references: "Sequence[weakref.ref[Connection]]", timer: threading.Timer) -> None:
        self._timers.discard(timer)
        destroyed = 0
        for reference in references:
            connection = reference()
            if connection is not None and not connection.closed:
                connection.destroy()
                destroyed += 1
        self._log.write("drain-ended", side=side, reason=reason, destroyed=destroyed)

    def _reason(self, connection: Connection, new: Generation, removed: bool, policy_changed: bool) -> Optional[str]:
        if removed and not connection.trusted_by(new):
            return "root-removed"
        if policy_changed and not connection.judge_again(new).admits:
            return "policy-changed"
        return None

    def _rows(self) -> List[Tuple[Tuple[str, ...], float]]:
        counts = Counter((connection.side, str(connection.generation)) for connection in self.open())
        return sorted((labels, float(count)) for labels, count in counts.items())
