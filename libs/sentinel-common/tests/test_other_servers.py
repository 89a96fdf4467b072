from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import hypercorn.asyncio
from folder import Projected, policy, until
from pki import Authority, spiffe_id
from serving import bare_connect, bare_context, bare_get, echo_peer, get, opened, served_serial

from sentinel_common.servers.hypercorn import MtlsConfig, with_peer

PACKAGE = Path(__file__).parent.parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_hypercorn_rotates_judges_and_shows_the_peer(folder: Projected, root: Authority) -> None:
    leaf, web, port = root.issue("api"), bare_context([root], root.issue("web")), free_port()
    folder.write(leaf, [root], policy())
    with opened(folder.config()):
        config = MtlsConfig(folder.config(), port=8443)
        config.bind = [f"127.0.0.1:{port}"]
        stop = threading.Event()

        async def stopped() -> None:
            while not stop.is_set():
                await asyncio.sleep(0.01)

        app = with_peer(echo_peer, config)
        thread = threading.Thread(target=lambda: asyncio.run(hypercorn.asyncio.serve(app, config, shutdown_trigger=stopped)))  # type: ignore[arg-type]
        thread.start()
        try:
            assert until(lambda: get(port, web)).endswith(spiffe_id("web").encode())
            assert get(port, bare_context([root], root.issue("batch"))) == b""
            new = root.issue("api")
            with bare_connect(port, web) as open_one:
                assert bare_get(open_one).endswith(spiffe_id("web").encode())
                folder.write(new, [root], policy(allow=("other",)))
                until(lambda: get(port, web) == b"")
                assert bare_get(open_one).startswith(b"HTTP/1.1 403")
            assert served_serial(port, web) == new.serial
        finally:
            stop.set()
            thread.join()


def test_gunicorn_rotates_in_its_workers_judges_and_shows_the_peer(folder: Projected, root: Authority, tmp_path: Path) -> None:
    first, second, port = root.issue("api"), root.issue("api"), free_port()
    folder.write(first, [root], policy(port=port))
    (tmp_path / "gunicorn.conf.py").write_text(
        textwrap.dedent(f"""
        from sentinel_common.servers.gunicorn import gunicorn_settings
        globals().update(gunicorn_settings(port={port}))
        bind, workers, threads, worker_class = "127.0.0.1:{port}", 2, 4, "gthread"
        """)
    )
    (tmp_path / "served.py").write_text(
        textwrap.dedent("""
        from sentinel_common.servers.gunicorn import PEER, with_peer
        def plain(environ, start_response):
            body = (environ[PEER].name + " " + ",".join(k for k in environ if "SPIFFE" in k)).encode()
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]
        app = with_peer(plain)
        """)
    )
    names = {"MTLS_CERT_PATH": "tls.crt", "MTLS_KEY_PATH": "tls.key", "MTLS_CA_CERT_PATH": "ca.crt", "MTLS_POLICY_PATH": "policy.json"}
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), **{name: str(folder.path / file) for name, file in names.items()}}
    process = subprocess.Popen([sys.executable, "-m", "gunicorn", "served:app"], cwd=tmp_path, env=environment)
    try:
        web = bare_context([root], root.issue("web"))
        spoof = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Spiffe-Id: spiffe://a/b\r\nConnection: close\r\n\r\n"

        def ask() -> bytes:
            try:
                with bare_connect(port, web) as tls:
                    return bare_get(tls, spoof)
            except OSError:
                return b""

        assert until(ask, 20).endswith(f"{spiffe_id('web')} ".encode())
        assert get(port, bare_context([root], root.issue("batch"))) == b""
        assert get(port, bare_context([root])) == b""
        folder.write(second, [root], policy(port=port))
        # Each worker swaps by itself; both are asked, as the kernel deals connections out.
        until(lambda: {served_serial(port, web) for _ in range(8)} == {second.serial}, 20)
    finally:
        process.terminate()
        process.wait(20)
