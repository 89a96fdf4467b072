"""The traps of TLS libraries that this package is built around, each measured here at the library that has it.

A trap that is gone in a later release of Python, OpenSSL or grpcio turns its test red: then the way around can go.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Iterator

import pytest
import requests
from folder import Projected, policy, until
from opening import watching
from pki import Authority, Leaf
from serving import bare_connect, bare_context, opened

from sentinel_common.clients.sockets import connect
from sentinel_common.errors import PeerRefusedError
from sentinel_common.judged import JudgedSocket
from sentinel_common.tls import server_context
from sentinel_common.watch import Watch


@contextlib.contextmanager
def bare_server(context: ssl.SSLContext) -> Iterator[int]:
    """Accepts with a live context, and sends one byte."""
    listener, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()
    listener.settimeout(0.05)

    def run() -> None:
        while not stop.is_set():
            try:
                raw, _address = listener.accept()
                raw.settimeout(5)
                with context.wrap_socket(raw, server_side=True) as tls:
                    tls.sendall(b"x")
                    tls.recv(1)
            except OSError:
                continue

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        listener.close()


def reaches(port: int, context: ssl.SSLContext, **options: Any) -> bool:
    try:
        with bare_connect(port, context, **options) as tls:
            return tls.recv(1) == b"x"
    except OSError:
        return False


def load(context: ssl.SSLContext, folder: Path, content: bytes) -> None:
    (folder / "pair").write_bytes(content)
    context.load_cert_chain(folder / "pair")


def test_a_live_context_does_not_reload_its_files_by_itself(root: Authority, tmp_path: Path) -> None:
    first, second = root.issue(), root.issue()
    context = bare_context([root], server=True)
    load(context, tmp_path, first.cert_pem + first.key_pem)
    with bare_server(context) as port:
        (tmp_path / "pair").write_bytes(second.cert_pem + second.key_pem)
        with bare_connect(port, bare_context([root])) as tls:
            assert tls.getpeercert(True) == first.der


def test_a_failed_load_leaves_a_live_context_broken(root: Authority, tmp_path: Path) -> None:
    leaf, context = root.issue(), bare_context([root], server=True)
    load(context, tmp_path, leaf.cert_pem + leaf.key_pem)
    with bare_server(context) as port:
        assert reaches(port, bare_context([root]))
        with pytest.raises(ssl.SSLError):
            load(context, tmp_path, root.issue().cert_pem + leaf.key_pem)
        assert not reaches(port, bare_context([root]))


def test_a_root_can_be_added_to_a_live_context_but_never_removed(root: Authority, other_root: Authority) -> None:
    context = bare_context([root], server=True)
    context.load_verify_locations(cadata=other_root.pem.decode())
    assert len(context.get_ca_certs()) == 2
    assert not [name for name in dir(context) if "remove" in name or "clear" in name]


def test_a_server_name_callback_lets_a_session_of_a_removed_root_in(root: Authority, other_root: Authority, tmp_path: Path) -> None:
    """So rotation is never done by it; the context of each generation is a whole one, without tickets."""
    leaf = other_root.issue()
    outer, second = bare_context([root, other_root], server=True), bare_context([other_root], server=True)
    for context in (outer, second):
        load(context, tmp_path, leaf.cert_pem + leaf.key_pem)
        context.verify_mode = ssl.CERT_REQUIRED
    outer.maximum_version = second.maximum_version = ssl.TLSVersion.TLSv1_2
    client = bare_context([other_root], root.issue("web"), maximum_version=ssl.TLSVersion.TLSv1_2)
    with bare_server(outer) as port:
        with bare_connect(port, client) as tls:
            tls.recv(1)
            session = tls.session
        outer.sni_callback = lambda tls, _name, _context: setattr(tls, "context", second)
        assert not reaches(port, client), "a full handshake is refused"
        assert reaches(port, client, session=session), "the session comes in"


def test_a_context_of_ours_has_neither_tickets_nor_a_cache(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    config = folder.config(min_version="TLSv1.2")
    with opened(config), bare_server(server_context(config, port=8443)) as port:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client = bare_context([root], root.issue("web"), maximum_version=version)
            with bare_connect(port, client) as tls:
                assert tls.recv(1) == b"x"
                session = tls.session
            with bare_connect(port, client, session=session) as tls:
                assert tls.recv(1) == b"x"
                assert not tls.session_reused


def test_a_client_of_tls13_sees_success_before_the_server_refuses_it(root: Authority, tmp_path: Path) -> None:
    context, leaf = bare_context([root], server=True), root.issue()
    load(context, tmp_path, leaf.cert_pem + leaf.key_pem)
    context.verify_mode = ssl.CERT_REQUIRED
    with bare_server(context) as port, bare_connect(port, bare_context([root])) as tls:
        assert tls.version() == "TLSv1.3", "connected without a certificate, it seems"
        with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
            tls.recv(1)


def test_a_read_without_a_handshake_is_judged_like_one_with_it(folder: Projected, root: Authority) -> None:
    """OpenSSL makes a handshake that nobody asked for within the first read: it must not pass by the judgement."""
    folder.write(root.issue("api"), [root], policy())
    config = folder.config()
    with opened(config):
        for first in ("recv", "send", "sendall", "read", "write", "recv_into"):
            ours, theirs = socket.socketpair()
            tls = server_context(config, port=8443).wrap_socket(ours, server_side=True, do_handshake_on_connect=False)
            stranger = bare_context([root], root.issue("batch"), check_hostname=False)

            def call(theirs: socket.socket = theirs, stranger: ssl.SSLContext = stranger) -> None:
                with contextlib.suppress(OSError), stranger.wrap_socket(theirs) as peer:
                    peer.sendall(b"request")
                    peer.recv(10)

            thread = threading.Thread(target=call)
            thread.start()
            assert isinstance(tls, JudgedSocket)
            arguments: Any = {"recv": (10,), "read": (10,), "recv_into": (bytearray(10),)}.get(first, (b"x",))
            with pytest.raises(PeerRefusedError, match="peer-not-listed"):
                getattr(tls, first)(*arguments)
            with pytest.raises(PeerRefusedError):
                tls.recv(10)
            tls.close()
            thread.join()


def test_openssl_takes_a_common_name_for_a_host_and_our_client_does_not(folder: Projected, root: Authority, tmp_path: Path) -> None:
    leaf = root.issue("api", dns=(), ips=(), uris=[], subject="localhost")
    context = bare_context([root], server=True)
    load(context, tmp_path, leaf.cert_pem + leaf.key_pem)
    with bare_server(context) as port:
        client = bare_context([root])
        client.hostname_checks_common_name = True
        assert reaches(port, client)
        folder.write(root.issue("web"), [root])
        config = folder.config(policy=False)
        with opened(config), pytest.raises(ssl.SSLError):
            connect(config, "localhost", port, timeout=5)


def test_reading_file_after_file_through_the_links_is_torn_and_our_reading_is_not(folder: Projected, root: Authority) -> None:
    leaves = [root.issue() for _ in range(4)]
    folder.write(leaves[0], [root])
    number_of = {leaf.cert_pem: number for number, leaf in enumerate(leaves)} | {leaf.key_pem: number for number, leaf in enumerate(leaves)}
    stop = threading.Event()

    def swap() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            folder.write(leaves[number % 4], [root])

    thread = threading.Thread(target=swap)
    thread.start()
    torn = 0
    try:
        with watching(folder.config(policy=False)) as watched:
            for _ in range(20_000):
                try:
                    content = [(folder.path / name).read_bytes() for name in ("tls.crt", "tls.key")]
                except OSError:
                    continue
                torn += number_of[content[0]] != number_of[content[1]]
                if torn:
                    break
            for _ in range(300):
                watched.source.refresh()
            assert set(watched.refused()) <= {("identity", "files-torn")}
    finally:
        stop.set()
        thread.join()
    assert torn, "the links were never seen between two swaps"


def test_a_watch_of_a_folder_sees_each_swap_and_a_new_folder_needs_a_new_watch(folder: Projected, root: Authority) -> None:
    folder.write(root.issue(), [root])
    watch = Watch()
    try:
        assert watch.arm([folder.path]) is None
        leaf = root.issue()
        for _ in range(50):
            folder.write(leaf, [root])
            assert watch.wait(5)
        shutil.rmtree(folder.path)
        assert watch.wait(5)
        assert watch.over
        Projected(folder.path).write(leaf, [root])
        assert watch.arm([folder.path]) == "the folder is another one"
        folder_again = Projected(folder.path)
        folder_again._number = 7
        folder_again.write(leaf, [root])
        assert watch.wait(5)
    finally:
        watch.close()


def test_requests_loads_public_roots_into_a_context_it_is_given_and_ours_refuses_them(folder: Projected, root: Authority) -> None:
    from requests.adapters import HTTPAdapter

    seen = []

    class Recording(ssl.SSLContext):
        def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
            seen.append(cafile)
            super().load_verify_locations(cafile, capath, cadata)

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, ssl_context=Recording(ssl.PROTOCOL_TLS_CLIENT), **options)

    context, leaf = bare_context([root], server=True), root.issue()
    with opened_pair(context, leaf) as port, requests.Session() as session:
        session.mount("https://", Adapter())
        with contextlib.suppress(requests.RequestException):
            session.get(f"https://localhost:{port}/", timeout=5)
    assert any(name and "certifi" in name for name in seen)


@contextlib.contextmanager
def opened_pair(context: ssl.SSLContext, leaf: Leaf) -> Iterator[int]:
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        load(context, Path(temporary), leaf.cert_pem + leaf.key_pem)
        with bare_server(context) as port:
            yield port


def test_the_watch_and_its_thread_work_on_in_a_child_after_a_fork(folder: Projected, root: Authority) -> None:
    """gunicorn and others fork: threads do not come along."""
    folder.write(root.issue(), [root])
    with watching(folder.config(policy=False)) as watched:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                until(lambda: watched.number == 2, 10)
                os.write(write, b"seen")
            os._exit(0)
        folder.write(root.issue(), [root])
        os.close(write)
        os.waitpid(child, 0)
        assert os.read(read, 10) == b"seen"
        os.close(read)
