"""What is known of a handshake while it runs: who judges it, and which of them asyncio has forgotten."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Deque, Optional, Protocol, Tuple

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
    """Handshakes of one event loop that have begun, with one timer for all of them.

    asyncio leaves a connection that was closed in mid-handshake in a cycle, told to nobody. What is not over near its
    deadline is looked at by the collector, once a second at most, whatever peers do; what lives on really hangs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._begun: Deque[Tuple[float, "weakref.ref[JudgedObject]"]] = deque()
        self._timer: Optional[asyncio.TimerHandle] = None

    def add(self, tls: JudgedObject, seconds: float) -> None:
        self._begun.append((time.monotonic() + seconds, weakref.ref(tls)))
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer, hanging, now = None, False, time.monotonic()
        while self._begun and self._begun[0][0] <= now + 0.001:
            tls = self._begun.popleft()[1]()
            hanging = hanging or (tls is not None and not tls._ended)
            del tls
        if hanging and now - _last_collection[0] > 1:
            _last_collection[0] = now
            gc.collect()
        if self._begun:
            self._timer = self._loop.call_later(max(0.001, self._begun[0][0] - now), self._look)


_last_collection = [0.0]
_PENDING: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Pending]" = weakref.WeakKeyDictionary()


def pending_of_this_loop() -> Optional[Pending]:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None  # not in an event loop: the caller sees every error itself
    found = _PENDING.get(loop)
    if found is None:
        found = _PENDING[loop] = Pending(loop)
    return found
