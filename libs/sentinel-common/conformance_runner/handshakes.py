"""The matrix of handshakes: the library on one side, a bare endpoint on the other, real sockets between."""

from __future__ import annotations

import asyncio
import json
import select
import shutil
import socket
import ssl
import struct
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from sentinel_common.clients.sockets import connect
from sentinel_common.config import MTLSConfig
from sentinel_common.errors import MtlsError
from sentinel_common.runtime import close_runtime, runtime_of
from sentinel_common.servers.uvicorn import make_server
from sentinel_common.settings import Timing

Row = Tuple[str, Any, Any]

_REQUEST = b"GET / HTTP/1.1\r\nHost: peer\r\nConnection: close\r\n\r\n"
_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
_HOST = "api.prod.svc.cluster.local"
# A count that is not there after this long is none.
_DEADLINE = 10.0


def run(vectors: Any, certificates: Path) -> Iterator[Row]:
    for case in vectors["cases"]:
        with tempfile.TemporaryDirectory() as temporary:
            config = _config(case["own"], Path(temporary), certificates)
            try:
                drive = _serve if case["side"] == "server" else _call
                before = drive(case, config, certificates)
                yield f"{case['side']}: {case['name']}", _counted(config, case["side"], before), case["expect"]
            finally:
                close_runtime(config)


def _config(own: Any, folder: Path, certificates: Path) -> MTLSConfig:
    shutil.copy(certificates / f"{own['leaf']}.chain.crt", folder / "tls.crt")
    shutil.copy(certificates / f"{own['leaf']}.key", folder / "tls.key")
    (folder / "ca.crt").write_bytes(b"".join((certificates / f"{root}.crt").read_bytes() for root in own["roots"]))
    (folder / "policy.json").write_text(json.dumps(own["policy"]), encoding="utf-8")
    return MTLSConfig(
        folder / "tls.crt",
        folder / "tls.key",
        folder / "ca.crt",
        policy_path=folder / "policy.json",
        min_version=own.get("minVersion", "TLSv1.3"),
        timing=Timing(first_generation_deadline_ms=0, handshake_timeout_ms=own.get("handshakeTimeoutMs", 5000)),
    )


def _counted(config: MTLSConfig, side: str, _ran: Any) -> Any:
    end = time.monotonic() + _DEADLINE
    while True:
        rows = runtime_of(config).metrics.rows("sentinel_mtls_handshakes_total")
        found = [labels for labels, value in rows.items() for _ in range(int(value)) if labels[0] == side]
        if found or time.monotonic() > end:
            return {"result": found[0][1], "reason": found[0][2]} if len(found) == 1 else {"counted": sorted(found)}
        time.sleep(0.01)


