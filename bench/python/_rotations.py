"""Rotations: failed requests, latency, memory, time to the first handshake; and what a restart would cost."""

from __future__ import annotations

import gc
import os
import ssl
import statistics
import threading
import time
from dataclasses import replace
from typing import Any, List

from _measure import child, connect, request, row
from folder import Projected, policy, until
from opening import BY_HAND
from pki import Authority
from serving import served_serial, serving

from sentinel_common.runtime import runtime_of
from sentinel_common.settings import Timing

# Longer than the debounce, so that each rotation is taken and not one of several at once.
_INTERVAL = 0.15


class Callers:
    """Two that keep their connection and two that connect anew for each request."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port, self._context = port, context
        self._stop = threading.Event()
        self.times: List[float] = []
        self.failed: List[str] = []
        self._threads = [threading.Thread(target=self._run, args=(keep,)) for keep in (True, False)]

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: Any) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, keep: bool) -> None:
        tls = None
        while not self._stop.is_set():
            began = time.perf_counter()
            try:
                tls = tls or connect(self._port, self._context)
                request(tls)
                self.times.append(time.perf_counter() - began)
            except (OSError, RuntimeError) as error:
                self.failed.append(type(error).__name__)
                tls = None
            if tls is not None and not keep:
                tls.close()
                tls = None


def p99(times: List[float]) -> float:
    return statistics.quantiles(times, n=100)[98] * 1000


def rotations(folder: Projected, root: Authority, web: ssl.SSLContext, count: int) -> None:
    """Leaves by turns; half-way a second root comes in, later leaves are of it, and the first root goes out at the end.

    The callers trust both roots, and have a certificate of each, of which they take the one that the phase needs.
    """
    second = Authority("second root")
    both = ssl_both(web, root, second)
    leaves = {issuer: [issuer.issue("api") for _ in range(10)] for issuer in (root, second)}
    new_web = second.issue("web")
    folder.write(leaves[root][0], [root], policy())
    with child("ours-http", folder.path) as server:
        with Callers(server.port, both) as quiet:
            time.sleep(min(20.0, count * _INTERVAL))
        with Callers(server.port, both) as before:
            for number in range(count // 2):
                folder.write(leaves[root][number % 10], [root, second] if number > count // 4 else [root], policy())
                time.sleep(_INTERVAL)
        from serving import bare_context

        rolled = bare_context([root, second], new_web)
        folder.write(leaves[second][0], [root, second], policy())
        time.sleep(1)
        with Callers(server.port, rolled) as after:
            for number in range(count - count // 2):
                folder.write(leaves[second][number % 10], [root, second] if number < count // 4 else [second], policy())
                time.sleep(_INTERVAL)
    failed = before.failed + after.failed
    calls = len(before.times) + len(after.times)
    ratio = p99(before.times + after.times) / p99(quiet.times)
    row(f"{count} rotations under load, failed of {calls} requests", len(failed), len(quiet.failed), "–", "0")
    row(
        "p99 of a request under rotation, ms",
        f"{p99(before.times + after.times):.1f}",
        f"{p99(quiet.times):.1f}",
        f"{ratio:.2f}x",
        "≤ 1.5x",
    )


def ssl_both(web: ssl.SSLContext, root: Authority, second: Authority) -> ssl.SSLContext:
    web.load_verify_locations(cadata=second.pem.decode())
    return web


def growth(folder: Projected, root: Authority, count: int) -> None:
    leaves = [root.issue("api") for _ in range(40)]
    folder.write(leaves[0], [root], policy())
    timing = replace(BY_HAND, handshake_timeout_ms=1000)
    from serving import bare_context, get

    web = bare_context([root], root.issue("web"))
    with serving(folder.config(timing)) as server:
        runtime, measured = runtime_of(folder.config(timing)), []
        for number in range(1, count + 1):
            folder.write(leaves[number % 40], [root], policy())
            runtime.source.refresh()
            if number % 10 == 0:
                get(server.ports[0], web)
            if number in (count // 2, count):
                gc.collect()
                measured.append((rss_mib(), len(os.listdir("/proc/self/fd"))))
        swaps = runtime.source.current().number - 1
    (half, half_fds), (end, end_fds) = measured
    row(f"growth over the last {count // 2} of {swaps} rotations, MiB", f"{end - half:.1f}", f"{half:.0f} at half", "–", "≤ 10")
    row("open descriptors", end_fds, f"{half_fds} at half", "–", "equal")


def rss_mib() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def swap_latency(folder: Projected, root: Authority, web: ssl.SSLContext, count: int) -> None:
    for name, timing, must in (
        ("watch", Timing(), "≤ 250"),
        ("poll of 1 s alone", Timing(poll_interval_ms=1000, debounce_ms=3_600_000, debounce_max_ms=3_600_000), "≤ 2000"),
    ):
        leaves = [root.issue("api") for _ in range(2)]
        folder.write(leaves[0], [root], policy())
        times: List[float] = []
        with serving(folder.config(timing)) as server:
            if "poll" in name:
                runtime_of(folder.config(timing)).source._watch.arm = lambda _folders: None  # type: ignore[method-assign]
                runtime_of(folder.config(timing)).source._watch.disarm()
            for number in range(1, (count if name == "watch" else min(count, 10)) + 1):
                leaf = leaves[number % 2]
                began = time.perf_counter()
                folder.write(leaf, [root], policy())
                until(lambda leaf=leaf: served_serial(server.ports[0], web) == leaf.serial)
                times.append((time.perf_counter() - began) * 1000)
        row(
            f"from swap to first handshake with it, median ms ({name})",
            f"{statistics.median(times):.0f}",
            f"max {max(times):.0f}",
            "–",
            must,
        )


def restart(folder: Projected, root: Authority, web: ssl.SSLContext) -> None:
    """What people do without: end uvicorn and start it anew, at the same port, under the same callers."""
    folder.write(root.issue("api"), [root], policy())
    with child("bare-http", folder.path) as first:
        port = first.port
        with Callers(port, web) as callers:
            time.sleep(1)
            began = time.perf_counter()
            first.process.terminate()
            first.process.wait(20)
            with child("bare-http", folder.path, port):
                down = time.perf_counter() - began
                time.sleep(0.5)
                callers.stop()
    row("one rotation by a restart of uvicorn, failed requests", "0 (ours)", f"{len(callers.failed)} in {down:.1f} s", "–", "–")
