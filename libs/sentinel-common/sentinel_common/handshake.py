"""What is known of a handshake while it runs: who judges it, and which of them asyncio has forgotten."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING, Callable, Dict, Optional, Protocol, Set

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

    asyncio leaves a connection that was closed in mid-handshake in a cycle, told to nobody. What is not over near its
    deadline is looked at by the collector, once a second at most, whatever peers do; what lives on really hangs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: "Set[weakref.ref[JudgedObject]]" = set()
        self._timer: Optional[asyncio.TimerHandle] = None

    def add(self, tls: JudgedObject, seconds: float) -> Callable[[], None]:
        """Returns what is to be called when it is over."""
        reference = weakref.ref(tls, self._running.discard)
        self._running.add(reference)
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._look, seconds)
        return partial(self._running.discard, reference)

    def _look(self, seconds: float) -> None:
        now, next_look = time.monotonic(), seconds
        hanging = False
        for reference in self._running.copy():
            tls = reference()
            if tls is None or tls._ended or tls._begun is None:
                self._running.discard(reference)
                continue
            left = tls._begun + seconds - now
            if left > 0.001:
                next_look = min(next_look, left)
            else:
                hanging = True
                # Once is enough: what the collector does not end, the server's own deadline does.
                self._running.discard(reference)
            del tls
        if hanging and now - _last_collection[0] > 1:
            _last_collection[0] = now
            gc.collect()
        self._timer = self._loop.call_later(next_look, self._look, seconds) if self._running else None


_last_collection = [0.0]
PENDING: Dict[asyncio.AbstractEventLoop, Pending] = {}


def pending_of(loop: asyncio.AbstractEventLoop) -> Pending:
    found = PENDING.get(loop)
    if found is None:
        for former in [each for each in PENDING if each.is_closed()]:
            PENDING.pop(former, None)
        found = PENDING[loop] = Pending(loop)
    return found
