"""What is known of a handshake while it runs: who judges it, and which of them asyncio has forgotten."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING, Callable, Dict, Optional, Protocol, Tuple

from sentinel_common.generation import Generation

if TYPE_CHECKING:
    from sentinel_common.connections import Connection
    from sentinel_common.judged import Judged, JudgedObject


class Gate(Protocol):
    """What judges the handshakes of a context. Made in `sentinel_common.gate`."""

    side: str
    handshake_timeout: float

    def current(self) -> Generation: ...
    def checks_name(self, host: Optional[str]) -> bool: ...
    def begin(self, host: Optional[str]) -> None: ...
    def admit(self, tls: Judged, generation: Generation) -> Connection: ...
    def settled(self, tls: Judged, connection: Connection) -> None: ...
    def failed(self, code: str, remote: str) -> None: ...


class Pending:
    """Handshakes of one event loop that are under way, with one timer for all of them.

    asyncio tells a TLS object nothing when its connection ends in mid-handshake, and leaves it in a cycle: it is counted
    when it is freed. What is not over near its deadline is looked at by the collector, once a second at most, whatever
    peers do; what lives on really hangs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: "Dict[weakref.ref[JudgedObject], Tuple[Gate, float]]" = {}
        self._timer: Optional[asyncio.TimerHandle] = None

    def add(self, tls: JudgedObject, gate: Gate, begun: float) -> Callable[[], object]:
        """`begun` is of time.monotonic(). Returns what is to be called when it is over."""
        reference = weakref.ref(tls, self._freed)
        self._running[reference] = (gate, begun)
        if self._timer is None:
            self._timer = self._loop.call_later(gate.handshake_timeout * _NEAR, self._look)
        return partial(self._running.pop, reference, None)

    def _freed(self, reference: "weakref.ref[JudgedObject]") -> None:
        found = self._running.pop(reference, None)
        if found is not None:
            gate, begun = found
            late = time.monotonic() - begun >= gate.handshake_timeout * 0.95
            gate.failed("handshake-timeout" if late else "handshake-closed", "")

    def _look(self) -> None:
        now = time.monotonic()
        # A copy: a reference may be freed at any moment, in any thread.
        left = [begun + gate.handshake_timeout * _NEAR - now for gate, begun in list(self._running.values())]
        if any(seconds < 0.001 for seconds in left) and now - _last_collection[0] > 1:
            _last_collection[0] = now
            gc.collect()
        # What is late now is in its server's hands, but may be dropped into a cycle yet.
        later = [seconds if seconds >= 0.001 else 1.0 for seconds in left]
        self._timer = self._loop.call_later(min(later), self._look) if self._running and later else None


# Of the handshake's deadline: that one finds nothing left to tell of.
_NEAR = 0.9
_last_collection = [0.0]
PENDING: Dict[asyncio.AbstractEventLoop, Pending] = {}


def pending_of(loop: asyncio.AbstractEventLoop) -> Pending:
    found = PENDING.get(loop)
    if found is None:
        for former in [each for each in list(PENDING) if each.is_closed()]:
            PENDING.pop(former, None)
        found = PENDING[loop] = Pending(loop)
    return found
