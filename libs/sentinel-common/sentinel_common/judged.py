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
    from sentinel_common.handshake import Gate


_running_loop = asyncio._get_running_loop

# Of the module under `ssl`, since Python 3.10: 3.13 has public names for this.
_ENCODING_DER = getattr(_ssl, "ENCODING_DER", None)

# The connection that a task serves, for servers that give an application nothing of it (hypercorn).
CONNECTION: "ContextVar[Optional[Connection]]" = ContextVar("sentinel_mtls_connection", default=None)


class Judged:
    """What JudgedObject and JudgedSocket share: no byte passes before the peer was judged."""

    connection: Optional[Connection] = None
    refusal: Optional[OSError] = None
    _begun: Optional[float] = None
    _ended = False
    _settled = False

    # What SSLObject and SSLSocket have both; the context is a GenerationContext.
    context: Any
    server_hostname: Optional[str]
    version: Callable[[], Optional[str]]
    getpeercert: Any
    _sslobj: Any

    def _handshake(self, run: Callable[[], None]) -> None:
        if self.refusal is not None:
            raise self.refusal
        if self.connection is not None:
            return
        context = self.context
        try:
            if self._begun is None:
                self._begin(context.gate)
            run()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except PeerRefusedError as error:
            self._refuse(error)
        except OSError as error:
            self._end(error)
            raise
        try:
            self.connection = context.gate.admit(self, context.generation)
        except PeerRefusedError as error:
            self._refuse(error)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a judgement, nobody gets in by it
            context.gate.failed("handshake-failed", self._remote())
            self._refuse(PeerRefusedError("handshake-failed", type(error).__name__))
        self._ended = True
        if context.gate.side == "server":
            self._settle(self.connection)

    def _begin(self, gate: Gate) -> None:
        self._begun = time.monotonic()
        gate.begin(self.server_hostname)

    def _refuse(self, error: PeerRefusedError) -> NoReturn:
        self._ended = True
        self.refusal = error
        raise error

    def _end(self, error: BaseException) -> None:
        if not self._ended:
            self._ended = True
            self.context.gate.failed(handshake_code(error), self._remote())

    def _settle(self, connection: Connection) -> None:
        self._settled = True
        self.context.gate.settled(self, connection)

    def _first_read(self, run: Callable[[], Any]) -> Any:
        """In TLS 1.3 a client learns with the first byte whether the server took its certificate."""
        try:
            found = run()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, socket.timeout):
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
            self._settle(self.connection)
        return found

    def _forgotten(self) -> None:
        """Freed in the middle of a handshake: servers of asyncio tell a TLS object nothing of its end."""
        if self._begun is not None and not self._ended:
            self._ended = True
            gate = self.context.gate
            late = time.monotonic() - self._begun >= gate.handshake_timeout * 0.95
            gate.failed("handshake-timeout" if late else "handshake-closed", "")

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

    _over: Optional[Callable[[], None]] = None

    def selected_alpn_protocol(self) -> Optional[str]:
        """hypercorn asks for it in the task of the connection, of which each request's task is a child."""
        CONNECTION.set(self.connection)
        return super().selected_alpn_protocol()

    def do_handshake(self) -> None:
        self._handshake(self._sslobj.do_handshake)

    def _begin(self, gate: Gate) -> None:
        self._begun = time.monotonic()
        loop = _running_loop()
        if loop is not None:  # else the caller sees every error itself
            pending = PENDING.get(loop) or pending_of(loop)
            self._over = pending.add(self, gate.handshake_timeout * 0.9)
        if gate.side == "client":
            gate.begin(self.server_hostname)

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

    def _settle(self, connection: Connection) -> None:
        self._settled = True
        self.context.gate.settled(self, connection)
        if self._over is not None:
            self._over()
        # Judged: from here on a read costs what it costs without us. `kill` takes the shortcut away.
        self.read = self._sslobj.read  # type: ignore[method-assign]
        self.write = self._sslobj.write  # type: ignore[method-assign]

    def kill(self) -> None:
        for name in ("read", "write"):
            vars(self).pop(name, None)
        super().kill()

    def __del__(self) -> None:
        if not self._ended:
            self._forgotten()


class JudgedSocket(Judged, ssl.SSLSocket):
    """For blocking sockets; the handshake has a deadline of its own, also against one byte at a time."""

    def do_handshake(self, block: bool = False) -> None:
        timeout, limit = self.gettimeout(), self.context.gate.handshake_timeout
        if timeout == 0.0 or (timeout is not None and timeout <= limit):
            self._handshake(lambda: ssl.SSLSocket.do_handshake(self, block))
            return
        self.settimeout(limit)
        try:
            self._handshake(lambda: ssl.SSLSocket.do_handshake(self, block))
        finally:
            self.settimeout(timeout)

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
