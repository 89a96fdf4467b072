"""Python and Node against each other: HTTPS, HTTP/2 and gRPC, both ways, across a roll of the CA."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any, Callable, Iterator

import grpc
import httpx
import hypercorn.asyncio
import pytest
from folder import Projected, policy, until
from pki import Authority, spiffe_id
from serving import echo_peer, opened, serving
from test_grpc import Echo, grpc_serving

from sentinel_common.clients.httpx import MtlsTransport
from sentinel_common.mtls import create_secure_grpc_channel
from sentinel_common.servers.hypercorn import MtlsConfig, with_peer

HERE = Path(__file__).resolve().parent
NODE_LIBRARY = HERE.parents[1] / "sentinel-node" / "dist" / "index.js"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not NODE_LIBRARY.exists(), reason="needs node and libs/sentinel-node/dist: npm run build makes it"
)


class Node:
    """A Node process with the library of Node, one command at a time."""

    def __init__(self, folder: Projected) -> None:
        names = {"MTLS_CERT_PATH": "tls.crt", "MTLS_KEY_PATH": "tls.key", "MTLS_CA_CERT_PATH": "ca.crt", "MTLS_POLICY_PATH": "policy.json"}
        environment = {**os.environ, **{name: str(folder.path / file) for name, file in names.items()}}
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(["node", str(HERE / "peer.mjs")], env=environment, text=True, **pipes)

    def ask(self, action: str, **options: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": action, **options}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the Node process ended at {action}"
        return json.loads(answer)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@contextlib.contextmanager
def node(folder: Projected) -> Iterator[Node]:
    process = Node(folder)
    try:
        yield process
    finally:
        process.close()


def roll(
    python: Any, node: Node, write_python: Callable[..., None], write_node: Callable[..., None], roots: Any, check: Callable[[], None]
) -> None:
    """A whole roll of the CA under calls: both roots, new leaves one side after the other, the new root alone."""
    old, new = roots
    phases = [(old, old, [old, new]), (new, old, [old, new]), (new, new, [old, new]), (new, new, [new])]
    for number, (python_issuer, node_issuer, bundle) in enumerate(phases, 2):
        for side, write, issuer in (("python", write_python, python_issuer), ("node", write_node, node_issuer)):
            write(issuer, bundle)
            if side == "python":
                until(lambda number=number: python.source.current().number == number)
            else:
                until(lambda number=number: node.ask("generation")["generation"] == number)
            for _ in range(3):
                check()


@pytest.mark.parametrize("kind", ["https", "http2", "grpc"])
def test_python_calls_node_across_a_roll_of_the_ca(
    folder: Projected, peer_folder: Projected, root: Authority, other_root: Authority, kind: str
) -> None:
    peer_folder.write(root.issue("api"), [root], policy())
    with node(peer_folder) as process, contextlib.ExitStack() as stack:
        port = process.ask(f"{kind}-server")["port"]

        def write(issuer: Authority, bundle: Any) -> None:
            folder.write(issuer.issue("web"), bundle, policy("web", calls=[("api", "localhost", port)]))

        write(root, [root])
        config = folder.config()
        runtime = stack.enter_context(opened(config))
        if kind == "grpc":
            channel = stack.enter_context(create_secure_grpc_channel(config, f"localhost:{port}"))

            def check() -> None:
                assert channel.unary_unary("/echo/who")(b"x", timeout=10) == spiffe_id("web").encode()

        else:
            client = stack.enter_context(httpx.Client(transport=MtlsTransport(config, http2=kind == "http2")))

            def check() -> None:
                answer = client.get(f"https://localhost:{port}/")
                assert (answer.status_code, answer.text) == (200, spiffe_id("web"))
                assert answer.http_version == ("HTTP/2" if kind == "http2" else "HTTP/1.1")

        check()

        def write_node(issuer: Authority, bundle: Any) -> None:
            peer_folder.write(issuer.issue("api"), bundle, policy())

        roll(runtime, process, write, write_node, (root, other_root), check)


@pytest.mark.parametrize("kind", ["https", "http2", "grpc"])
def test_node_calls_python_across_a_roll_of_the_ca(
    folder: Projected, peer_folder: Projected, root: Authority, other_root: Authority, kind: str
) -> None:
    declared = policy("web", calls=[("api", "localhost", 8443)])
    folder.write(root.issue("api"), [root], policy())
    peer_folder.write(root.issue("web"), [root], declared)
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(_SERVERS[kind](folder))
        runtime = stack.enter_context(opened(folder.config()))
        process = stack.enter_context(node(peer_folder))

        def check() -> None:
            assert process.ask(f"{kind}-call", port=port) == {"status": 200, "body": spiffe_id("web")}

        check()
        roll(
            runtime,
            process,
            lambda issuer, bundle: folder.write(issuer.issue("api"), bundle, policy()),
            lambda issuer, bundle: peer_folder.write(issuer.issue("web"), bundle, declared),
            (root, other_root),
            check,
        )
        folder.write(other_root.issue("api"), [other_root], policy(allow=("other",)))
        until(lambda: process.ask(f"{kind}-call", port=port) != {"status": 200, "body": spiffe_id("web")})


@contextlib.contextmanager
def _https(folder: Projected) -> Iterator[int]:
    with serving(folder.config()) as server:
        yield server.ports[0]


@contextlib.contextmanager
def _http2(folder: Projected) -> Iterator[int]:
    from test_other_servers import free_port

    port, stop = free_port(), threading.Event()
    with opened(folder.config()):
        config = MtlsConfig(folder.config(), port=8443)
        config.bind = [f"127.0.0.1:{port}"]

        async def stopped() -> None:
            while not stop.is_set():
                await asyncio.sleep(0.01)

        app: Any = with_peer(echo_peer, config)
        thread = threading.Thread(target=lambda: asyncio.run(hypercorn.asyncio.serve(app, config, shutdown_trigger=stopped)))
        thread.start()
        try:
            yield port
        finally:
            stop.set()
            thread.join()


@contextlib.contextmanager
def _grpc(folder: Projected) -> Iterator[int]:
    with grpc_serving(folder.config(), Echo()) as port:
        yield port


_SERVERS: Any = {"https": _https, "http2": _http2, "grpc": _grpc}


def test_a_python_caller_that_node_does_not_list_is_refused(folder: Projected, peer_folder: Projected, root: Authority) -> None:
    peer_folder.write(root.issue("api"), [root], policy(allow=("other",)))
    with node(peer_folder) as process:
        port = process.ask("https-server")["port"]
        grpc_port = process.ask("grpc-server")["port"]
        calls = [("api", "localhost", port), ("api", "localhost", grpc_port)]
        folder.write(root.issue("web"), [root], policy("web", calls=calls))
        with opened(folder.config()), httpx.Client(transport=MtlsTransport(folder.config())) as client:
            with pytest.raises(httpx.TransportError):
                client.get(f"https://localhost:{port}/")
            with create_secure_grpc_channel(folder.config(), f"localhost:{grpc_port}") as channel, pytest.raises(grpc.RpcError):
                channel.unary_unary("/echo/who")(b"x", timeout=5)
