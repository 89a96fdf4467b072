"""TLS objects in memory: what happens between the end of a handshake and the first byte."""

from __future__ import annotations

import contextlib
import ssl
from typing import Any, Tuple

import pytest
from folder import Projected, policy
from pki import Authority
from serving import bare_context, opened

from sentinel_common.connections import Connection
from sentinel_common.tls import server_context


def ends(context: ssl.SSLContext, caller: ssl.SSLContext) -> Tuple[ssl.SSLObject, ssl.SSLObject]:
    """Server and caller of one connection."""
    forth, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    return context.wrap_bio(forth, back, True), caller.wrap_bio(back, forth, False, "localhost")


def shake(server: ssl.SSLObject, caller: ssl.SSLObject) -> None:
    for each in (caller, server, caller):
        with contextlib.suppress(ssl.SSLWantReadError):
            each.do_handshake()
    server.do_handshake()


@pytest.mark.parametrize("moment", ["while it is judged", "afterwards"])
def test_not_a_byte_passes_once_a_swap_has_ended_the_connection(
    moment: str, folder: Projected, root: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(root.issue("api"), [root], policy())
    with opened(folder.config()) as runtime:
        added = runtime.connections.add

        def add(connection: Connection) -> None:
            added(connection)
            # As a swap in the thread of the source does it, at the worst moment.
            connection.destroy()

        if moment == "while it is judged":
            monkeypatch.setattr(runtime.connections, "add", add)
        server, caller = ends(server_context(folder.config(), port=8443), bare_context([root], root.issue("web")))
        tls: Any = server
        if moment == "while it is judged":
            with pytest.raises(ConnectionAbortedError):
                shake(server, caller)
        else:
            shake(server, caller)
            tls.connection.destroy()
        caller.write(b"a secret")
        for use in (lambda: server.read(100), lambda: server.write(b"another"), server.do_handshake):
            with pytest.raises(ConnectionAbortedError):
                use()


def test_a_connection_that_stands_passes_bytes(folder: Projected, root: Authority) -> None:
    folder.write(root.issue("api"), [root], policy())
    with opened(folder.config()):
        server, caller = ends(server_context(folder.config(), port=8443), bare_context([root], root.issue("web")))
        shake(server, caller)
        caller.write(b"question")
        assert server.read(100) == b"question"
        server.write(b"answer")
        assert caller.read(100) == b"answer"
        assert server.getpeercert() == server.getpeercert() != {}