def _serve(case: Any, config: MTLSConfig, certificates: Path) -> None:
    answered: List[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

    server = make_server(
        app, config=config, host="127.0.0.1", port=0, policy_port=case["own"]["port"], lifespan="off", log_config=None, access_log=False
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started or not server.servers:
        time.sleep(0.002)
    try:
        answered.append(_HELLOS[case["peer"]["hello"]](("127.0.0.1", server.ports[0]), case["peer"], certificates))
        if case["expect"]["result"] in ("accepted", "audited") and not answered[0]:
            raise AssertionError(f"{case['name']}: no answer")
        if case["expect"]["result"] == "refused" and answered[0]:
            raise AssertionError(f"{case['name']}: answered")
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


def _tls_hello(address: Tuple[str, int], peer: Any, certificates: Path) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    version = {"tls13": ssl.TLSVersion.TLSv1_3, "tls12": ssl.TLSVersion.TLSv1_2, "tls11": ssl.TLSVersion.TLSv1_1}[peer["hello"]]
    # A bare peer: it does what it is told, at any level of security.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if "roots" in peer else ssl.CERT_NONE
    for root in peer.get("roots", ()):
        context.load_verify_locations(certificates / f"{root}.crt")
    if peer["leaf"] is not None:
        suffix = ".crt" if peer.get("chain") == "leaf-only" else ".chain.crt"
        context.load_cert_chain(certificates / f"{peer['leaf']}{suffix}", certificates / f"{peer['leaf']}.key")
    try:
        raw = socket.create_connection(address, _DEADLINE)
        with context.wrap_socket(raw, server_hostname=peer.get("host", _HOST)) as tls:
            tls.sendall(_REQUEST)
            return tls.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _plaintext(address: Tuple[str, int], _peer: Any, _certificates: Path) -> bool:
    with socket.create_connection(address, _DEADLINE) as raw:
        raw.sendall(_REQUEST)
        return _read(raw).startswith(b"HTTP/1.1 200")


def _silent(address: Tuple[str, int], _peer: Any, _certificates: Path) -> bool:
    with socket.create_connection(address, _DEADLINE) as raw:
        return _read(raw).startswith(b"HTTP")


def _drip(address: Tuple[str, int], _peer: Any, _certificates: Path) -> bool:
    with socket.create_connection(address, _DEADLINE) as raw:
        for byte in _client_hello():
            try:
                raw.sendall(bytes([byte]))
            except OSError:
                return False
            if select.select([raw], [], [], 0.1)[0]:
                return _read(raw).startswith(b"HTTP")
    return False


def _close(address: Tuple[str, int], _peer: Any, _certificates: Path) -> bool:
    hello = _client_hello()
    with socket.create_connection(address, _DEADLINE) as raw:
        raw.sendall(hello[: len(hello) // 2])
        raw.shutdown(socket.SHUT_WR)
        return _read(raw).startswith(b"HTTP")


def _reset(address: Tuple[str, int], _peer: Any, _certificates: Path) -> bool:
    hello = _client_hello()
    raw = socket.create_connection(address, _DEADLINE)
    raw.sendall(hello[: len(hello) // 2])
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()
    return False


_HELLOS: Dict[str, Callable[[Tuple[str, int], Any, Path], bool]] = {
    "tls13": _tls_hello,
    "tls12": _tls_hello,
    "tls11": _tls_hello,
    "plaintext": _plaintext,
    "silent": _silent,
    "drip": _drip,
    "close": _close,
    "reset": _reset,
}


def _client_hello() -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.wrap_bio(incoming, outgoing, server_hostname=_HOST).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def _read(raw: socket.socket) -> bytes:
    try:
        return raw.recv(4096)
    except OSError:
        return b""


def _call(case: Any, config: MTLSConfig, certificates: Path) -> None:
    own, listener = case["own"], socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    if case["peer"].get("kind") == "none":
        listener.close()
    peer = threading.Thread(target=_peer_server, args=(listener, case["peer"], certificates), daemon=True)
    peer.start()
    try:
        with connect(config, own["host"], own["port"], address=address, timeout=_DEADLINE) as tls:
            tls.sendall(_REQUEST)
            got = tls.recv(4096)
        if case["expect"]["result"] == "refused" and got.startswith(b"HTTP/1.1 200"):
            raise AssertionError(f"{case['name']}: answered")
    except (OSError, MtlsError):
        pass
    finally:
        listener.close()
        peer.join()


def _peer_server(listener: socket.socket, peer: Any, certificates: Path) -> None:
    if peer.get("kind") == "none":
        return
    # A call that is refused before connecting never gets here.
    listener.settimeout(1.0)
    try:
        raw, _address = listener.accept()
    except OSError:
        return
    with raw:
        raw.settimeout(_DEADLINE)
        kind = peer.get("kind")
        if kind == "plaintext":
            _read(raw)
            raw.sendall(_RESPONSE)
        elif kind == "silent":
            while _read(raw):
                pass
        elif kind is None:
            _answer(raw, peer, certificates)


def _answer(raw: socket.socket, peer: Any, certificates: Path) -> Optional[bytes]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(certificates / f"{peer['leaf']}.chain.crt", certificates / f"{peer['leaf']}.key")
    context.verify_mode = ssl.CERT_REQUIRED
    for root in peer["roots"]:
        context.load_verify_locations(certificates / f"{root}.crt")
    if peer.get("maxVersion") == "TLSv1.2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with context.wrap_socket(raw, server_side=True) as tls:
            request = tls.recv(4096)
            tls.sendall(_RESPONSE)
            return request
    except OSError:
        return None
