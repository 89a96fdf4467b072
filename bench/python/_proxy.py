"""haproxy with mutual TLS in front of a plain uvicorn: what people do without a library."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator

from _measure import Child, child


class Pair(Child):
    """Proxy and server; their CPU together."""

    def __init__(self, proxy: "subprocess.Popen[str]", port: int, behind: Child) -> None:
        super().__init__(proxy, port)
        self._behind = behind

    def cpu_seconds(self) -> float:
        return super().cpu_seconds() + self._behind.cpu_seconds()


def installed() -> bool:
    return shutil.which("haproxy") is not None


@contextlib.contextmanager
def proxied(folder: Path) -> Iterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with child("plain-http", folder) as behind, tempfile.TemporaryDirectory() as temporary:
        pair, configuration = Path(temporary) / "pair.pem", Path(temporary) / "haproxy.cfg"
        pair.write_bytes((folder / "tls.crt").read_bytes() + (folder / "tls.key").read_bytes())
        tls = f"ssl crt {pair} ca-file {folder / 'ca.crt'} verify required ssl-min-ver TLSv1.3 no-tls-tickets"
        configuration.write_text(
            "global\n  nbthread 1\ndefaults\n  mode http\n  timeout client 1h\n  timeout server 1h\n  timeout connect 5s\n"
            f"frontend f\n  bind 127.0.0.1:{port} {tls}\n  default_backend b\nbackend b\n  server s 127.0.0.1:{behind.port}\n",
            encoding="ascii",
        )
        proxy = subprocess.Popen(["haproxy", "-db", "-f", str(configuration)], stderr=subprocess.DEVNULL, text=True)
        try:
            yield Pair(proxy, port, behind)
        finally:
            proxy.terminate()
            proxy.wait(20)
