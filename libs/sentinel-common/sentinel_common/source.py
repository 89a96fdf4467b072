"""FileSource: the folder of a process as a sequence of valid generations, the last good one kept."""

from __future__ import annotations

import os
import random
import threading
import time
import weakref
from typing import Callable, Dict, List, Optional

from sentinel_common.errors import MtlsError
from sentinel_common.events import LOGGER, EventLog, rfc3339
from sentinel_common.files import Paths, read_snapshot
from sentinel_common.generation import Generation, changes, generation_id
from sentinel_common.look import Look, Now, Refusal, judge_snapshot, torn_look, utc_now
from sentinel_common.metrics import Metrics
from sentinel_common.settings import Timing
from sentinel_common.watch import Watch

Listener = Callable[[Generation, Optional[Generation]], None]

_SOURCES: "weakref.WeakSet[FileSource]" = weakref.WeakSet()


class FileSource:
    """Reads, validates and swaps; tells listeners (new, old) once a swap, in the thread of the source.

    Use `open`, which waits for a first valid generation.
    """

    def __init__(
        self,
        paths: Paths,
        timing: Timing = Timing(),
        *,
        log: Optional[EventLog] = None,
        metrics: Optional[Metrics] = None,
        now: Now = utc_now,
    ) -> None:
        self.paths = paths
        self.timing = timing
        self.log = log if log is not None else EventLog(timing.max_log_text_length)
        self.metrics = metrics if metrics is not None else Metrics(timing.max_denial_series)
        self._now = now
        self._lock = threading.RLock()
        self._standing: Optional[Generation] = None
        self._last_refusals: Dict[str, Refusal] = {}
        self._listeners: List[Listener] = []
        self._told_expiry_of = 0
        self._closed = False
        self._watch = Watch()
        self._thread: Optional[threading.Thread] = None

    @classmethod
    def open(
        cls,
        paths: Paths,
        timing: Timing = Timing(),
        *,
        log: Optional[EventLog] = None,
        metrics: Optional[Metrics] = None,
        now: Now = utc_now,
    ) -> FileSource:
        """Waits for the first valid generation, then watches in a thread that keeps no process alive.

        :raises MtlsError: with the last code, after `first_generation_deadline_ms`
        """
        source = cls(paths, timing, log=log, metrics=metrics, now=now)
        try:
            source._await_first()
        except BaseException:
            source._watch.close()
            raise
        source._report_folders()
        source._start()
        _SOURCES.add(source)
        return source

    def current(self) -> Generation:
        if self._standing is None:
            raise MtlsError("cert-missing", "no generation yet")
        return self._standing

    @property
    def standing(self) -> Optional[Generation]:
        return self._standing

    @property
    def watch_active(self) -> bool:
        return self._watch.active

    def on_update(self, listener: Listener) -> Callable[[], None]:
        """Calls the listener after each swap; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def not_ready_reason(self) -> Optional[str]:
        """None while there is a generation whose leaf is valid now."""
        if self._standing is None:
            return "no-generation"
        return self._standing.identity.time_problem(self._now())

    def refresh(self) -> Optional[Generation]:
        """Looks now; returns the new generation if there was a swap."""
        with self._lock:
            return self._look()

    def close(self) -> None:
        """Stops watch and poll; what stands goes on standing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        _SOURCES.discard(self)
        self._watch.wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._watch.close()

    def _await_first(self) -> None:
        timing = self.timing
        started = time.monotonic()
        delay = timing.retry_initial_ms / 1000
        self._arm()
        while True:
            with self._lock:
                self._look()
            if self._standing is not None:
                return
            left = timing.first_generation_deadline_ms / 1000 - (time.monotonic() - started)
            if left <= 0:
                raise self._no_generation()
            if not self._watch.wait(min(delay, left)):
                delay = min(delay * 2, timing.retry_max_ms / 1000)
            self._arm()

    def _no_generation(self) -> MtlsError:
        refusal = next(iter(self._last_refusals.values()), None)
        seconds = f"{self.timing.first_generation_deadline_ms / 1000:g}"
        if refusal is None:
            return MtlsError("cert-missing", f"no valid generation within {seconds} s")
        error = MtlsError(refusal.code, refusal.detail, refusal.path)
        error.args = (f"no valid generation within {seconds} s: {refusal.code}: {refusal.path}: {refusal.detail}",)
        return error

    def _look(self) -> Optional[Generation]:
        look = self._judge()
        self._tell_refusals(look)
        standing = self._standing
        identity = look.identity or (standing.identity if standing is not None else None)
        policy, policy_bytes = look.policy, look.policy_bytes
        if policy is None and standing is not None:
            policy, policy_bytes = standing.policy, standing.policy_bytes
        if identity is None or (self.paths.policy is not None and policy is None):
            return None
        if standing is not None and generation_id(identity, policy_bytes) == standing.id:
            return None
        number = 1 if standing is None else standing.number + 1
        self._swap(Generation(number, identity, policy, policy_bytes), standing)
        return self._standing

    def _judge(self) -> Look:
        try:
            snapshot = read_snapshot(self.paths, self.timing)
        except MtlsError as error:
            return torn_look(error, self.paths)
        return judge_snapshot(snapshot, self.paths, self._standing, self.timing.max_chain_certificates, self._now)

    def _tell_refusals(self, look: Look) -> None:
        refused = {refusal.part: refusal for refusal in look.refusals}
        for part, refusal in refused.items():
            if refusal.same_as(self._last_refusals.get(part)):
                continue
            self.metrics.count("sentinel_mtls_reloads_total", part, "refused", refusal.code)
            self.log.write("reload-refused", part=part, code=refusal.code, path=refusal.path, detail=refusal.detail)
        self._last_refusals = refused

    def _swap(self, new: Generation, old: Optional[Generation]) -> None:
        changed = changes(new, old)
        self._standing = new
        if "leaf" in changed or "roots" in changed:
            self.metrics.count("sentinel_mtls_reloads_total", "identity", "taken", "ok")
        if "policy" in changed:
            self.metrics.count("sentinel_mtls_reloads_total", "policy", "taken", "ok")
        self.log.write(
            "generation-taken",
            generation=new.number,
            id=new.id,
            spiffeId=new.spiffe_id,
            serialHash=new.serial_hash,
            notAfter=rfc3339(new.identity.not_after),
            trustFingerprint=new.trust_fingerprint,
            roots=len(new.identity.roots),
            changed=list(changed),
        )
        if new.identity.unrelated:
            self.log.write("chain-unrelated", path=str(self.paths.cert), count=new.identity.unrelated)
        self._tell_validity(new)
        for listener in tuple(self._listeners):
            try:
                listener(new, old)
            except Exception as error:  # noqa: BLE001 - one listener's failure must not keep the swap from the others
                LOGGER.error("a listener of the swap to generation %s failed: %s", new.number, type(error).__name__)

    def _tell_validity(self, generation: Generation) -> None:
        identity, now = generation.identity, self._now()
        if self._told_expiry_of == generation.number:
            return
        if identity.time_problem(now) is not None:
            self._told_expiry_of = generation.number
            self.log.write("leaf-outside-validity", notBefore=rfc3339(identity.not_before), notAfter=rfc3339(identity.not_after))
        elif (identity.not_after - now) * 3 < identity.not_after - identity.not_before:
            self._told_expiry_of = generation.number
            self.log.write("certificate-expires-soon", notAfter=rfc3339(identity.not_after))

    def _report_folders(self) -> None:
        for folder in self.paths.folders():
            if not os.path.lexists(folder / "..data"):
                self.log.write("folder-not-projected", path=str(folder))

    def _arm(self) -> None:
        lost = self._watch.arm(self.paths.folders())
        if lost is not None and self._standing is not None:
            self.log.write("watch-lost", path=str(self.paths.cert.parent), detail=lost)

    def _start(self) -> None:
        self._thread = threading.Thread(target=_run, args=(weakref.ref(self),), name="sentinel-mtls-source", daemon=True)
        self._thread.start()

    def _after_fork(self) -> None:
        """A child has no threads of its parent: the source starts its own watch and poll there."""
        self._lock = threading.RLock()
        self._watch = Watch()
        if not self._closed:
            self._arm()
            self._start()

    def _wait_for_change(self, next_poll: float) -> bool:
        """Waits for events and their end, or for the poll; True if the poll is due."""
        timing = self.timing
        if not self._watch.wait(next_poll - time.monotonic()):
            return time.monotonic() >= next_poll
        first = time.monotonic()
        while time.monotonic() - first < timing.debounce_max_ms / 1000:
            left = timing.debounce_max_ms / 1000 - (time.monotonic() - first)
            if self._closed or not self._watch.wait(min(timing.debounce_ms / 1000, left)):
                break
        return False

    def _next_poll(self) -> float:
        jitter = random.uniform(1 - self.timing.poll_jitter, 1 + self.timing.poll_jitter)
        return time.monotonic() + self.timing.poll_interval_ms / 1000 * jitter

    def _turn(self, next_poll: float) -> float:
        due = self._wait_for_change(next_poll)
        if self._closed:
            return next_poll
        if due or self._watch.over:
            self._arm()
        with self._lock:
            self._look()
            if self._standing is not None:
                self._tell_validity(self._standing)
        return self._next_poll() if due else next_poll


def _run(reference: "weakref.ref[FileSource]") -> None:
    source = reference()
    next_poll = source._next_poll() if source is not None else 0.0
    while source is not None and not source._closed:
        try:
            next_poll = source._turn(next_poll)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a listener or a disk does
            LOGGER.error("a look at the files failed: %s", type(error).__name__)
            time.sleep(source.timing.retry_initial_ms / 1000)


def _restart_in_child() -> None:
    for source in list(_SOURCES):
        source._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart_in_child)
