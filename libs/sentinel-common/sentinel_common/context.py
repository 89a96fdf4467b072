"""SSL contexts that follow the source: each handshake is made with the generation of its moment.

An outer context is what servers and clients hold. It has no certificate of its own; `wrap_socket` and `wrap_bio`
hand over to a context made for the standing generation, and what they return judges the peer before it gives or
takes a byte. So a swap needs no call into a live context, which OpenSSL would leave broken after a failure, and no
server-name callback, which a resumed session passes by.
"""

from __future__ import annotations

import _ssl
import asyncio
import contextlib
import gc
import socket
import ssl
import time
import weakref
from collections import deque
from contextvars import ContextVar
from typing import Any, Callable, Deque, Dict, List, NoReturn, Optional, Protocol, Tuple

from sentinel_common.certificate import der_of
from sentinel_common.connections import Connection
from sentinel_common.errors import MtlsError, PeerRefusedError
from sentinel_common.generation import Generation
from sentinel_common.load import CIPHERS, load_identity

_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


class Gate(Protocol):
    """What judges the handshakes of a context. Made in `sentinel_common.gate`."""

    side: str
    handshake_timeout: float

    def current(self) -> Generation: ...
    def checks_name(self, host: Optional[str]) -> bool: ...
    def begin(self, host: Optional[str]) -> None: ...
    def admit(self, tls: "Judged", generation: Generation) -> Connection: ...
    def settled(self, tls: "Judged", connection: Connection) -> None: ...
    def failed(self, code: str, remote: str) -> None: ...


def parse_min_version(text: str) -> ssl.TLSVersion:
    if text not in _VERSIONS:
        raise MtlsError("setting-invalid", f"minVersion is {text[:40]!r}, expected {' or '.join(_VERSIONS)}")
    return _VERSIONS[text]


class GenerationContext(ssl.SSLContext):
    """A context of one generation, with every option. Its objects judge the peer by `gate`."""

    gate: Gate
    generation: Generation

    @classmethod
    def make(
        cls, gate: Gate, generation: Generation, min_version: ssl.TLSVersion, alpn: Tuple[str, ...], check_name: bool
    ) -> GenerationContext:
        context = cls(ssl.PROTOCOL_TLS_SERVER if gate.side == "server" else ssl.PROTOCOL_TLS_CLIENT)
        context.gate, context.generation = gate, generation
        context.check_hostname = check_name
        context.hostname_checks_common_name = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.minimum_version = min_version
        context.set_ciphers(CIPHERS)
        # No session is resumed: a resumed one skips chain, expiry and revocation.
        context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | _NO_RENEGOTIATION
        if gate.side == "server":
            context.num_tickets = 0
        load_identity(context, generation.identity.key.pem() + generation.identity.chain_pem())
        context.load_verify_locations(cadata=b"".join(der_of(root) for root in generation.identity.roots))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        context.sslobject_class = JudgedObject
        context.sslsocket_class = JudgedSocket
        return context


# In the standard library since 3.7, but only where OpenSSL has it.
_NO_RENEGOTIATION = getattr(ssl, "OP_NO_RENEGOTIATION", 0)


class Judged:
    """What JudgedObject and JudgedSocket share: no byte passes before the peer was judged."""

    connection: Optional[Connection] = None
    refusal: Optional[OSError] = None
    _begun: Optional[float] = None
    _ended = False
    _settled = False
    _context_of: Callable[[], GenerationContext]

    def _handshake(self, run: Callable[[], None]) -> None:
        if self.refusal is not None:
            raise self.refusal
        if self.connection is not None:
            return
        context = self._generation_context()
        try:
            if self._begun is None:
                self._begun = time.monotonic()
                context.gate.begin(self._host())
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
            self._settle()

    def _refuse(self, error: PeerRefusedError) -> NoReturn:
        self._ended = True
        self.refusal = error
        raise error

    def _end(self, error: BaseException) -> None:
        from sentinel_common.reasons import handshake_code

        if not self._ended:
            self._ended = True
            self._generation_context().gate.failed(handshake_code(error), self._remote())

    def _settle(self) -> None:
        self._settled = True
        if self.connection is not None:
            self._generation_context().gate.settled(self, self.connection)

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
            self._generation_context().gate.failed("handshake-closed", self._remote())
        else:
            self._settle()
        return found

    def _forgotten(self) -> None:
        """Freed in the middle of a handshake: servers of asyncio tell a TLS object nothing of its end."""
        if self._begun is not None and not self._ended:
            self._ended = True
            gate = self._generation_context().gate
            late = time.monotonic() - self._begun >= gate.handshake_timeout * 0.95
            gate.failed("handshake-timeout" if late else "handshake-closed", "")

    def kill(self) -> None:
        """Ends the connection from any thread: not a byte passes from now on."""
        self.refusal = ConnectionAbortedError("the connection was drained")
        self.connection = None

    def _generation_context(self) -> GenerationContext:
        raise NotImplementedError

    def _host(self) -> Optional[str]:
        raise NotImplementedError

    def _remote(self) -> str:
        return ""

    def peer_der(self) -> Optional[bytes]:
        raise NotImplementedError

    def peer_chain(self) -> Callable[[], List[bytes]]:
        """What the peer sent beyond its leaf, to be had at any time; empty where Python can't tell (3.9)."""
        raise NotImplementedError

    def tls_version(self) -> str:
        raise NotImplementedError


