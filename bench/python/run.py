"""Benchmarks of the Python runtime: ours, the peer's, the ratio, in one run.

"$(bash libs/sentinel-common/scripts/venv.sh)" bench/python/run.py [quick]
"""

from __future__ import annotations

import platform
import ssl
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from _measure import child, compare, connect, handshake, request, row
from _proxy import installed, proxied
from _rotations import growth, restart, rotations, swap_latency
from folder import Projected, policy, until
from pki import Authority
from serving import bare_context

# Of fresh processes, ours and the peer's.
PAIRS = 12


def main(quick: bool) -> None:
    scale = 10 if quick else 1
    root = Authority("bench root")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Projected(Path(temporary) / "certs")
        folder.write(root.issue("api"), [root], policy())
        web = bare_context([root], root.issue("web"))
        print(f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}; P-256, TLS 1.3; CPU of the server process, medians")
        print("| what | ours | peer | ratio | must |\n|---|---|---|---|---|")
        handshakes(folder.path, web, 200 // scale)
        requests(folder.path, web, 2000 // scale)
        proxy(folder.path, web, 2000 // scale)
        rotations(folder, root, web, 1000 // scale)
        growth(folder, root, 10_000 // scale)
        swap_latency(folder, root, web, 30 // min(scale, 3))
        restart(folder, root, web)


def handshakes(folder: Path, web: ssl.SSLContext, count: int) -> None:
    """Two processes of one program differ by some percent, for as long as they live: so of several pairs, in small turns."""
    found: List[Dict[str, Dict[str, float]]] = []
    for _ in range(PAIRS):
        with child("ours-tls", folder) as ours, child("bare-tls", folder) as bare:
            ports = {"ours": ours.port, "bare": bare.port}

            def once(name: str, ports: Dict[str, int] = ports) -> None:
                handshake(ports[name], web)

            found.append(compare({"ours": ours, "bare": bare}, once, 5, max(2, count // 5)))
    medians = {side: {kind: statistics.median(each[side][kind] for each in found) for kind in ("cpu", "wall")} for side in ("ours", "bare")}
    told("handshakes/s of a core (asyncio), with policy", medians, "≥ 0.97x")


def requests(folder: Path, web: ssl.SSLContext, count: int) -> None:
    with child("ours-http", folder) as ours, child("bare-http", folder) as bare:
        sockets = {"ours": connect(ours.port, web), "bare": connect(bare.port, web)}
        found = compare({"ours": ours, "bare": bare}, lambda name: request(sockets[name]), count, 10)
        for tls in sockets.values():
            tls.close()
    told("requests/s of a core on a kept connection (uvicorn)", found, "≥ 0.98x")


def proxy(folder: Path, web: ssl.SSLContext, count: int) -> None:
    if not installed():
        row("requests/s of a core, haproxy and a plain uvicorn", "–", "haproxy is not installed", "–", "reported")
        return
    with child("ours-http", folder) as ours, proxied(folder) as pair:
        until(lambda: reachable(pair.port, web))
        sockets = {"ours": connect(ours.port, web), "bare": connect(pair.port, web)}
        found = compare({"ours": ours, "bare": pair}, lambda name: request(sockets[name]), count, 10)
        for tls in sockets.values():
            tls.close()
    told("requests/s of a core, against haproxy and a plain uvicorn", found, "reported")


def reachable(port: int, web: ssl.SSLContext) -> bool:
    try:
        connect(port, web).close()
        return True
    except OSError:
        return False


def told(what: str, found: dict[str, dict[str, float]], must: str) -> None:
    ours, bare = found["ours"], found["bare"]
    row(
        what,
        f"{1 / ours['cpu']:.0f}",
        f"{1 / bare['cpu']:.0f}",
        f"{bare['cpu'] / ours['cpu']:.3f}x (wall {bare['wall'] / ours['wall']:.3f}x)",
        must,
    )


if __name__ == "__main__":
    main("quick" in sys.argv[1:])
