"""Failure scenarios 36 to 51: trust that rotates, and connections across a rotation."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import ssl
import threading
import time
from dataclasses import replace
from typing import Any, Callable, Iterator, List

import pytest
from folder import FAST, Projected, policy, until
from opening import BY_HAND, watching
from pki import Authority, Leaf
from serving import bare_connect, bare_context, bare_get, echo_peer, get, opened, read_response, served_serial, serving

from sentinel_common.clients.httpx import mtls_client
from sentinel_common.clients.sockets import connect
from sentinel_common.mtls import create_ssl_context
from sentinel_common.runtime import runtime_of

OK = b"HTTP/1.1 200"


class Load:
    """Callers that connect anew for each request, and callers that keep their connection."""

    def __init__(self, port: int, context: Callable[[], ssl.SSLContext], workers: int = 4) -> None:
        self._port, self._context = port, context
        self._stop = threading.Event()
        self.ok = 0
        self.failed: List[str] = []
        self.fresh = 0
        self._epoch = 0
        self._epochs = dict.fromkeys(range(workers), 0)
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(workers)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: Any) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def reconnect(self) -> None:
        """Returns once no caller holds a connection of before."""
        self._epoch += 1
        until(lambda: all(epoch == self._epoch for epoch in self._epochs.values()))

    def _run(self, number: int) -> None:
        keep, tls = number % 2 == 0, None
        while not self._stop.is_set():
            if self._epochs[number] != self._epoch and tls is not None:
                tls.close()
                tls = None
            self._epochs[number] = self._epoch
            try:
                if tls is None:
                    tls = bare_connect(self._port, self._context())
                    self.fresh += 1
                answer = bare_get(tls)
                if answer.startswith(OK):
                    self.ok += 1
                else:
                    self.failed.append(repr(answer[:40]))
                closing = b"connection: close" in answer.lower()
            except OSError as error:
                self.failed.append(f"{type(error).__name__} {error}")
                closing = True
            if (closing or not keep) and tls is not None:
                tls.close()
                tls = None
            time.sleep(0.001)  # lets the server's thread run: both share one interpreter
        if tls is not None:
            tls.close()


def test_36_roots_old_both_new_under_load_fail_no_request(folder: Projected, root: Authority, other_root: Authority) -> None:
    """A roll of the CA; callers follow each phase later than the server, and end their kept connections as they do."""
    old = bare_context([root, other_root], root.issue("web"))
    new = bare_context([root, other_root], other_root.issue("web"))
    client = [old]
    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config()) as server, Load(server.ports[0], lambda: client[0]) as load:
        runtime = runtime_of(folder.config())

        def phase(number: int, issuer: Authority, roots: List[Authority]) -> None:
            folder.write(issuer.issue("api"), roots, policy())
            until(lambda: runtime.source.current().number == number)
            seen = load.ok
            until(lambda: load.ok > seen + 40)

        phase(2, root, [root, other_root])
        phase(3, other_root, [root, other_root])
        client[0] = new
        load.reconnect()
        phase(4, other_root, [other_root])
    assert load.failed == []
    assert load.ok >= 120
    assert load.fresh > 10


def test_37_an_abrupt_swap_of_roots_refuses_callers_of_the_old_one_at_once(
    folder: Projected, root: Authority, other_root: Authority
) -> None:
    old, new = bare_context([root, other_root], root.issue("web")), bare_context([root, other_root], other_root.issue("web"))
    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config()) as server:
        assert get(server.ports[0], old).startswith(OK)
        folder.write(other_root.issue("api"), [other_root], policy())
        until(lambda: get(server.ports[0], new).startswith(OK))
        assert get(server.ports[0], old) == b""


def test_38_a_renewed_ca_with_the_leaf_of_the_former_one_is_accepted(folder: Projected, root: Authority) -> None:
    """cert-manager renews a CA with its key; leaves of before stay until their own renewal."""
    renewed = Authority("root one", key=root.key)
    leaf = root.issue("api")
    folder.write(leaf, [root], policy())
    with serving(folder.config()) as server:
        folder.write(leaf, [renewed], policy())
        until(lambda: runtime_of(folder.config()).source.current().number == 2)
        assert get(server.ports[0], bare_context([root], root.issue("web"))).startswith(OK)
        assert get(server.ports[0], bare_context([renewed], renewed.issue("web"))).startswith(OK)
        other_key = Authority("root one")
        folder.write(leaf, [other_key], policy())
        metrics = runtime_of(folder.config()).metrics
        until(lambda: metrics.value("sentinel_mtls_reloads_total", "identity", "refused", "chain-untrusted"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_39_40_after_a_root_left_no_handshake_and_no_resumption_gets_in_and_open_connections_end(
    folder: Projected, peer_folder: Projected, root: Authority, other_root: Authority, version: ssl.TLSVersion
) -> None:
    leaf = other_root.issue("api")
    old = bare_context([other_root], root.issue("web"), maximum_version=version)
    new = bare_context([other_root], other_root.issue("web"), maximum_version=version)
    config = folder.config(min_version="TLSv1.2")
    folder.write(leaf, [root, other_root], policy())
    with serving(config) as server, serving_replica(peer_folder, leaf, [root, other_root]) as replica:
        port = server.ports[0]
        with bare_connect(port, old) as kept, bare_connect(port, new) as stays, bare_connect(port, old) as silent:
            assert bare_get(kept).startswith(OK)
            assert bare_get(stays).startswith(OK)
            session = kept.session
            with bare_connect(port, old, session=session) as again:
                assert bare_get(again).startswith(OK)
                assert again.session_reused is False, "no session is resumed, also while the root stands"
            # 40: two replicas share no ticket keys, since there are no tickets.
            with bare_connect(replica, old, session=session) as elsewhere:
                assert elsewhere.session_reused is False
            folder.write(leaf, [other_root], policy())
            runtime = runtime_of(config)
            until(lambda: runtime.metrics.value("sentinel_mtls_drained_connections_total", "server", "root-removed") == 2)
            began = time.monotonic()
            assert bare_get(kept).startswith(b"HTTP/1.1 403")
            assert bare_get(stays).startswith(OK)
            assert get(port, old) == b""
            assert not resumed(port, old, session)
            silent.settimeout(10)
            assert silent.recv(100) == b"", "destroyed at the end of the grace"
            assert time.monotonic() - began < FAST.drain_grace_ms / 1000 + 2
            assert bare_get(stays).startswith(OK), "of the root that stays"


def resumed(port: int, context: ssl.SSLContext, session: Any) -> bool:
    try:
        with bare_connect(port, context, session=session) as tls:
            return bare_get(tls).startswith(OK)
    except OSError:
        return False


@contextlib.contextmanager
def serving_replica(folder: Projected, leaf: Leaf, roots: Any) -> Iterator[int]:
    folder.write(leaf, roots, policy())
    with serving(folder.config(min_version="TLSv1.2")) as server:
        yield server.ports[0]


def test_41_a_certificate_that_expired_meanwhile_does_not_come_in_by_resumption(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    config = folder.config(min_version="TLSv1.2")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        short = bare_context([root], root.issue("web", hours=2.5 / 3600), maximum_version=version)
        with serving(config) as server:
            with bare_connect(server.ports[0], short) as tls:
                assert bare_get(tls).startswith(OK)
                session = tls.session
            until(lambda short=short, server=server: get(server.ports[0], short) == b"")
            assert not resumed(server.ports[0], short, session)


def test_42_a_bundle_of_two_roots_of_which_one_is_cut_loses_none(folder: Projected, root: Authority, other_root: Authority) -> None:
    folder.write(root.issue("api"), [root, other_root], policy())
    with serving(folder.config()) as server:
        folder.write(root.issue("api"), [], policy(), **{"ca.crt": root.pem + other_root.pem[:200]})
        metrics = runtime_of(folder.config()).metrics
        until(lambda: metrics.value("sentinel_mtls_reloads_total", "identity", "refused", "bundle-malformed"))
        for issuer in (root, other_root):
            assert get(server.ports[0], bare_context([root], issuer.issue("web"))).startswith(OK)


def test_43_a_roll_back_to_the_former_files_is_a_generation_like_any_other(folder: Projected, root: Authority) -> None:
    first, second = root.issue(), root.issue()
    folder.write(first, [root])
    with watching(folder.config(policy=False), BY_HAND) as watched:
        ids = [watched.source.current().id]
        for leaf in (second, first):
            folder.write(leaf, [root])
            watched.source.refresh()
            ids.append(watched.source.current().id)
        assert ids[0] == ids[2] != ids[1]
        assert watched.number == 3


def test_44_two_containers_of_a_pod_on_different_generations_talk_to_each_other(
    folder: Projected, peer_folder: Projected, root: Authority, other_root: Authority
) -> None:
    """During a roll one has seen the new bundle and leaf, the other has not seen the leaf."""
    folder.write(other_root.issue("api"), [root, other_root], policy())
    with serving(folder.config()) as server:
        port = server.ports[0]
        peer_folder.write(root.issue("web"), [root, other_root], policy("web", calls=[("api", "localhost", port)]))
        with opened(peer_folder.config()), mtls_client(peer_folder.config()) as client:
            assert client.get(f"https://localhost:{port}/").status_code == 200


@pytest.mark.skipif(os.environ.get("SENTINEL_LONG") != "1", reason="ten thousand rotations take minutes: SENTINEL_LONG=1 runs them")
def test_45_ten_thousand_rotations_do_not_grow_memory_descriptors_or_listeners(folder: Projected, root: Authority) -> None:
    rotate_and_measure(folder, root, 10_000, 10 * 1024)


def test_45_a_thousand_rotations_do_not_grow_memory_descriptors_or_listeners(folder: Projected, root: Authority) -> None:
    rotate_and_measure(folder, root, 1_000, 10 * 1024)


def at_rest(source: Any) -> tuple[int, ...]:
    """Descriptors, threads and listeners; the least of many looks, since the server may still be closing the last connection."""
    looks = []
    for _ in range(50):
        looks.append((len(os.listdir("/proc/self/fd")), threading.active_count(), len(source._listeners)))
        time.sleep(0.01)
    return tuple(min(each) for each in zip(*looks))


def rotate_and_measure(folder: Projected, root: Authority, rotations: int, limit_kib: int) -> None:
    leaves = [root.issue("api") for _ in range(20)]
    web = bare_context([root], root.issue("web"))
    folder.write(leaves[0], [root], policy())
    config = folder.config(timing=replace(BY_HAND, handshake_timeout_ms=1000))
    with serving(config) as server:
        runtime = runtime_of(config)
        measured = []
        for number in range(1, rotations + 1):
            folder.write(leaves[number % 20], [root], policy())
            runtime.source.refresh()
            if number % 10 == 0:
                assert get(server.ports[0], web).startswith(OK)
            if number in (rotations // 2, rotations):
                gc.collect()
                measured.append((rss_kib(), *at_rest(runtime.source)))
        assert runtime.source.current().number == rotations + 1
    half, end = measured
    assert end[0] - half[0] <= limit_kib, f"KiB over the last half: {end[0] - half[0]}"
    assert end[1:] == half[1:]


def rss_kib() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_46_two_hundred_rotations_under_load_fail_no_request(folder: Projected, root: Authority) -> None:
    leaves = [root.issue("api") for _ in range(10)]
    web = bare_context([root], root.issue("web"))
    folder.write(leaves[0], [root], policy())
    with serving(folder.config(replace(FAST, debounce_ms=1, debounce_max_ms=5))) as server:
        runtime = runtime_of(folder.config(replace(FAST, debounce_ms=1, debounce_max_ms=5)))
        with Load(server.ports[0], lambda: web) as load:
            for number in range(1, 201):
                folder.write(leaves[number % 10], [root], policy())
                until(lambda number=number: runtime.source.current().number == number + 1)
        until(lambda: served_serial(server.ports[0], web) == leaves[200 % 10].serial)
    assert load.failed == []
    assert load.ok > 200
    assert load.fresh > 50


def test_47_a_request_that_runs_during_a_rotation_gets_its_whole_answer(folder: Projected, root: Authority, other_root: Authority) -> None:
    parts, started = 40, threading.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        started.set()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(parts * 1000).encode())]})
        for number in range(parts):
            await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": number < parts - 1})
            await asyncio.sleep(0.005)

    folder.write(other_root.issue("api"), [root, other_root], policy())
    config = folder.config(replace(FAST, drain_grace_ms=5000))
    with serving(config, slow) as server, bare_connect(server.ports[0], bare_context([other_root], root.issue("web"))) as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert started.wait(10)
        folder.write(other_root.issue("api"), [other_root], policy())
        until(lambda: runtime_of(config).metrics.value("sentinel_mtls_drained_connections_total", "server", "root-removed"))
        answer = read_response(tls)
        assert answer.startswith(OK)
        assert answer.endswith(b"x" * 1000)
        assert len(answer.partition(b"\r\n\r\n")[2]) == parts * 1000
        assert tls.recv(10) == b"", "that answer was the last on a drained connection"


def test_48_a_websocket_of_a_caller_whose_root_left_is_closed(folder: Projected, root: Authority, other_root: Authority) -> None:
    import websockets.sync.client

    async def socket_app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": scope["extensions"]["sentinel_mtls"]["peer"].name})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    folder.write(other_root.issue("api"), [root, other_root], policy())
    with serving(folder.config(), socket_app, ws="websockets-sansio") as server:
        context = bare_context([other_root], root.issue("web"))
        with websockets.sync.client.connect(f"wss://localhost:{server.ports[0]}/", ssl=context) as socket:
            assert str(socket.recv(10)).endswith("/sa/web")
            folder.write(other_root.issue("api"), [other_root], policy())
            with pytest.raises(websockets.exceptions.ConnectionClosed) as caught:
                socket.recv(10)
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1012


def test_49_after_its_identity_changed_a_client_sends_no_request_as_the_old_one(
    folder: Projected, peer_folder: Projected, root: Authority
) -> None:
    """The server's application sees which certificate each request came with."""

    async def serial(scope: Any, receive: Any, send: Any) -> None:
        body = scope["extensions"]["sentinel_mtls"]["peer"].fingerprint.encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    from sentinel_common.certificate import short_hash

    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config(), serial) as server:
        port = server.ports[0]
        leaves = [root.issue("web") for _ in range(5)]
        declared = policy("web", calls=[("api", "localhost", port)])
        peer_folder.write(leaves[0], [root], declared)
        with opened(peer_folder.config()) as runtime, mtls_client(peer_folder.config()) as client:
            for number, leaf in enumerate(leaves, 1):
                peer_folder.write(leaf, [root], declared)
                until(lambda number=number: runtime.source.current().number == number)
                for _ in range(3):
                    assert client.get(f"https://localhost:{port}/").text == short_hash(leaf.der)
            until(lambda: gc.collect() is not None and len(runtime.connections.open()) <= 1)