# Of the module under `ssl`, since Python 3.10: 3.13 has public names for this.
_ENCODING_DER = getattr(_ssl, "ENCODING_DER", None)

# The connection that a task serves, for servers that give an application nothing of it (hypercorn).
CONNECTION: "ContextVar[Optional[Connection]]" = ContextVar("sentinel_mtls_connection", default=None)


class JudgedObject(Judged, ssl.SSLObject):
    """For event loops."""

    def selected_alpn_protocol(self) -> Optional[str]:
        """hypercorn asks for it in the task of the connection, of which each request's task is a child."""
        CONNECTION.set(self.connection)
        return super().selected_alpn_protocol()

    def do_handshake(self) -> None:
        if self._begun is None:
            pending = _pending()
            if pending is not None:
                pending.add(self, self._generation_context().gate.handshake_timeout * 0.9)
        self._handshake(self._sslobj.do_handshake)  # type: ignore[attr-defined]

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
        super()._settle()
        # Judged: from here on a read costs what it costs without us. `kill` takes the shortcut away.
        self.read = self._sslobj.read  # type: ignore[attr-defined,method-assign]
        self.write = self._sslobj.write  # type: ignore[attr-defined,method-assign]

    def kill(self) -> None:
        for name in ("read", "write"):
            vars(self).pop(name, None)
        super().kill()

    def _generation_context(self) -> GenerationContext:
        return self.context  # type: ignore[return-value]

    def _host(self) -> Optional[str]:
        return self.server_hostname

    def peer_der(self) -> Optional[bytes]:
        return self.getpeercert(True)

    def peer_chain(self) -> Callable[[], List[bytes]]:
        return _sent_chain(self)

    def tls_version(self) -> str:
        return self.version() or "unknown"

    def __del__(self) -> None:
        self._forgotten()


class JudgedSocket(Judged, ssl.SSLSocket):
    """For blocking sockets; the handshake has a deadline of its own, also against one byte at a time."""

    def do_handshake(self, block: bool = False) -> None:
        timeout, limit = self.gettimeout(), self._generation_context().gate.handshake_timeout
        if timeout == 0.0 or (timeout is not None and timeout <= limit):
            self._handshake(lambda: ssl.SSLSocket.do_handshake(self, block))
            return
        self.settimeout(limit)
        try:
            self._handshake(lambda: ssl.SSLSocket.do_handshake(self, block))
        finally:
            self.settimeout(timeout)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        if self.connection is None and self._sslobj is not None:  # type: ignore[attr-defined]
            self.do_handshake()
        if not self._settled:
            return self._first_read(lambda: ssl.SSLSocket.read(self, len, buffer))
        return super().read(len, buffer)

    def write(self, data: Any) -> int:
        if self.connection is None and self._sslobj is not None:  # type: ignore[attr-defined]
            self.do_handshake()
        return super().write(data)

    def send(self, data: Any, flags: int = 0) -> int:
        if self.connection is None and self._sslobj is not None:  # type: ignore[attr-defined]
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

    def _generation_context(self) -> GenerationContext:
        return self.context  # type: ignore[return-value]

    def _host(self) -> Optional[str]:
        return self.server_hostname

    def _remote(self) -> str:
        try:
            return str(self.getpeername())
        except OSError:
            return ""

    def peer_der(self) -> Optional[bytes]:
        return self.getpeercert(True)

    def peer_chain(self) -> Callable[[], List[bytes]]:
        return _sent_chain(self)

    def tls_version(self) -> str:
        return self.version() or "unknown"


