"""TLS objects that judge their peer before they give or take a byte."""

from __future__ import annotations

import _ssl
import asyncio
import contextlib
import socket
import ssl
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable, List, NoReturn, Optional

from sentinel_common.connections import Connection
from sentinel_common.errors import PeerRefusedError
from sentinel_common.handshake import PENDING, pending_of
from sentinel_common.reasons import handshake_code

if TYPE_CHECKING:
    from sentinel_common.context import GenerationContext
    from sentinel_common.handshake import Gate


_WANTS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)

_running_loop = asyncio._get_running_loop

# Of the module under `ssl`, since Python 3.10: 3.13 has public names for this.
_ENCODING_DER = getattr(_ssl, "ENCODING_DER", None)

# The connection that a task serves, for servers that give an application nothing of it (hypercorn).
CONNECTION: "ContextVar[Optional[Connection]]" = ContextVar("sentinel_mtls_connection", default=None)


class Judged:
    """What JudgedObject and JudgedSocket share: no byte passes before the peer was judged."""

    connection: Optional[Connection] = None
    refusal: Optional[OSError] = None
    _begun = False
    _over: Optional[Callable[[], object]] = None
    _ended = False
    _settled = False

    # What SSLObject and SSLSocket have both; the context is a GenerationContext.
    context: Any
    server_hostname: Optional[str]
    version: Callable[[], Optional[str]]
    getpeercert: Any
    _sslobj: Any

    def _begin(self, gate: Gate) -> None:
        self._begun = True
        if gate.side == "client":
            try:
                gate.begin(self.server_hostname)
            except PeerRefusedError as error:
                self._refuse(error)

    def _judge(self, context: GenerationContext) -> None:
        """After the handshake: nobody is let in by whatever goes wrong here."""
        gate = context.gate
        try:
            self.connection = gate.admit(self, context.generation)
        except PeerRefusedError as error:
            self._refuse(error)
        except Exception as error:  # noqa: BLE001 - see above
            gate.failed("handshake-failed", self._remote())
            self._refuse(PeerRefusedError("handshake-failed", type(error).__name__))
        self._ended = True
        if self._over is not None:
            self._over()
        if gate.side == "server":
            self._settle()
        if self.refusal is not None:  # a swap in another thread came between the judgement and this
            self.connection = None
            raise self.refusal

    def _refuse(self, error: PeerRefusedError) -> NoReturn:
        self._ended = True
        if self._over is not None:
            self._over()
        self.refusal = error
        raise error

    def _end(self, error: BaseException) -> None:
        if not self._ended:
            self._ended = True
            if self._over is not None:
                self._over()
            self.context.gate.failed(handshake_code(error), self._remote())

    def _settle(self) -> None:
        """Both sides have taken each other: reads and writes need no look from now on."""
        self._settled = True

    def _first_read(self, run: Callable[[], Any]) -> Any:
        """In TLS 1.3 a client learns with the first byte whether the server took its certificate."""
        try:
            found = run()
        except (*_WANTS, socket.timeout):
            raise
        except OSError as error:
            self._settled = True
            self._ended = False
            self._end(error)
            raise
        if not found:
            self._settled = True
            self.context.gate.failed("handshake-closed", self._remote())
        elif self.connection is not None:
            self.context.gate.settled(self, self.connection)
            self._settle()
        return found

    def kill(self) -> None:
        """Ends the connection from any thread: not a byte passes from now on."""
        self.refusal = ConnectionAbortedError("the connection was drained")
        self.connection = None

    def _remote(self) -> str:
        return ""

    def peer_chain(self) -> Callable[[], List[bytes]]:
        """What the peer sent beyond its leaf, to be had at any time; empty where Python can't tell (3.9)."""
        # Taken now, in the thread of the connection; made into bytes only for the few connections that are asked.
        read = getattr(self._sslobj, "get_unverified_chain", None)
        found = read() if read is not None else None
        return lambda: [certificate.public_bytes(_ENCODING_DER) for certificate in found or ()]

    def tls_version(self) -> str:
        return self.version() or "unknown"


class JudgedObject(Judged, ssl.SSLObject):
    """For event loops."""

    def selected_alpn_protocol(self) -> Optional[str]:
        """hypercorn asks for it in the task of the connection, of which each request's task is a child."""
        CONNECTION.set(self.connection)
        return super().selected_alpn_protocol()

    def do_handshake(self) -> None:
        """A server passes here three times for each connection, with cold caches: so this is one call and not three."""
        if self.refusal is not None:
            raise self.refusal
        if self.connection is not None:
            return
        context = self.context
        try:
            if not self._begun:
                self._begin(context.gate)
            self._sslobj.do_handshake()
        except _WANTS:
            raise
        except OSError as error:
            self._end(error)
            raise
        self._judge(context)

    def getpeercert(self, binary_form: bool = False) -> Any:
        """asyncio asks after each handshake; taking a certificate apart costs more than all that we do, and callers come back."""
        connection = self.connection
        if binary_form or connection is None:
            return super().getpeercert(binary_form)
        told = connection.peer.told
        if not told:
            told.update(super().getpeercert() or {})
        return told.copy()

    def _begin(self, gate: Gate) -> None:
        loop = _running_loop()
        if loop is not None:  # else the caller sees every error itself
            self._over = (PENDING.get(loop) or pending_of(loop)).add(self, gate, time.monotonic())
        super()._begin(gate)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        if self.connection is None:
            self.do_handshake()
        if not self._settled:
            return self._first_read(lambda: ssl.SSLObject.read(self, len, buffer))
        return super().read(len, buffer)

    def write(self, data: Any) -> int:
        if self.connection is None:
            self.do_handshake()
        return super().write(data)

    def _settle(self) -> None:
        self._settled = True
        # From here on a read costs what it costs without us. `kill` takes the shortcut away.
        self.read = self._sslobj.read  # type: ignore[method-assign]
        self.write = self._sslobj.write  # type: ignore[method-assign]
        if self.refusal is not None:  # killed in another thread meanwhile
            self.kill()

    def kill(self) -> None:
        super().kill()
        for name in ("read", "write"):
            vars(self).pop(name, None)


class JudgedSocket(Judged, ssl.SSLSocket):
    """For blocking sockets; the handshake has a deadline of its own, also against one byte at a time."""

    def do_handshake(self, block: bool = False) -> None:
        if self.refusal is not None:
            raise self.refusal
        if self.connection is not None:
            return
        context, timeout = self.context, self.gettimeout()
        bounded = timeout is None or timeout > context.gate.handshake_timeout
        if bounded:
            self.settimeout(context.gate.handshake_timeout)
        try:
            if not self._begun:
                self._begin(context.gate)
            super().do_handshake(block)
        except _WANTS:
            raise
        except OSError as error:
            self._end(error)
            raise
        finally:
            if bounded:
                self.settimeout(timeout)
        self._judge(context)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        if self.connection is None and self._sslobj is not None:
            self.do_handshake()
        if not self._settled:
            return self._first_read(lambda: ssl.SSLSocket.read(self, len, buffer))
        return super().read(len, buffer)

    def write(self, data: Any) -> int:
        if self.connection is None and self._sslobj is not None:
            self.do_handshake()
        return super().write(data)

    def send(self, data: Any, flags: int = 0) -> int:
        if self.connection is None and self._sslobj is not None:
            self.do_handshake()
        return super().send(data, flags)

    def kill(self) -> None:
        super().kill()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self, socket.SHUT_RDWR)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.closed = True
        super().close()

    def _remote(self) -> str:
        try:
            return str(self.getpeername())
        except OSError:
            return ""