def test_50_two_identities_of_one_process_share_no_connection(
    folder: Projected, peer_folder: Projected, root: Authority, tmp_path: Any
) -> None:
    folder.write(root.issue("api"), [root], policy(allow=("web", "batch")))
    with serving(folder.config()) as server:
        port, second = server.ports[0], Projected(tmp_path / "second")
        peer_folder.write(root.issue("web"), [root], policy("web", calls=[("api", "localhost", port)]))
        second.write(root.issue("batch"), [root], policy("batch", calls=[("api", "localhost", port)]))
        with contextlib.ExitStack() as stack:
            for config in (peer_folder.config(), second.config()):
                stack.enter_context(opened(config))
            one = stack.enter_context(mtls_client(peer_folder.config()))
            other = stack.enter_context(mtls_client(second.config()))
            for _ in range(3):
                assert one.get(f"https://localhost:{port}/").text.endswith("/sa/web")
                assert other.get(f"https://localhost:{port}/").text.endswith("/sa/batch")


def test_51_a_graceful_shutdown_during_a_rotation_answers_what_runs_and_ends(folder: Projected, root: Authority) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.3)
        await echo_peer(scope, receive, send)

    folder.write(root.issue("api"), [root], policy())
    with serving(folder.config(), slow, timeout_graceful_shutdown=10) as server:
        tls = bare_connect(server.ports[0], bare_context([root], root.issue("web")))
        tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: runtime_of(folder.config()).metrics.value("sentinel_mtls_handshakes_total", "server", "accepted", "ok"))
        folder.write(root.issue("api"), [root], policy())
        server.should_exit = True
        folder.write(root.issue("api"), [root], policy())
        assert read_response(tls).startswith(OK)
        assert tls.recv(10) == b""
        tls.close()


def test_39_a_connection_of_our_client_ends_after_the_servers_root_left(
    folder: Projected, peer_folder: Projected, root: Authority, other_root: Authority
) -> None:
    folder.write(root.issue("api"), [root, other_root], policy())
    with serving(folder.config()) as server:
        port = server.ports[0]
        peer_folder.write(other_root.issue("web"), [root, other_root], policy("web", calls=[("api", "localhost", port)]))
        config = peer_folder.config()
        with opened(config) as runtime, connect(config, "localhost", port) as tls:
            assert bare_get(tls).startswith(OK)
            peer_folder.write(other_root.issue("web"), [other_root], policy("web", calls=[("api", "localhost", port)]))
            until(lambda: runtime.metrics.value("sentinel_mtls_drained_connections_total", "client", "root-removed"))
            tls.settimeout(10)
            with contextlib.suppress(ConnectionAbortedError):
                assert tls.recv(10) == b""
            context = create_ssl_context(config)
            assert context is not None
            with pytest.raises(ssl.SSLError):
                bare_connect(port, context)
