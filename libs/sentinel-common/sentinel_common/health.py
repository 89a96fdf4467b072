"""/healthz, /readyz and /metrics on a plain port of their own: the kubelet shows no certificate."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Tuple

from sentinel_common.runtime import Runtime


class HealthServer:
    """Serves in a thread that keeps no process alive; port 0 takes a free one."""

    def __init__(self, runtime: Runtime, port: int, host: str = "0.0.0.0") -> None:  # noqa: S104 - the kubelet comes from outside
        class Handler(_Handler):
            served = runtime

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="sentinel-mtls-health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def health_response(runtime: Runtime, path: str) -> Tuple[int, str, str]:
    """Status, content type and body of a path; for servers that bring their own port."""
    path = path.partition("?")[0]
    if path == "/healthz":
        return 200, "text/plain; charset=utf-8", "ok\n"
    if path == "/readyz":
        body = runtime.health()
        return 200 if body["ready"] else 503, "application/json", json.dumps(body) + "\n"
    if path == "/metrics":
        return 200, "text/plain; version=0.0.4; charset=utf-8", runtime.metrics.render()
    return 404, "text/plain; charset=utf-8", "not found\n"


class _Handler(BaseHTTPRequestHandler):
    served: Runtime
    # A peer that opens a connection and says nothing must not hold a thread for ever.
    timeout = 5

    def do_GET(self) -> None:
        status, content_type, body = health_response(self.served, self.path)
        content = body.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *_arguments: Any) -> None:
        return None