class _Pending:
    """Handshakes of one event loop that have begun, with one timer for all of them.

    asyncio leaves a connection that was closed in mid-handshake in a cycle, told to nobody. What is not over near its
    deadline is looked at by the collector, once a second at most, whatever peers do; what lives on really hangs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._begun: Deque[Tuple[float, "weakref.ref[JudgedObject]"]] = deque()
        self._timer: Optional[asyncio.TimerHandle] = None

    def add(self, tls: JudgedObject, seconds: float) -> None:
        self._begun.append((time.monotonic() + seconds, weakref.ref(tls)))
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer, hanging, now = None, False, time.monotonic()
        while self._begun and self._begun[0][0] <= now + 0.001:
            tls = self._begun.popleft()[1]()
            hanging = hanging or (tls is not None and not tls._ended)
            del tls
        if hanging and now - _last_collection[0] > 1:
            _last_collection[0] = now
            gc.collect()
        if self._begun:
            self._timer = self._loop.call_later(max(0.001, self._begun[0][0] - now), self._look)


_last_collection = [0.0]
_PENDING: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Pending]" = weakref.WeakKeyDictionary()


def _pending() -> Optional[_Pending]:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None  # not in an event loop: the caller sees every error itself
    found = _PENDING.get(loop)
    if found is None:
        found = _PENDING[loop] = _Pending(loop)
    return found


def _sent_chain(tls: Any) -> Callable[[], List[bytes]]:
    # Taken now, in the thread of the connection; made into bytes only for the few connections that are asked.
    read = getattr(tls._sslobj, "get_unverified_chain", None)
    found = read() if read is not None else None
    return lambda: [certificate.public_bytes(_ENCODING_DER) for certificate in found or ()]


class RotatingContext(ssl.SSLContext):
    """What a server or a client holds. It can't be weakened from outside: what would do that raises."""

    _gate: Gate

    @classmethod
    def make(cls, gate: Gate, min_version: str = "TLSv1.3") -> RotatingContext:
        version = parse_min_version(min_version)
        context = cls(ssl.PROTOCOL_TLS_SERVER if gate.side == "server" else ssl.PROTOCOL_TLS_CLIENT)
        super(RotatingContext, context).__setattr__("verify_mode", ssl.CERT_REQUIRED)
        super(RotatingContext, context).__setattr__("minimum_version", version)
        context._gate = gate
        context._min_version = version
        context._alpn = ()
        context._contexts = {}
        context._under(True)  # what can't be made into a context fails here, not at the first caller
        return context

    _min_version: ssl.TLSVersion
    _alpn: Tuple[str, ...]
    _contexts: Dict[Tuple[int, Tuple[str, ...], bool], GenerationContext]

    def wrap_socket(
        self,
        sock: Any,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: Any = None,
        session: Any = None,
    ) -> ssl.SSLSocket:
        self._check(server_side, server_hostname)
        return self._under(self._gate.checks_name(_text(server_hostname))).wrap_socket(
            sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, server_hostname, None
        )

    def wrap_bio(
        self, incoming: Any, outgoing: Any, server_side: bool = False, server_hostname: Any = None, session: Any = None
    ) -> ssl.SSLObject:
        self._check(server_side, server_hostname)
        if server_side:
            return JudgedObject._create(incoming, outgoing, server_side=True, context=self._under(False))  # type: ignore[attr-defined,no-any-return]
        return self._under(self._gate.checks_name(_text(server_hostname))).wrap_bio(incoming, outgoing, False, server_hostname, None)

    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        """Kept for each generation; clients set it at every connection."""
        self._alpn = tuple(alpn_protocols)

    def _check(self, server_side: bool, server_hostname: Any) -> None:
        if server_side != (self._gate.side == "server"):
            raise ValueError(f"this context is for the {self._gate.side} side")
        if not server_side and not server_hostname:
            raise ValueError("a client needs server_hostname: without a name nobody knows whom it reached")

    def _under(self, check_name: bool) -> GenerationContext:
        generation = self._gate.current()
        check = check_name and self._gate.side == "client"
        if self._gate.side == "server" and self._min_version == ssl.TLSVersion.TLSv1_2:
            # TLS 1.2 resumes from a cache in the context, which `ssl` can't switch off: each handshake has its own.
            return GenerationContext.make(self._gate, generation, self._min_version, self._alpn, check)
        key = (generation.number, self._alpn, check)
        found = self._contexts.get(key)
        if found is None:
            found = GenerationContext.make(self._gate, generation, self._min_version, self._alpn, check)
            # The contexts of former generations go with their last connection.
            self._contexts = {**{k: v for k, v in self._contexts.items() if k[0] == generation.number}, key: found}
        return found

    def load_cert_chain(self, *_arguments: Any, **_named: Any) -> None:
        self._refuse("load_cert_chain")

    def load_verify_locations(self, *_arguments: Any, **_named: Any) -> None:
        # requests calls this with the public roots of certifi.
        self._refuse("load_verify_locations")

    def load_default_certs(self, *_arguments: Any, **_named: Any) -> None:
        self._refuse("load_default_certs")

    def set_default_verify_paths(self) -> None:
        self._refuse("set_default_verify_paths")

    def set_ciphers(self, *_arguments: Any) -> None:
        self._refuse("set_ciphers")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and value != getattr(self, name):
            self._refuse(name)
        super().__setattr__(name, value)

    def _refuse(self, what: str) -> NoReturn:
        raise MtlsError("setting-invalid", f"{what} would change whom this context trusts; its files and policy.json say that")


_FIXED = frozenset({"verify_mode", "check_hostname", "minimum_version", "maximum_version", "hostname_checks_common_name", "sni_callback"})


def _text(host: Any) -> Optional[str]:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host
