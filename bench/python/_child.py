"""A server for the benchmarks, in a process of its own: python _child.py KIND FOLDER [PORT]; prints its port.

KIND is one of bare-tls, ours-tls (asyncio, one byte and close), bare-http, ours-http, plain-http (uvicorn).
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "libs" / "sentinel-common")]

import uvicorn  # noqa: E402

from sentinel_common.config import MTLSConfig  # noqa: E402
from sentinel_common.runtime import runtime_of  # noqa: E402
from sentinel_common.servers.uvicorn import make_server  # noqa: E402
from sentinel_common.tls import server_context  # noqa: E402

BODY = b"ok"
POLICY_PORT = 8443


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": BODY})


def bare_context(folder: Path) -> ssl.SSLContext:
    """What `ssl` gives by itself: TLS 1.3, a client certificate of the bundle, and no tickets, as ours has none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    context.load_verify_locations(folder / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = 0
    return context


async def tls(context: ssl.SSLContext) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def http(server: uvicorn.Server) -> None:
    task = asyncio.create_task(server.serve())
    while not server.started or not server.servers:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await task


def main(kind: str, folder: Path) -> None:
    config = MTLSConfig(folder / "tls.crt", folder / "tls.key", folder / "ca.crt", policy_path=folder / "policy.json")
    options: Any = {"host": "127.0.0.1", "port": int(sys.argv[3]) if len(sys.argv) > 3 else 0, "log_config": None, "access_log": False}
    options.update(lifespan="off", http="httptools", loop="asyncio", timeout_keep_alive=3600)
    if kind == "plain-http":
        asyncio.run(http(uvicorn.Server(uvicorn.Config(app, **options))))
    elif kind == "bare-tls":
        asyncio.run(tls(bare_context(folder)))
    elif kind == "ours-tls":
        runtime_of(config)
        asyncio.run(tls(server_context(config, port=POLICY_PORT)))
    elif kind == "bare-http":
        files = {"ssl_certfile": folder / "tls.crt", "ssl_keyfile": folder / "tls.key", "ssl_ca_certs": str(folder / "ca.crt")}
        bare = uvicorn.Config(app, ssl_cert_reqs=ssl.CERT_REQUIRED, **files, **options)
        asyncio.run(http(uvicorn.Server(bare)))
    else:
        asyncio.run(http(make_server(app, config=config, policy_port=POLICY_PORT, **options)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
