from __future__ import annotations

import json

from folder import Projected, policy, until
from pki import Authority, spiffe_id
from serving import bare_connect, bare_context, bare_get, get, served_serial, serving

from sentinel_common.runtime import runtime_of


def test_the_application_sees_the_spiffe_id_of_its_caller(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config()) as server:
        answer = get(server.ports[0], bare_context([root], root.issue("web")))
    assert answer.endswith(spiffe_id("web").encode())


def test_a_caller_that_is_not_listed_never_reaches_the_application(folder: Projected, root: Authority) -> None:
    reached = []

    async def app(scope: object, receive: object, send: object) -> None:
        reached.append(scope)

    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config(), app) as server:
        assert get(server.ports[0], bare_context([root], root.issue("batch"))) == b""
        metrics = runtime_of(folder.config()).metrics
        assert until(lambda: metrics.value("sentinel_mtls_handshakes_total", "server", "refused", "peer-not-listed")) == 1
        assert metrics.value("sentinel_mtls_denials_total", "8443", spiffe_id("batch"), "peer-not-listed", "true") == 1
    assert reached == []


def test_a_new_certificate_is_served_to_new_connections_and_open_ones_stay(folder: Projected, root: Authority) -> None:
    first, second, web = root.issue("api"), root.issue("api"), bare_context([root], root.issue("web"))
    folder.write(first, [root], policy())
    with serving(folder.config()) as server:
        port = server.ports[0]
        with bare_connect(port, web) as open_one:
            assert bare_get(open_one)
            assert served_serial(port, web) == first.serial
            folder.write(second, [root], policy())
            until(lambda: served_serial(port, web) == second.serial)
            assert bare_get(open_one).startswith(b"HTTP/1.1 200")


def test_a_policy_that_drops_a_caller_ends_its_open_connection(folder: Projected, root: Authority) -> None:
    leaf, web = root.issue("api"), bare_context([root], root.issue("web"))
    folder.write(leaf, [root], policy())
    with serving(folder.config()) as server:
        with bare_connect(server.ports[0], web) as tls:
            assert bare_get(tls)
            folder.write(leaf, [root], policy(allow=()))
            runtime = runtime_of(folder.config())
            until(lambda: runtime.metrics.value("sentinel_mtls_drained_connections_total", "server", "policy-changed"))
            assert bare_get(tls).startswith(b"HTTP/1.1 403")
            assert bare_get(tls) == b""
        assert get(server.ports[0], web) == b""


def test_a_request_on_an_open_connection_is_judged_under_the_new_policy(folder: Projected, root: Authority) -> None:
    """The request of before the swap is answered; the one after it is not, in whichever way the race ends."""
    leaf, web = root.issue("api"), bare_context([root], root.issue("web"))
    folder.write(leaf, [root], policy())
    with serving(folder.config()) as server, bare_connect(server.ports[0], web) as tls:
        assert bare_get(tls).startswith(b"HTTP/1.1 200")
        runtime = runtime_of(folder.config())
        (connection,) = runtime.connections.open()
        # As if the swap came between reading the request and calling the application: no drain, judged by the wrapper.
        connection.draining = "test"
        folder.write(leaf, [root], policy(allow=()))
        until(lambda: runtime.source.current().number == 2)
        answer = bare_get(tls)
        assert answer.startswith(b"HTTP/1.1 403")
        assert b"connection: close" in answer.lower()


def test_headers_that_tell_an_identity_are_removed(folder: Projected, root: Authority) -> None:
    async def headers(scope: object, receive: object, send: object) -> None:
        body = json.dumps([name.decode() for name, _ in scope["headers"]]).encode()  # type: ignore[index]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": body})  # type: ignore[operator]

    spoofed = ["X-Forwarded-Client-Cert", "X-Client-Cert", "X-SSL-Client-S-DN", "SSL-Client-Cert", "X-Spiffe-Id", "X-Peer-Spiffe-Id"]
    lines = "".join(f"{name}: x\r\n" for name in [*spoofed, "X-Kept", "x_forwarded_client_cert"])
    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config(), headers) as server, bare_connect(server.ports[0], bare_context([root], root.issue("web"))) as tls:
        answer = bare_get(tls, f"GET / HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == ["host", "x-kept"]
