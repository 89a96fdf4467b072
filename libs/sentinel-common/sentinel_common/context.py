"""SSL contexts that follow the source: each handshake is made with the generation of its moment.

An outer context is what servers and clients hold. It has no certificate of its own; `wrap_socket` and `wrap_bio`
hand over to a context made for the standing generation, and what they return judges the peer before it gives or
takes a byte. So a swap needs no call into a live context, which OpenSSL would leave broken after a failure, and no
server-name callback, which a resumed session passes by.
"""

from __future__ import annotations

import ssl
from typing import Any, Dict, NoReturn, Optional, Tuple

from sentinel_common.certificate import der_of
from sentinel_common.errors import MtlsError
from sentinel_common.generation import Generation
from sentinel_common.handshake import Gate
from sentinel_common.judged import JudgedObject, JudgedSocket
from sentinel_common.load import CIPHERS, load_identity

_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}

# In the standard library since 3.7, but only where OpenSSL has it.
_NO_RENEGOTIATION = getattr(ssl, "OP_NO_RENEGOTIATION", 0)


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
        # TLS 1.2 resumes from a cache in the context, which `ssl` can't switch off: each handshake has its own.
        context._one_each = gate.side == "server" and version == ssl.TLSVersion.TLSv1_2
        context._alpn = ()
        context._contexts = {}
        context._standing = None
        context._under(True)  # what can't be made into a context fails here, not at the first caller
        return context

    _min_version: ssl.TLSVersion
    _one_each: bool
    _alpn: Tuple[str, ...]
    _contexts: Dict[Tuple[int, Tuple[str, ...], bool], GenerationContext]
    _standing: Optional[GenerationContext]

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
        standing = self._standing
        # What every connection to a server does is short.
        if server_side and standing is not None and standing.generation is self._gate.current():
            context = standing
        else:
            self._check(server_side, server_hostname)
            context = self._under(not server_side and self._gate.checks_name(_text(server_hostname)))
        if server_side:
            return JudgedObject._create(incoming, outgoing, server_side=True, context=context)  # type: ignore[attr-defined,no-any-return]
        return context.wrap_bio(incoming, outgoing, False, server_hostname, None)

    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        """Kept for each generation; clients set it at every connection."""
        self._alpn = tuple(alpn_protocols)
        self._standing = None

    def _check(self, server_side: bool, server_hostname: Any) -> None:
        if server_side != (self._gate.side == "server"):
            raise ValueError(f"this context is for the {self._gate.side} side")
        if not server_side and not server_hostname:
            raise ValueError("a client needs server_hostname: without a name nobody knows whom it reached")

    def _under(self, check_name: bool) -> GenerationContext:
        gate = self._gate
        generation = gate.current()
        check = check_name and gate.side == "client"
        if self._one_each:
            return GenerationContext.make(gate, generation, self._min_version, self._alpn, check)
        key = (generation.number, self._alpn, check)
        found = self._contexts.get(key)
        if found is None:
            found = GenerationContext.make(gate, generation, self._min_version, self._alpn, check)
            # The contexts of former generations go with their last connection.
            self._contexts = {**{k: v for k, v in self._contexts.items() if k[0] == generation.number}, key: found}
        if gate.side == "server":
            self._standing = found
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
