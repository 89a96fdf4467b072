"""Who a certificate says it is. Names come from the DER, never from a printed text (CVE-2021-44532)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property, lru_cache
from typing import Any, Dict, Optional, Tuple

from cryptography import x509

from sentinel_common.certificate import is_ca, not_after, not_before, serial_hash, short_hash
from sentinel_common.spiffe import SpiffeIdError, parse_spiffe_id

# Times of a certificate that could not be read: it is valid never.
_LATEST = datetime.max.replace(tzinfo=timezone.utc)
_EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Peer:
    """Facts of a leaf. Either `spiffe_id` or `problem` is set; `problem` is a code of the layer "peer"."""

    der: bytes
    fingerprint: str
    spiffe_id: Optional[str]
    problem: Optional[str]
    dns_names: Tuple[str, ...] = ()
    ip_addresses: Tuple[str, ...] = ()
    serial_hash: str = ""
    not_before: datetime = _LATEST
    not_after: datetime = _EARLIEST
    # What `ssl` says of this certificate (SSLObject.getpeercert), once somebody asked.
    told: Dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """For logs and metrics: the SPIFFE ID, or none."""
        return self.spiffe_id if self.spiffe_id is not None else "none"

    def time_problem(self, now: float) -> Optional[str]:
        """`now` in seconds since 1970."""
        if now > self._valid[1]:
            return "peer-expired"
        return "peer-not-yet-valid" if now < self._valid[0] else None

    @cached_property
    def _valid(self) -> Tuple[float, float]:
        return self.not_before.timestamp(), self.not_after.timestamp()


# 4096 different peers at a port are more than any fleet has; the cache holds 20 µs of parsing off each handshake.
@lru_cache(maxsize=4096)
def read_peer(der: bytes) -> Peer:
    """Never raises: a certificate that does not parse has the problem `peer-malformed`."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = _names(certificate)
        problem = _form_problem(certificate, names)
        spiffe_id, problem = (None, problem) if problem else _spiffe_id(names)
        return Peer(
            der=der,
            fingerprint=short_hash(der),
            spiffe_id=spiffe_id,
            problem=problem,
            dns_names=tuple(names.value.get_values_for_type(x509.DNSName)) if names else (),
            ip_addresses=tuple(str(value) for value in names.value.get_values_for_type(x509.IPAddress)) if names else (),
            serial_hash=serial_hash(certificate),
            not_before=not_before(certificate),
            not_after=not_after(certificate),
        )
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return Peer(der=der, fingerprint=short_hash(der), spiffe_id=None, problem="peer-malformed")


_Names = Optional["x509.Extension[x509.SubjectAlternativeName]"]


def _names(certificate: x509.Certificate) -> _Names:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return None


def _form_problem(certificate: x509.Certificate, names: _Names) -> Optional[str]:
    if is_ca(certificate):
        return "peer-is-ca"
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return "peer-key-usage"
    if not usage.digital_signature or usage.key_cert_sign or usage.crl_sign:
        return "peer-key-usage"
    # An empty subject leaves the names as the only ones, which RFC 5280 4.2.1.6 then wants critical.
    if names is not None and not names.critical and len(certificate.subject.rdns) == 0:
        return "peer-names-not-critical"
    return None


def _spiffe_id(names: _Names) -> Tuple[Optional[str], Optional[str]]:
    uris = names.value.get_values_for_type(x509.UniformResourceIdentifier) if names else []
    if not uris:
        return None, "peer-no-identity"
    if len(uris) > 1:
        return None, "peer-many-identities"
    try:
        parsed = parse_spiffe_id(uris[0])
    except SpiffeIdError:
        return None, "peer-invalid-identity"
    # An ID without a path names a trust domain, not a workload (X509-SVID 5.2).
    return (str(parsed), None) if parsed.path else (None, "peer-invalid-identity")


def matches_host(peer: Peer, host: str) -> bool:
    """Whether a server's certificate is for a host: DNS names and IP names only, the common name never counts."""
    address = _ip(host)
    if address is not None:
        return str(address) in peer.ip_addresses
    wanted = host.lower().rstrip(".").split(".")
    return any(_matches(name.lower().split("."), wanted) for name in peer.dns_names)


def _ip(host: str) -> Optional[object]:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _matches(pattern: list[str], wanted: list[str]) -> bool:
    if pattern == wanted:
        return "*" not in "".join(pattern)
    # A wildcard is the whole first label, stands for one label, and has two labels behind it.
    whole = pattern[0] == "*" and len(pattern) > 2 and wanted[0] != "" and "*" not in "".join(pattern[1:])
    return whole and pattern[1:] == wanted[1:]
