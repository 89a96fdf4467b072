"""Facts of certificates: fingerprints, serial hashes, who issued whom."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Iterable, Optional, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def sha256_hex(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def short_hash(content: bytes) -> str:
    """16 hex digits: enough to tell two apart in a log line, too few to be a secret."""
    return sha256_hex(content)[:16]


def serial_hash(certificate: x509.Certificate) -> str:
    """Hash of the content octets of the serial number's INTEGER, so that a log can't be used to revoke or to forge."""
    serial = certificate.serial_number
    # One octet more than the magnitude where the top bit is set: DER integers are signed.
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
    return short_hash(octets)


def trust_fingerprint(roots: Iterable[x509.Certificate]) -> str:
    digests = sorted({hashlib.sha256(der_of(root)).digest() for root in roots})
    return short_hash(b"".join(digests))


def public_key_der(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate, weak: bool = False) -> bool:
    """By name and signature; times and usages are not looked at. `weak` is the answer where the signature's hash is
    one that nobody verifies any more (SHA-1)."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, UnsupportedAlgorithm):
        return weak  # the names agree, so it is the algorithm that is refused
    except (TypeError, InvalidSignature):
        return False
    return True


def self_signed(certificate: x509.Certificate) -> bool:
    return issued_by(certificate, certificate)


def chains_to(
    leaf: x509.Certificate, intermediates: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], weak: bool = False
) -> bool:
    """True if the leaf is in the trust set, or issuers lead from it to a self-signed certificate of the trust set.

    The others of the trust set help to build a path, and end none: OpenSSL without partial chains.
    """
    if leaf in roots:
        return True
    anchors = {root for root in roots if self_signed(root)}
    reached, pending = {leaf}, [leaf]
    while pending:
        certificate = pending.pop()
        issuers = {
            candidate for candidate in (*intermediates, *roots) if candidate not in reached and issued_by(certificate, candidate, weak)
        }
        if issuers & anchors:
            return True
        reached |= issuers
        pending.extend(issuers)
    return False


def not_before(certificate: x509.Certificate) -> datetime:
    found: Optional[datetime] = getattr(certificate, "not_valid_before_utc", None)
    return found if found is not None else certificate.not_valid_before.replace(tzinfo=timezone.utc)


def not_after(certificate: x509.Certificate) -> datetime:
    found: Optional[datetime] = getattr(certificate, "not_valid_after_utc", None)
    return found if found is not None else certificate.not_valid_after.replace(tzinfo=timezone.utc)
