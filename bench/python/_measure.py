"""Child servers, their CPU time, and callers."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "libs" / "sentinel-common"), str(ROOT / "libs" / "sentinel-common" / "tests")]

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
_TICKS = os.sysconf("SC_CLK_TCK")


class Child:
    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process, self.port = process, port

    def cpu_seconds(self) -> float:
        """Of all its threads. /proc/PID/schedstat counts nanoseconds; stat only ticks of 10 ms."""
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9


@contextlib.contextmanager
def child(kind: str, folder: Path, port: int = 0) -> Iterator[Child]:
    command = [sys.executable, str(HERE / "_child.py"), kind, str(folder), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        yield Child(process, int(line))
    finally:
        process.terminate()
        process.wait(20)


def connect(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", port), 10)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(raw, server_hostname="localhost")


def handshake(port: int, context: ssl.SSLContext) -> None:
    with connect(port, context) as tls:
        if tls.recv(1) != b"x":
            raise RuntimeError("refused")


def request(tls: ssl.SSLSocket) -> None:
    tls.sendall(REQUEST)
    got = tls.recv(4096)
    while not got.endswith(b"ok"):
        part = tls.recv(4096)
        if not part:
            raise RuntimeError("ended")
        got += part
    if not got.startswith(b"HTTP/1.1 200"):
        raise RuntimeError("refused")


def compare(children: Dict[str, Child], run: Callable[[str], None], count: int, rounds: int) -> Dict[str, Dict[str, float]]:
    """CPU of the server and wall time for one operation, in turns, so that both see the same noise; medians of rounds."""
    cpu: Dict[str, List[float]] = {name: [] for name in children}
    wall: Dict[str, List[float]] = {name: [] for name in children}
    for number in range(rounds + 1):
        order = list(children) if number % 2 else list(reversed(list(children)))
        for name in order:
            before, began = children[name].cpu_seconds(), time.perf_counter()
            for _ in range(count):
                run(name)
            if number:  # the first round warms up
                wall[name].append((time.perf_counter() - began) / count)
                cpu[name].append((children[name].cpu_seconds() - before) / count)
    return {name: {"cpu": statistics.median(cpu[name]), "wall": statistics.median(wall[name])} for name in children}


def row(what: str, ours: Any, peer: Any, ratio: str, must: str) -> None:
    print(f"| {what} | {ours} | {peer} | {ratio} | {must} |", flush=True)
