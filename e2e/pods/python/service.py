"""What a service does, on the project's Python library: e2e/pods/service.ts, control.ts and load.ts in the other language.

Mutual TLS on each port of its policy, the library's answers to probes and scrapes, and calls to others when a test asks
for load. It answers a request with its name and its caller's.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socketserver
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn
from cryptography import x509
from fastapi import FastAPI, Request

from sentinel_common.clients.httpx import mtls_client
from sentinel_common.mtls import HealthServer, mtls_config_from_env, peer_of, runtime_of
from sentinel_common.servers.uvicorn import make_server

# As in service.ts and control.ts.
PLAIN_PORTS = (8080, 9090, 9100)
TLS_PORTS = (8000, 8001, 50051)
CONTROL_PORT = 7001
PAUSE_S = {"kept": 0.020, "fresh": 0.060}
TIMEOUT_S = 5
MAX_FAILURES = 20

config = mtls_config_from_env()
runtime = runtime_of(config) if config.enabled else None


def main() -> None:
    servers: List[uvicorn.Server] = []
    if runtime is None:
        for port in (*TLS_PORTS, *PLAIN_PORTS):
            serve_text(port)
    else:
        ports = sorted(runtime.policy.ports) if runtime.policy else []
        options: Any = {"log_level": "warning", "access_log": False}
        servers = [make_server(application(), config=config, port=port, **options) for port in ports]
        for port in PLAIN_PORTS:
            if port not in ports:
                HealthServer(runtime, port)
    serve_control()
    for server in servers:
        # uvicorn takes signals in the main thread alone
        threading.Thread(target=server.run, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        signal.pause()


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def who(request: Request) -> Dict[str, Any]:
        peer = peer_of(request)
        return {"server": runtime.source.current().spiffe_id if runtime else None, "caller": peer.spiffe_id if peer else None}

    return app


def serve_text(port: int) -> None:
    serve("0.0.0.0", port, lambda _path, _words: "up 1\n")  # noqa: S104 - a pod's own address


def serve_control() -> None:
    """On the pod's own loopback interface: tests reach it by a port that kubelet forwards, nobody else does."""
    running: List[Load] = []

    def answer(path: str, words: Dict[str, List[str]]) -> str:
        if path == "/load/start" and not running:
            running.append(Load(words.get("plain", []), float(words.get("slower", ["1"])[0])))
        found: Any = {}
        if path == "/load":
            found = running[0].report() if running else NO_LOAD
        elif path == "/load/stop":
            found = running.pop().stop() if running else NO_LOAD
        elif path == "/identity":
            found = identity()
        elif path == "/metrics":
            found = runtime.metrics.render() if runtime else ""
        return json.dumps(found)

    serve("127.0.0.1", CONTROL_PORT, answer)


def serve(host: str, port: int, answer: Callable[[str, Dict[str, List[str]]], str]) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            content = answer(parts.path, parse_qs(parts.query)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            if self.close_connection:
                # http.server closes without saying so, and a client would send its next request there
                self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *_arguments: Any) -> None:
            return None

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def server_bind(self) -> None:
            # HTTPServer asks DNS for the name of its address, which a pod need not have
            socketserver.TCPServer.server_bind(self)

    threading.Thread(target=Server((host, port), Handler).serve_forever, daemon=True).start()


def identity() -> Dict[str, Any]:
    if runtime is None:
        raise RuntimeError("mutual TLS is disabled")
    standing = runtime.source.current().identity
    return {"serial": serial_of(standing.leaf), "roots": [serial_of(root) for root in standing.roots]}


def serial_of(certificate: x509.Certificate) -> str:
    """As OpenSSL and Node print it: whole octets."""
    digits = f"{certificate.serial_number:X}"
    return digits if len(digits) % 2 == 0 else f"0{digits}"


NO_LOAD = {"seconds": 0, "calls": [], "failures": ["there was no load"]}


class Load:
    """Steady calls until they are stopped, to every callee of the own policy, or to hosts without TLS."""

    def __init__(self, plain: List[str], slower: float) -> None:
        self._started, self._slower, self._running = time.monotonic(), slower, True
        self._calls: List[Dict[str, Any]] = []
        self._failures: List[str] = []
        self._threads: List[threading.Thread] = []
        policy = runtime.policy if runtime else None
        for call in policy.client if policy else ():
            self._add(call.service, call.port, f"https://{call.host}:{call.port}/", f'"server":"{call.spiffe_id}"')
        for host in plain if policy is None else ():
            self._add(host.split(".")[0], int(host.split(":")[1]), f"http://{host}/", "up 1")

    def stop(self) -> Dict[str, Any]:
        self._running = False
        for thread in self._threads:
            thread.join()
        return self.report()

    def report(self) -> Dict[str, Any]:
        return {"seconds": time.monotonic() - self._started, "calls": self._calls, "failures": self._failures}

    def _add(self, service: str, port: int, url: str, expected: str) -> None:
        report: Dict[str, Any] = {"service": service, "port": port, "longestMs": 0, "serials": []}
        report.update(sent={"kept": 0, "fresh": 0}, failed={"kept": 0, "fresh": 0})
        self._calls.append(report)
        for way in PAUSE_S:
            thread = threading.Thread(target=self._loop, args=(way, report, url, expected), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _loop(self, way: str, report: Dict[str, Any], url: str, expected: str) -> None:
        client = mtls_client(config, timeout=TIMEOUT_S) if runtime else httpx.Client(timeout=TIMEOUT_S, trust_env=False)
        pause = PAUSE_S[way] * self._slower
        # or all loops would knock at the same moment
        time.sleep(random.random() * pause)
        with client:
            while self._running:
                start = time.monotonic()
                report["sent"][way] += 1
                try:
                    serial = request(client, way, url, expected)
                    report["longestMs"] = max(report["longestMs"], round((time.monotonic() - start) * 1000))
                    if serial and serial not in report["serials"]:
                        report["serials"].append(serial)
                except Exception as error:  # noqa: BLE001 - each kind of failure is a lost request
                    report["failed"][way] += 1
                    if len(self._failures) < MAX_FAILURES:
                        now = datetime.now(timezone.utc).isoformat()
                        self._failures.append(f"{now} {report['service']} {way}: {type(error).__name__} {error}")
                time.sleep(pause)


def request(client: httpx.Client, way: str, url: str, expected: str) -> str:
    """The serial number of the server's certificate, empty without TLS; raises for anything but the answer that was meant."""
    headers = {"connection": "close"} if way == "fresh" else {}
    with client.stream("GET", url, headers=headers) as response:
        tls = response.extensions["network_stream"].get_extra_info("ssl_object")
        # httpcore hands out what is below the socket, which knows no names of arguments
        shown = tls.getpeercert(True) if tls is not None else None
        text = response.read().decode()
    if response.status_code != 200 or expected not in text:
        raise ValueError(f"{response.status_code} {text[:200]}")
    return serial_of(x509.load_der_x509_certificate(shown)) if shown else ""


if __name__ == "__main__":
    main()
