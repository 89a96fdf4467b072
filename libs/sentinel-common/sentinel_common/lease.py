"""Clients that hold connections: those of a former identity get no further request, and end with their last call."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List

from sentinel_common.generation import Generation
from sentinel_common.runtime import Runtime


class Lease:
    """What holds connections of one identity, and the calls that run on it; a retired one closes with the last."""

    def __init__(self, held: Any, close: Callable[[Any], None]) -> None:
        self.held = held
        self._close = close
        self._calls = 0
        self._retired = False
        self.closed = False
        self._lock = threading.Lock()
        self._callables: Dict[Any, Any] = {}

    def callable(self, key: Any, make: Callable[[Any], Any]) -> Any:
        found = self._callables.get(key)
        if found is None:
            found = self._callables[key] = make(self.held)
        return found

    def begin(self) -> None:
        with self._lock:
            self._calls += 1

    def end(self, _call: Any = None) -> None:
        with self._lock:
            self._calls -= 1
        self._close_if_done()

    def retire(self) -> None:
        self._retired = True
        self._close_if_done()

    def close(self) -> None:
        with self._lock:
            closed, self.closed = self.closed, True
        if not closed:
            self._close(self.held)

    def _close_if_done(self) -> None:
        with self._lock:
            done = self._retired and self._calls == 0
        if done:
            self.close()


class Leases:
    """The standing lease of a client, and the swap to the next one when identity or roots change."""

    def __init__(self, runtime: Runtime, make: Callable[[], Any], close: Callable[[Any], None]) -> None:
        self._runtime = runtime
        self._make, self._close = make, close
        self._lock = threading.Lock()
        self._former: List[Lease] = []
        self._generation = runtime.source.current()
        self.current = Lease(make(), close)
        self._unsubscribe = runtime.source.on_update(lambda new, _old: self._advance(new))

    def acquire(self) -> Lease:
        """The lease of the generation that stands, also in the moment before listeners are told of it."""
        self._advance(self._runtime.source.current())
        with self._lock:
            self.current.begin()
            return self.current

    def close(self) -> None:
        self._unsubscribe()
        for lease in [self.current, *self._former]:
            lease.close()

    def _advance(self, new: Generation) -> None:
        if new is self._generation:
            return
        with self._lock:
            old = self._generation
            if new.number <= old.number:
                return
            self._generation = new
            if new.identity.chain == old.identity.chain and set(new.identity.roots) == set(old.identity.roots):
                return
            retired, self.current = self.current, Lease(self._make(), self._close)
            self._former = [lease for lease in self._former if not lease.closed] + [retired]
        self._runtime.metrics.count("sentinel_mtls_drained_connections_total", "client", "identity-changed")
        retired.retire()
        if set(old.identity.roots) - set(new.identity.roots):
            # Not every client tells which root a server hangs on, so nothing of before outlives the grace.
            timer = threading.Timer(self._runtime.config.timing.drain_grace_ms / 1000, retired.close)
            timer.daemon = True
            timer.start()
